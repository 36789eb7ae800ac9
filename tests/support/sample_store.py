"""A small store with everything that a site has to cope with: two models of one name, hostile class names, dead and
failed units, several seeds, negative and neuron renderings, a foreign method, a layer of more than one page,
concepts of some classes and statistics of two layers, classes by several methods, pictures made from photos, scores."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from records import keep
from sample_channels import add_channels
from sample_concepts import (
    REASON,
    WARNING,
    add_concepts,
    add_statistics,
    direction_targets,
)
from sample_scores import add_scores
from sample_studies import REFERENCES, add_studies
from selecting import claim_all

from atlas.core.canonical import digest, digest_bytes
from atlas.core.job import Job, ModelIdentity, Preprocessing, Target
from atlas.core.model_card import ClassLabel, LayerInfo, ModelCard
from atlas.core.record import Asset, ClassScore, Failure, Measurement, Provenance, Record
from atlas.jobs.cards import keep_cards
from atlas.methods import methods
from atlas.site.catalog.methods import method_book
from atlas.store import Store

SCRIPT_NAME = "<script>alert(1)</script>"
PATH_NAME = "../../etc"
LONG_NAME = "a very long name " * 17 + "it is"
ARABIC_NAME = "طائر النحام"
CLASSES = (
    ClassLabel(name="flamingo", id="n02007558", synonyms=("Phoenicopterus",)),
    ClassLabel(name="goldfish", id="n01443537", synonyms=("Carassius auratus",)),
    ClassLabel(name=SCRIPT_NAME, id="n0<b>", synonyms=('"quoted" & <i>',)),
    ClassLabel(name=PATH_NAME),
    ClassLabel(name=LONG_NAME),
    ClassLabel(name=ARABIC_NAME, synonyms=("نحام",)),
    ClassLabel(name=""),
    ClassLabel(name="king penguin, Aptenodytes patagonica", id="n02056570"),
    ClassLabel(name="tarantula"),
    ClassLabel(name="espresso", synonyms=("coffee",)),
    ClassLabel(name="volcano \\ {100 %} $x_1^2$ ~ #1"),
    ClassLabel(name="daisy"),
    *(ClassLabel(name=f"class name {index}") for index in range(12, 40)),
)
FLAMINGO, GOLDFISH, DEAD_CLASS, FAILED_CLASS = 0, 1, 8, 9
SCRIPT_CLASS, DAISY, UNRENDERED_CLASS = 2, 11, 7
CONCEPT_CLASSES = (FLAMINGO, GOLDFISH, SCRIPT_CLASS, FAILED_CLASS)
"""Classes of the first model with concepts; those of the last one are measured by the share of the logit. The daisy has
none, and says why. The second model has concepts of a class that was not rendered itself."""
WIDE_LAYER, WIDE_UNITS, MEASURED_UNITS = "blocks.3", 112, 40
DEAD_UNIT, FAILED_UNIT, RICH_UNIT = 11, 29, 17
COMPARED = {"fourier": 30, "cbr": 12, "vital": 6}
"""Other methods by which the first model's classes 0, 1, ... are rendered: how many of them."""
OBJECTIVES = {"vital": "sort-matching loss"}
"""Units of the objectives of methods that do not maximise the unit itself."""


def picture(seed: int, side: int) -> Image.Image:
    """Return a colourful square picture of smooth waves bent by one another, different for every seed."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    for _ in range(3):
        angle, frequency, phase = random.uniform(0, 6.28), random.uniform(3, 11), random.uniform(0, 6.28)
        wave = np.sin(frequency * (x * np.cos(angle) + y * np.sin(angle)) + phase)
        x, y = x + 0.09 * wave, y + 0.09 * np.cos(frequency * (y - x) + phase)
    tints = random.uniform(0, 6.28, 3)
    bands = 14 * np.hypot(x - random.uniform(0.3, 0.7), y - random.uniform(0.3, 0.7)) + random.uniform(0, 6.28)
    shade = np.stack([0.5 + 0.38 * np.sin(bands * (1 + 0.13 * i) + tint) for i, tint in enumerate(tints)], -1)
    grain = random.normal(0, 0.03, (side, side, 1))
    return Image.fromarray((np.clip(shade + grain, 0, 1) * 255).astype(np.uint8))


def transparency(seed: int, side: int) -> Image.Image:
    """Return a blob away from the middle, with noise, as a transparency map."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    centre = random.uniform(0.35, 0.65, 2)
    blob = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / 0.04)
    return Image.fromarray((np.clip(blob + random.normal(0, 0.08, (side, side)), 0, 1) * 255).astype(np.uint8))


