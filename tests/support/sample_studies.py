"""What the sample store's models make of photos: several methods, layers and seeds, more than one page of them, hostile
and missing credits, a photo of which nothing could be made."""

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageFilter
from records import keep
from sample_concepts import HOSTILE_AUTHOR, HOSTILE_PHOTO, HOSTILE_SOURCE

from atlas.core.analysis import PhotoCredit
from atlas.core.canonical import digest_bytes
from atlas.core.job import Job, ModelIdentity, Target
from atlas.core.record import Asset, ClassScore, Failure, Measurement, Provenance, Record
from atlas.store import Store

STUDIED, UNCREDITED, HOPELESS = (hashlib.sha256(f"photo {number}".encode()).hexdigest() for number in range(3))
"""Photos: one with everything, of two models; one without a credit; one of which nothing could be made."""
INVERTED_LAYERS = ("stem", "blocks.0", "blocks.1", "odd/../name <b>", "logits")
INVERSION_METHODS = ("preimage", "vit_inversion", "third <b> party")
SEEDS = (0, 1)
TARGETED = 14
"""Adversarial examples of the photo without a credit, towards classes 0, 1, ...; every fourth does not succeed."""
DEAD_LAYER, FAILED_LAYER = "blocks.1", "logits"
"""Layers at which one inversion each has no picture."""
REFERENCES = "6" * 64
CREDITS = (
    PhotoCredit(digest=STUDIED, name=HOSTILE_PHOTO, author=HOSTILE_AUTHOR, licence="CC BY 4.0", source=HOSTILE_SOURCE),
    PhotoCredit(digest=HOPELESS, name="hopeless/1.jpg", source="https://photos.example/hopeless"),
)


def photo_of(digest: str, side: int = 96) -> Image.Image:
    """Return a photo, as the network is shown it: blobs on a gradient, different for every digest."""
    random = np.random.default_rng(int(digest[:8], 16))
    y, x = np.mgrid[:side, :side] / side
    shade = np.stack([0.35 + 0.4 * y * share for share in random.uniform(0.3, 1, 3)], -1)
    for _ in range(5):
        centre, radius, tint = random.uniform(0.2, 0.8, 2), random.uniform(0.06, 0.22), random.uniform(0, 1, 3)
        inside = np.clip((radius - np.hypot(x - centre[0], y - centre[1])) * 40, 0, 1)[..., None]
        shade = shade * (1 - inside) + tint * inside
    return Image.fromarray((np.clip(shade + random.normal(0, 0.02, shade.shape), 0, 1) * 255).astype(np.uint8))


def study_job(model: ModelIdentity, target: Target, method: str, seed: int = 0, **parameters: Any) -> Job:
    """Return a job about a photo."""
    values = {"steps": 300, "image_size": 96, "learning_rate": 0.05} | parameters
    return Job(
        model=model, target=target, method=method, version=1, parameters=values, seed=seed, numerics="float32-folded"
    )


def study_jobs(model: ModelIdentity, layers: tuple[str, ...] = INVERTED_LAYERS) -> Iterator[tuple[Job, str]]:
    """Yield the jobs about the first photo with the status of their records."""
    for method in INVERSION_METHODS:
        for layer in layers:
            for seed in SEEDS:
                lost = {(DEAD_LAYER, 1): "dead", (FAILED_LAYER, 1): "failed"} if method == "preimage" else {}
                target = Target(kind="inversion", layer=layer, photo=STUDIED)
                yield study_job(model, target, method, seed), lost.get((layer, seed), "done")
    for layer in layers[:3]:
        yield study_job(model, Target(kind="caricature", layer=layer, photo=STUDIED), "preimage"), "done"
        yield study_job(model, Target(kind="caricature", layer=layer, photo=STUDIED), "preimage", steps=20), "done"
    for unit in (0, 2):
        target = Target(kind="logit", layer="logits", unit=unit, photo=STUDIED)
        yield study_job(model, target, "accentuation"), "done"
        yield study_job(model, target, "adversarial", steps=30), "done"
    channel = Target(kind="channel", layer="blocks.3", unit=17, photo=STUDIED)
    yield study_job(model, channel, "accentuation"), "done"
    yield study_job(model, channel.model_copy(update={"sign": -1}), "accentuation"), "done"


