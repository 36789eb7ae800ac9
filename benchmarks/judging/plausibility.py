"""Plausibility: how near a picture is to photos that nothing was fitted to; 1 is as near as they are to each other.

Photos are split by their digests, once: those whose last digit is even are references, which methods that need photos
get; the others judge. A picture's ratio is its distance to the nearest judging photo of its class, over the mean of the
same distance of each judging photo to the others. Distances are Euclidean, of a judge's
penultimate features at length 1.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from comparing.study import squares
from torch import Tensor

from atlas.evaluation.arrays import as_float64
from atlas.evaluation.plausibility import kth_distances, left_out_distances
from atlas.photos import Photo, PhotoSet, PhotosSpec, open_photo_set
from atlas.photos.classes import match_classes
from judging.judges import Judge
from judging.targets import CLASSES

SIDE = 256
"""Of the judging photos' central squares, pixels."""


@dataclass(frozen=True)
class Split:
    """Photos by class, in two parts.

    Attributes:
        references: those that methods may see. judging: those that pictures are measured against.
    """

    photo_set: PhotoSet
    references: dict[int, list[Photo]]
    judging: dict[int, list[Photo]]

    def write_references(self, folder: Path) -> Path:
        """Write the reference photos as a folder of class folders, and return it; what is there already stays."""
        for photos in self.references.values():
            for photo in photos:
                path = folder / photo.group / Path(photo.name).name
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(photo.read(self.photo_set.spec.max_bytes))
        return folder

    def __str__(self) -> str:
        counts = [sum(map(len, part.values())) for part in (self.references, self.judging)]
        listed = [
            hashlib.sha256("".join(sorted(one.digest for each in part.values() for one in each)).encode()).hexdigest()
            for part in (self.references, self.judging)
        ]
        return (
            f"{counts[0]} reference photos (sha256 of their sorted digests: `{listed[0][:16]}`) and "
            f"{counts[1]} judging photos (`{listed[1][:16]}`), of {len(self.judging)} classes"
        )


def split(folder: Path, cache: Path, judge: Judge) -> Split:
    """Return the photos of a folder of class folders, split.

    Args:
        cache: where what can be computed again is kept.
        judge: one that knows the declared classes by name.
    """
    photo_set = open_photo_set(PhotosSpec(path=folder, cache=cache, statistics=False))
    matched = match_classes(photo_set, judge.model.card.classes).classes
    parts: tuple[dict[int, list[Photo]], dict[int, list[Photo]]] = ({}, {})
    for index, photos in matched.items():
        if index in CLASSES:
            for place, part in enumerate(parts):
                part[index] = [photo for photo in photos if is_reference(photo) == (place == 0)]
    return Split(photo_set, *parts)


def is_reference(photo: Photo) -> bool:
    """Whether a photo may be given to methods, so that it never judges."""
    return int(photo.digest[-1], 16) % 2 == 0


@dataclass(frozen=True)
class Scale:
    """What a judge sees of the judging photos of each class.

    Attributes:
        features: (photos, D) of each class. apart: mean distance of a photo to the nearest other one.
        contrast: mean of all of them.
    """

    features: dict[int, Tensor]
    apart: dict[int, float]
    contrast: float

    def ratio(self, index: int, features: Tensor) -> float:
        """Return a picture's distance to the nearest photo of a class over that of photos; features (D,)."""
        return float(kth_distances(as_float64(features)[None], as_float64(self.features[index]))[0]) / self.apart[index]


def scale_of(parts: Split, judge: Judge) -> Scale:
    """Look at the judging photos; classes with one or none are left out."""
    features: dict[int, Tensor] = {}
    contrasts: list[float] = []
    for index, photos in parts.judging.items():
        if len(photos) > 1:
            shown = list(squares(parts.photo_set, photos, SIDE))
            features[index] = judge.look(shown)[1]
            contrasts += map(contrast, shown)
    apart = {index: float(left_out_distances(as_float64(each)).mean()) for index, each in features.items()}
    return Scale(features, apart, float(np.mean(contrasts)))


def contrast(picture: np.ndarray) -> float:
    """Return the standard deviation of the mean of the colours over a picture (H, W, 3) uint8, of a range of 1."""
    return float((np.asarray(picture, np.float32).mean(axis=2) / 255).std())
