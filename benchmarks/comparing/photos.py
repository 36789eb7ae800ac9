"""Jobs about photos: adversarial examples, the ablation of ViT inversion, pre-images by layer and weight."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from atlas.core.record import Record
from comparing.study import Study, table

SHOWN = 4
"""Photos on a sheet of pictures."""


def _labels(study: Study, record: Record) -> str:
    names = study.loaded[study.models[0]["name"]].card.classes
    before, after = (names[scores[0].index].name for scores in (record.photo_classes, record.top_classes))
    return f"{before} -> {after}"


def values(records: Sequence[Record], name: str) -> list[float]:
    """Return a measurement of every record."""
    found = [record.measurement(name) for record in records]
    return [one.value for one in found if one is not None]


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


def ablation(study: Study, layer: str, photos: int, variants: dict[str, dict[str, Any]]) -> str:
    """Invert a layer of a ViT with everything and without each part; return Markdown."""
    rows: list[list[object]] = []
    pictures: list[list[np.ndarray]] = []
    for name, settings in variants.items():
        block = {
            "layers": (layer,), "photos": {"sample": photos}, "method": "vit_inversion", "parameters": settings,
        }  # fmt: skip
        records = study.records(block)
        row = [mean(records, one) for one in ("psnr", "fft2d", "error")]
        rows.append([name, *row, float(np.mean([record.provenance.seconds for record in records]))])
        pictures = pictures or [[study.picture(record, "photo")] for record in records[:SHOWN]]
        for shown, record in zip(pictures, records, strict=False):
            shown.append(study.picture(record))
        print(f"ablation: {name} {row}", flush=True)
    study.sheet("vit-inversion", ("photo", *variants), [("", shown) for shown in pictures])
    return table(["", "PSNR, dB", "FFT2D (lower is better)", "error", "s a picture"], rows)


def preimages(
    study: Study, layers: Sequence[str], weights: Sequence[float], photos: int, settings: dict[str, Any]
) -> str:
    """Invert layers with several weights of the data term (Table 5 of the paper); return Markdown."""
    errors: dict[str, dict[float, list[float]]] = defaultdict(dict)
    pictures: dict[float, list[np.ndarray]] = {}
    for weight in weights:
        block = {
            "layers": tuple(layers), "photos": {"sample": photos}, "method": "preimage", "kind": "inversion",
            "parameters": {"weight": weight} | settings,
        }  # fmt: skip
        records = study.records(block)
        first = [record for record in records if record.job.target.photo == records[0].job.target.photo]
        pictures[weight] = [study.picture(first[0], "photo"), *map(study.picture, first)]
        for record in records:
            errors[record.job.target.layer].setdefault(weight, []).extend(values([record], "error"))
        print(f"pre-images: C = {weight:g} done", flush=True)
    study.sheet("preimages", ("photo", *layers), [(f"C = {weight:g}", shown) for weight, shown in pictures.items()])
    rows = [
        [layer, *(f"{np.mean(errors[layer][weight]):.1%} ± {np.std(errors[layer][weight]):.1%}" for weight in weights)]
        for layer in layers
    ]
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
        rows.append([spec["name"], f"{mean(records, 'error'):.1%}", mean(records, "psnr")])
        pictures.append((spec["name"], [own.picture(record) for record in records[:SHOWN]]))
    pictures.insert(0, ("photo", [own.picture(record, "photo") for record in records[:SHOWN]]))
    study.sheet("descriptors", [f"photo {number + 1}" for number in range(len(pictures[0][1]))], pictures)
    return table(["descriptor", "error", "PSNR, dB"], rows)
