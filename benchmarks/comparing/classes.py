"""Class renderings by several methods: recognised by the model and by others, near to photos, rough or smooth."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch

from atlas.core.job import LOGITS
from atlas.core.record import Record
from comparing.study import LITE, Study, judge, seen, squares, table

SIDE = 224
BEYOND = 0.25
"""Cycles per pixel (half of what the grid holds) above which a frequency counts as high."""
FEATURES = "global_pool"
"""The penultimate layer of the efficientnet-lite networks."""
NEIGHBOURS = 5
SHOWN = 6
"""Classes on the sheet of pictures, the first ones."""
OTHERS = ("tiger", "hummingbird", "cheeseburger", "grand piano", "volcano", "castle", "teapot")
"""Classes besides those that have photos."""

MACO = {"steps": 128, "image_size": 320, "crops": 4, "resolution": 160, "crop_mean": 0.5, "crop_std": 0.15}
METHODS: dict[str, dict[str, Any]] = {
    "maco": MACO,
    "fourier": {},
    "cbr": {},
    "vital": {},
    "feature_vis": {"steps": 300},
    "vit_maximization": {},
    "deep_inversion": {"steps": 500, "learning_rate": 0.05, "statistics": 0.001},
    "plug_in_inversion": {"steps": 350, "views": 2},
    "preimage": {},
}
"""Parameters that differ from the defaults: fewer steps or views where a CPU took more than a minute a picture."""


@dataclass
class Row:
    """One method over all classes.

    Attributes:
        own: share of its pictures that the model ranks first, and mean probability. transfer: the same by judge.
        distance: mean over pictures of 1 - cosine to the nearest class photos' features. rough: share of the energy.
        seconds: per picture.
    """

    own: tuple[float, float]
    transfer: dict[str, tuple[float, float]]
    distance: float | None
    rough: float
    seconds: float


def compare(study: Study, title: str, names: Sequence[str], classes: Sequence[str | int]) -> str:
    """Render classes by methods, judge them, and return Markdown; ``title`` names the sheet of pictures."""
    records: dict[str, list[Record]] = {}
    for name in names:
        records[name] = study.records({"classes": tuple(classes), "method": name, "parameters": METHODS[name]})
        print(f"rendered {name}: {len(records[name])}", flush=True)
    labels = study.loaded["lite0"].card.classes
    shown = [labels[record.job.target.unit].name for record in records[names[0]]][:SHOWN]
    columns = [[study.picture(record) for record in records[name][:SHOWN]] for name in names]
    study.sheet(title, names, list(zip(shown, zip(*columns, strict=True), strict=True)))
    photos = _photo_features(study)
    rows = {name: _row(study, records[name], photos) for name in names}
    header = ["method", "lite0: first", "p", *(f"{name}: {what}" for name in [*LITE][1:] for what in ("first", "p"))]
    header += [f"distance to {NEIGHBOURS} nearest photos", "energy above 0.25", "s a picture"]
    natural = float(np.mean([roughness(one) for one in photos.samples])) if photos.samples else float("nan")
    cells = [
        [name, *row.own, *chain.from_iterable(row.transfer.values()), row.distance, row.rough, row.seconds]
        for name, row in rows.items()
    ]
    return table(header, cells) + f"\n\nEnergy above 0.25 cycles per pixel of photos: {natural:.3g}"


@dataclass
class Photos:
    """Features of the photos of each class, of length 1, and some photos."""

    by_class: dict[int, torch.Tensor]
    samples: list[np.ndarray]


def _photo_features(study: Study) -> Photos:
    from atlas.photos.classes import match_classes

    photo_set = study.photo_set()
    model = study.loaded["lite0"]
    if photo_set is None:
        return Photos({}, [])
    by_class, samples = {}, []
    for unit, photos in match_classes(photo_set, model.card.classes).classes.items():
        shown = list(squares(photo_set, photos, SIDE))
        by_class[unit] = torch.nn.functional.normalize(seen(model, shown, [FEATURES])[FEATURES].flatten(1), dim=1)
        samples += shown[:5]
    return Photos(by_class, samples)


def _row(study: Study, records: Sequence[Record], photos: Photos) -> Row:
    pictures = [study.picture(record) for record in records]
    units = torch.tensor([record.job.target.unit for record in records])
    verdicts: dict[str, tuple[float, float]] = {}
    for name in LITE:
        if name not in study.loaded:
            study.loaded[name] = judge(name)
        probabilities = seen(study.loaded[name], pictures, [LOGITS])[LOGITS].softmax(dim=1)
        first = (probabilities.argmax(dim=1) == units).float().mean()
        verdicts[name] = (float(first), float(probabilities[torch.arange(len(units)), units].mean()))
    features = torch.nn.functional.normalize(
        seen(study.loaded["lite0"], pictures, [FEATURES])[FEATURES].flatten(1), dim=1
    )
    distances = [
        float((1 - photos.by_class[unit] @ one).topk(NEIGHBOURS, largest=False).values.mean())
        for unit, one in zip(units.tolist(), features, strict=True)
        if unit in photos.by_class
    ]
    own = verdicts.pop("lite0")
    rough = float(np.mean([roughness(picture) for picture in pictures]))
    seconds = float(np.mean([record.provenance.seconds for record in records]))
    return Row(own, verdicts, float(np.mean(distances)) if distances else None, rough, seconds)


def roughness(picture: np.ndarray) -> float:
    """Return the share of the grey picture's spectral energy, its mean left out, above :data:`BEYOND`."""
    image = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].double() / 255
    if image.shape[-1] != SIDE:
        image = torch.nn.functional.interpolate(
            image, size=(SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False
        )
    grey = image[0].mean(dim=0)
    energy = torch.fft.fft2(grey - grey.mean()).abs().square()
    across = torch.fft.fftfreq(SIDE, dtype=torch.float64)
    radius = torch.hypot(across[:, None], across[None])
    return float(energy[radius > BEYOND].sum() / energy.sum())


def classes_with_photos(study: Study) -> list[int]:
    """Return the classes that have photos."""
    from atlas.photos.classes import match_classes

    photo_set = study.photo_set()
    if photo_set is None:
        return []
    study.loaded.setdefault("lite0", judge("lite0"))
    by_class: dict[int, Any] = defaultdict(tuple, match_classes(photo_set, study.loaded["lite0"].card.classes).classes)
    return sorted(by_class)