def other_study_jobs(model: ModelIdentity) -> Iterator[tuple[Job, str]]:
    """Yield jobs about the other photos."""
    for unit in range(TARGETED):
        target = Target(kind="logit", layer="logits", unit=unit, photo=UNCREDITED)
        yield study_job(model, target, "adversarial", steps=30), "done"
    yield study_job(model, Target(kind="inversion", layer="stem", photo=HOPELESS), "preimage"), "failed"


def study_record(job: Job, status: str, side: int = 96) -> tuple[Record, dict[str, bytes]]:
    """Return a record of a job about a photo, and its pictures by role."""
    target, random = job.target, np.random.default_rng(job.random_seed % 2**32)
    photo = photo_of(target.photo or "", side)
    adversarial = job.method == "adversarial"
    pictures = _pictures(job, photo, random, adversarial) if status == "done" else {}
    depth = INVERTED_LAYERS.index(target.layer) if target.layer in INVERTED_LAYERS else 2
    values = {
        "objective": (float(random.uniform(2, 9)), "-" if target.kind == "inversion" else "activation"),
        **({"error": (0.004 * 4**depth, "1")} if target.kind == "inversion" else {}),
        "psnr": (28.0 - 3 * depth + float(random.uniform(-1, 1)), "dB"),
        "fft2d": (0.03 + 0.1 * depth, "1"),
        "perturbation": (0.01 if adversarial else float(random.uniform(0.3, 0.6)), "1"),
    }
    if target.kind == "logit":
        values |= {"activation": (9.5, "activation"), "probability": (0.91, "1"), "probability_before": (0.002, "1")}
    failed = adversarial and target.unit % 4 == 3
    seen = (5, target.unit) if failed or target.kind != "logit" else (target.unit, 5)
    done = status == "done"
    return Record(
        key=job.key,
        job=job,
        status=status,
        assets=tuple(_asset(role, data, side) for role, data in pictures.items()),
        measurements=tuple(Measurement(name=name, value=value, unit=unit) for name, (value, unit) in values.items())
        if done
        else (),
        trace=(0.1, 0.5, 0.9) if done else (),
        top_classes=_scores(*seen) if done else (),
        photo_classes=_scores(7, 2) if done else (),
        provenance=Provenance(
            versions={"atlas": "0.1.0", "torch": "2.9.0"},
            device="cpu",
            batch_size=4,
            seconds=5.1,
            created="2026-11-18T08:00:00Z",
        ),
        error=Failure(kind="diverged", message="the error became nan <b>") if status == "failed" else None,
    ), pictures


def _scores(first: int, second: int) -> tuple[ClassScore, ...]:
    return (ClassScore(index=first, probability=0.91), ClassScore(index=second, probability=0.05))


def _pictures(job: Job, photo: Image.Image, random: np.random.Generator, adversarial: bool) -> dict[str, bytes]:
    values = np.asarray(photo, dtype=float)
    noise = random.normal(0, 1, values.shape)
    if adversarial:
        change = np.sign(noise) * 0.01 * 255
        added = Image.fromarray((128 + np.clip(10 * change, -128, 127)).astype(np.uint8))
        return {"image": _png(values + change), "photo": _png(values), "perturbation": _png(np.asarray(added))}
    depth = INVERTED_LAYERS.index(job.target.layer) if job.target.layer in INVERTED_LAYERS else 3
    blurred = np.asarray(photo.filter(ImageFilter.GaussianBlur(1 + depth)), dtype=float)
    alpha = np.hypot(*(np.mgrid[: photo.height, : photo.width] / photo.width - 0.5))
    grey = Image.fromarray((255 * (1 - alpha)).astype(np.uint8))
    return {"image": _png(blurred + 9 * depth * noise), "alpha": _png(np.asarray(grey)), "photo": _png(values)}


def _png(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _asset(role: str, data: bytes, side: int) -> Asset:
    return Asset.model_validate(
        {
            "role": role,
            "sha256": digest_bytes(data),
            "media_type": "image/png",
            "bytes": len(data),
            "width": side,
            "height": side,
        }
    )


def add_studies(store: Store, first: ModelIdentity, second: ModelIdentity) -> None:
    """Store all jobs about photos, and the photos' credits."""
    for credit in CREDITS:
        store.save_photo(credit)
    jobs = [*study_jobs(first), *other_study_jobs(first), *study_jobs(second, INVERTED_LAYERS[:1])]
    for work, status in jobs:
        made, pictures = study_record(work, status)
        keep(store, made, pictures)
