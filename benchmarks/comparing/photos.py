"""Jobs about photos: adversarial examples, the ablation of ViT inversion, pre-images by layer and weight."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click
import numpy as np

from atlas.config import UnitSample
from atlas.core.figures import Figure, difference
from atlas.core.figures import mean as figure
from atlas.core.record import Record
from atlas.plan.select import select_photos
from comparing.study import Study, table

SHOWN = 4
"""Photos on a sheet of pictures."""
TUNED_ON = 6
"""Photos, the first of the sample with seed 0, that vit_inversion's settings were chosen on (half of them), or whose
tables were looked at while they were."""


def _labels(study: Study, record: Record) -> str:
    names = study.loaded[study.models[0]["name"]].card.classes
    before, after = (names[scores[0].index].name for scores in (record.photo_classes, record.top_classes))
    return f"{before} -> {after}"


def values(records: Sequence[Record], name: str) -> list[float]:
    """Return a measurement of every record."""
    found = [record.measurement(name) for record in records]
    return [one.value for one in found if one is not None]


def by_photo(records: Sequence[Record], name: str) -> dict[str, float]:
    """Return a measurement of every record by the digest of its photo."""
    found = {record.job.target.photo or "": record.measurement(name) for record in records}
    return {photo: one.value for photo, one in found.items() if one is not None}


def mean(records: Sequence[Record], name: str) -> float:
    """Return the mean of a measurement over records."""
    return float(np.mean(values(records, name)))


def adversarial(study: Study, classes: Sequence[int], photos: int, settings: dict[str, Any]) -> str:
    """Make an adversarial example of every photo of a sample for a few classes; return Markdown."""
    block = {"classes": tuple(classes), "photos": {"sample": photos}, "method": "adversarial", "parameters": settings}
    records = [
        record
        for record in study.records(block)
        if not record.photo_classes or record.photo_classes[0].index != record.job.target.unit
    ]
    reached = sum(record.top_classes[0].index == record.job.target.unit for record in records)
    exact = max(
        int(np.abs(study.picture(one).astype(int) - study.picture(one, "photo").astype(int)).max()) for one in records
    )
    roles = ("photo", "perturbation", "image")
    study.sheet("adversarial", ("photo", "change x 10", "result"), [
        (_labels(study, record), [study.picture(record, role) for role in roles]) for record in records[:SHOWN]
    ])  # fmt: skip
    epsilon = records[0].job.parameters["epsilon"]
    return "\n".join(
        [
            f"Parameters: {records[0].job.parameters}",
            f"{reached} of {len(records)} pairs of photo and target are taken for the target "
            f"({reached / len(records):.1%}; goal 90 %); mean probability {mean(records, 'probability'):.3f}, "
            f"{mean(records, 'probability_before'):.2g} before; PSNR {mean(records, 'psnr'):.1f} dB.",
            f"Largest change over all pictures as stored: {exact} of 255 = {exact / 255:.5f}, epsilon {epsilon}: "
            + ("within the ball" if exact / 255 <= float(epsilon) else "OUTSIDE THE BALL"),
        ]
    )


def held_out(study: Study, count: int) -> tuple[list[str], list[str]]:
    """Return names of photos that no setting was chosen on, and of those left out because some were.

    Raises:
        click.UsageError: there are too few photos.
    """
    photo_set = study.photo_set()
    if photo_set is None:
        raise click.UsageError("name a folder of photos: --photos FOLDER")
    if TUNED_ON + count > len(photo_set.photos):
        few = len(photo_set.photos)
        raise click.UsageError(f"{count} photos besides the {TUNED_ON} that settings were chosen on: there are {few}")
    tuned, both = (select_photos(UnitSample(sample=size), photo_set)[0] for size in (TUNED_ON, TUNED_ON + count))
    return [photo.name for photo in both if photo not in tuned], [photo.name for photo in tuned]


def shown_figure(found: Figure) -> str:
    """Return a figure and its interval, three digits that count."""
    return f"{found.value:.3g} ({found.low:.3g} to {found.high:.3g})"


def shown_share(found: Figure) -> str:
    """Return a share and its interval, in per cent."""
    return f"{found.value:.1%} ({found.low:.1%} to {found.high:.1%})"


def ablation(study: Study, layer: str, count: int, variants: dict[str, dict[str, Any]]) -> str:
    """Invert a layer of a ViT with everything, without each part, and with the authors' settings; return Markdown.

    Intervals are over photos; the difference is that of the PSNR from the first variant's, photo by photo.
    """
    photos, left_out = held_out(study, count)
    rows: list[list[object]] = []
    pictures: list[list[np.ndarray]] = []
    first: dict[str, float] = {}
    for name, settings in variants.items():
        block = {
            "layers": (layer,), "photos": tuple(photos), "method": "vit_inversion", "parameters": settings,
        }  # fmt: skip
        records = study.records(block)
        found = {one: by_photo(records, one) for one in ("psnr", "fft2d", "error")}
        row: list[object] = [shown_figure(figure(each)) for each in found.values()]
        first = first or found["psnr"]
        beside = "" if found["psnr"] is first else shown_figure(difference(found["psnr"], first))
        seconds = float(np.mean([record.provenance.seconds for record in records]))
        rows.append([name, *row, beside, len(records), seconds])
        pictures = pictures or [[study.picture(record, "photo")] for record in records[:SHOWN]]
        for shown, record in zip(pictures, records, strict=False):
            shown.append(study.picture(record))
        print(f"ablation: {name} {row}", flush=True)
    study.sheet("vit-inversion", ("photo", *variants), [("", shown) for shown in pictures])
    header = ["", "PSNR, dB", "FFT2D (lower is better)", "error", "PSNR beside the first", "photos", "s a picture"]
    tuned = f"Left out, as settings were chosen on them: {', '.join(left_out)}."
    return "\n".join([table(header, rows), "", tuned])


def preimages(
    study: Study, layers: Sequence[str], weights: Sequence[float], photos: int, settings: dict[str, Any]
) -> str:
    """Invert layers with several weights of the data term (Table 5 of the paper); return Markdown."""
    errors: dict[tuple[str, float], str] = {}
    pictures: dict[float, list[np.ndarray]] = {}
    for weight in weights:
        block = {
            "layers": tuple(layers), "photos": {"sample": photos}, "method": "preimage", "kind": "inversion",
            "parameters": {"weight": weight} | settings,
        }  # fmt: skip
        records = study.records(block)
        first = [record for record in records if record.job.target.photo == records[0].job.target.photo]
        pictures[weight] = [study.picture(first[0], "photo"), *map(study.picture, first)]
        for layer in layers:
            own = [record for record in records if record.job.target.layer == layer]
            errors[layer, weight] = shown_share(figure(by_photo(own, "error")))
        print(f"pre-images: C = {weight:g} done", flush=True)
    study.sheet("preimages", ("photo", *layers), [(f"C = {weight:g}", shown) for weight, shown in pictures.items()])
    rows = [[layer, *(errors[layer, weight] for weight in weights)] for layer in layers]
    return table(["layer", *(f"C = {weight:g}" for weight in weights)], rows)


def descriptors(study: Study, photos: int) -> str:
    """Invert HOG, HOGb and dense SIFT (Table 4 of the paper); return Markdown."""
    rows: list[list[object]] = []
    pictures: list[tuple[str, list[np.ndarray]]] = []
    for spec in study.models:
        own = replace(study, models=(spec,), loaded={})
        block = {
            "layers": ("blocks",), "photos": {"sample": photos}, "method": "preimage", "kind": "inversion",
            "parameters": {"stretch": "always"},
        }  # fmt: skip
        records = own.records(block)
        error, psnr = (figure(by_photo(records, one)) for one in ("error", "psnr"))
        rows.append([spec["name"], shown_share(error), shown_figure(psnr), len(records)])
        pictures.append((spec["name"], [own.picture(record) for record in records[:SHOWN]]))
    pictures.insert(0, ("photo", [own.picture(record, "photo") for record in records[:SHOWN]]))
    study.sheet("descriptors", [f"photo {number + 1}" for number in range(len(pictures[0][1]))], pictures)
    return table(["descriptor", "error", "PSNR, dB", "photos"], rows)