def png(image: Image.Image) -> bytes:
    """Return the picture as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def identity(variant: str) -> ModelIdentity:
    """Return the identity of one of the sample's models."""
    preprocessing = Preprocessing(channels=3, height=224, width=224, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    return ModelIdentity(
        architecture=f"sample_net_{variant}",
        weights=digest(variant),
        preprocessing=preprocessing,
        structure=digest("structure"),
    )


def card(variant: str, name: str = "Sample Net") -> ModelCard:
    """Return the card of one of the sample's models."""
    blocks = [
        LayerInfo(
            name=f"blocks.{place}", module="Block", layout="map", units=8 * 2**place - 16 * (place == 3), grid=(28, 28)
        )
        for place in range(5)
    ]
    wide = LayerInfo(name=WIDE_LAYER, module="Block", layout="map", units=WIDE_UNITS, grid=(14, 14))
    blocks[3] = wide
    return ModelCard(
        name=name,
        identity=identity(variant),
        source="callable",
        origin=f"made for tests, variant {variant}",
        parameters=4_652_008,
        licence="Apache-2.0",
        layers=(
            LayerInfo(name="stem", module="Conv2d", layout="map", units=16, grid=(112, 112)),
            *blocks,
            LayerInfo(name="odd/../name <b>", module="Odd", layout="tokens", units=12, grid=None),
            LayerInfo(name="logits", module="Linear", layout="vector", units=len(CLASSES)),
        ),
        classes=CLASSES,
    )


def job(variant: str, target: Target, seed: int = 0, method: str = "maco", **parameters: Any) -> Job:
    """Return a job with MACO-like parameters."""
    values = {"steps": 64, "image_size": 96, "noise": 0.1, "resolution": [160, 160], "spectrum": "ab" * 32} | parameters
    return Job(
        model=identity(variant),
        target=target,
        method=method,
        version=1,
        parameters=values,
        seed=seed,
        numerics="float32",
    )


def record(job: Job, status: str = "done", side: int = 96, with_alpha: bool = True) -> tuple[Record, dict[str, bytes]]:
    """Return a record of the job, and its pictures by role."""
    seed = job.random_seed % 2**32
    random = np.random.default_rng(seed)
    pictures: dict[str, bytes] = {}
    if status == "done":
        pictures["image"] = png(picture(seed, side))
        if with_alpha:
            pictures["alpha"] = png(transparency(seed, side))
    reached = float(random.uniform(4, 20))
    trace = tuple(float(value) for value in reached * (1 - np.exp(-np.arange(64) / 15)) + random.normal(0, 0.2, 64))
    others = [int(index) for index in random.permutation(len(CLASSES)) if index != job.target.unit][:4]
    first = job.target.unit if job.target.kind == "logit" else 12 + job.target.unit % 20
    shares = (0.93, 0.031, 0.012, 0.004, 0.001)
    measurements = (
        Measurement(name="objective", value=reached, unit=OBJECTIVES.get(job.method, "activation"), direction="higher"),
        Measurement(name="activation", value=reached * job.target.sign, unit="activation"),
        *([Measurement(name="cosine", value=0.785)] if job.target.kind == "direction" else []),
        *([Measurement(name="probability", value=0.93, direction="higher")] if job.target.kind == "logit" else []),
    )
    done = status == "done"
    return Record(
        key=job.key,
        job=job,
        status=status,
        assets=tuple(
            Asset(
                role=role, sha256=digest_bytes(data), media_type="image/png", bytes=len(data), width=side, height=side
            )
            for role, data in pictures.items()
        ),
        measurements=measurements if done else (),
        trace=trace if done else (0.0,) * 64,
        top_classes=tuple(ClassScore(index=i, probability=p) for i, p in zip([first, *others], shares, strict=True))
        if done
        else (),
        provenance=Provenance(
            versions={"atlas": "0.1.0", "torch": "2.9.0", "timm": "1.0.20"},
            device="cpu",
            batch_size=8,
            seconds=3.7,
            created=f"2026-11-{1 + seed % 20:02d}T08:00:00Z",
        ),
        error=Failure(kind="diverged", message="the objective became nan at step 12 of 64 <b>")
        if status == "failed"
        else None,
    ), pictures


def sample_jobs() -> Iterator[tuple[Job, str]]:
    """Yield every job of the sample store with the status of its record."""
    for index in range(40):
        status = {DEAD_CLASS: "dead", FAILED_CLASS: "failed"}.get(index, "done")
        yield job("a", Target(kind="logit", layer="logits", unit=index)), status
    flamingo = Target(kind="logit", layer="logits", unit=FLAMINGO)
    yield job("a", flamingo, seed=1), "done"
    yield job("a", flamingo, seed=2), "dead"
    yield job("a", flamingo, steps=128), "done"
    yield job("a", flamingo, method="third-party", strength=0.5), "done"
    yield job("a", flamingo.model_copy(update={"sign": -1})), "done"
    for index in range(WIDE_UNITS):
        status = {DEAD_UNIT: "dead", FAILED_UNIT: "failed"}.get(index, "done")
        yield job("a", Target(kind="channel", layer=WIDE_LAYER, unit=index)), status
    rich = {"layer": WIDE_LAYER, "unit": RICH_UNIT}
    yield job("a", Target(kind="channel", sign=-1, **rich)), "done"
    yield job("a", Target(kind="channel", **rich), seed=1), "done"
    yield job("a", Target(kind="neuron", position=(3, 4), **rich)), "done"
    for index in range(6):
        yield job("a", Target(kind="channel", layer="blocks.1", unit=index)), "done"
        yield job("a", Target(kind="channel", layer="odd/../name <b>", unit=index)), "done"
    for index in (0, 3, 5):
        yield job("b", Target(kind="logit", layer="logits", unit=index)), "done"
    for method, count in COMPARED.items():
        for index in sorted({*range(count)} - {DEAD_CLASS, FAILED_CLASS}):
            references = REFERENCES if method == "vital" else None
            target = Target(kind="logit", layer="logits", unit=index, references=references)
            yield job("a", target, method=method), "dead" if (method, index) == ("cbr", 3) else "done"
    for cluster in range(2):
        target = Target(kind="channel", references=REFERENCES, cluster=cluster, **rich)
        yield job("a", target, method="vital"), "done"
    yield job("a", Target(kind="channel", **rich), method="fourier"), "done"


METHOD_CARDS = tuple(method.card for _, method in methods)
"""What is known of methods; of the foreign one nothing is."""
BOOK = method_book(METHOD_CARDS)


def make_sample_store(path: Path, side: int = 96) -> Store:
    """Make the sample store at ``path``; pictures are ``side`` pixels wide. The foreign method has no transparency."""
    store = Store(path, create=True)
    for variant in ("a", "b"):
        store.save_card(card(variant))
    for each in METHOD_CARDS:
        store.save_method(each)
    keep_cards(store)
    for work, status in [*sample_jobs(), *_sample_directions(store)]:
        made, pictures = record(work, status, side, with_alpha=work.method == "maco")
        keep(store, made, pictures)
    add_studies(store, identity("a"), identity("b"))
    add_statistics(store, identity("a"), WIDE_LAYER, range(MEASURED_UNITS))
    add_statistics(store, identity("a"), "logits", range(10))
    add_scores(store)
    add_channels(store, identity("a"), WIDE_LAYER, "odd/../name <b>")
    claim_all(store)
    return store


def _sample_directions(store: Store) -> Iterator[tuple[Job, str]]:
    """Store the concepts of the sample's models, and yield the jobs of their directions, with stale ones among them."""
    for index in CONCEPT_CLASSES:
        measure = "share" if index == FAILED_CLASS else "sobol"
        warnings = (WARNING,) if index == SCRIPT_CLASS else ()
        document = add_concepts(store, identity("a"), index, measure=measure, warnings=warnings)
        for target, status in direction_targets(document):
            yield job("a", target), status
    seed = job("a", direction_targets(add_concepts(store, identity("a"), FLAMINGO))[0][0], seed=1)
    yield seed, "done"
    add_concepts(store, identity("a"), DAISY, count=0, reason=REASON)
    for target, status in direction_targets(add_concepts(store, identity("b"), UNRENDERED_CLASS, count=3)):
        yield job("b", target), status
    stale = Target(kind="direction", layer="stem", unit=FLAMINGO, direction="5" * 64, cosine_power=2.0)
    yield job("a", stale), "done"


def add_units(store: Store, count: int, layer: str = "blocks.4", side: int = 64, distinct: int = 64) -> None:
    """Give a layer of the first model ``count`` units that share ``distinct`` pictures, for sites of any size."""
    sample = card("a")
    layers = tuple(info.model_copy(update={"units": count}) if info.name == layer else info for info in sample.layers)
    store.save_card(sample.model_copy(update={"layers": layers}))
    pictures = [
        record(job("a", Target(kind="channel", layer=layer, unit=index)), side=side) for index in range(distinct)
    ]
    for index in range(count):
        twin, data = pictures[index % distinct]
        work = job("a", Target(kind="channel", layer=layer, unit=index))
        keep(store, twin.model_copy(update={"key": work.key, "job": work}), data)
