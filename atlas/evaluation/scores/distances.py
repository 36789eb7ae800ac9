"""Distances between sets: pictures as a whole against judging photos of their classes, in a judge's features."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from atlas.core.figures import Figure
from atlas.core.metric_card import MetricCard
from atlas.evaluation import frechet, kid
from atlas.evaluation.arrays import finite_rows
from atlas.evaluation.frechet import distance_name
from atlas.evaluation.scores.base import JUDGES, PHOTOS, Evidence, Line, Measured, Score, features_at, left_out

FID = (
    "FID itself is of InceptionV3 alone, and none judges; to have it, give that network's weights by path, "
    '[[models]] with architecture = "inception_v3" and checkpoint = "its file", and name it in [[judges]]'
)


class Frechet(Score):
    """Takes both sets as Gaussians of a judge's penultimate features."""

    title: ClassVar[str] = "Frechet distance"
    summary: ClassVar[str] = "how far pictures as a whole are from judging photos, as Gaussians of a judge's features"
    cards: ClassVar[tuple[MetricCard, ...]] = frechet.CARDS
    needs: ClassVar[frozenset[str]] = frozenset({JUDGES, PHOTOS})
    libraries: ClassVar[tuple[str, ...]] = ("torchmetrics",)
    version: ClassVar[int] = 2

    def unjudged(self, networks: Sequence[str]) -> str:
        """See :meth:`Score.unjudged`."""
        return "" if any(distance_name(name, frechet.INCEPTION_FEATURES) == "FID" for name in networks) else FID

    def measure(self, seen: Evidence) -> Measured:
        """See :meth:`Score.measure`."""
        found = frechet.frechet(*_sets(seen), seen.network)
        title = f"{found.name}, rank deficient" if found.rank_deficient else found.name
        figure = Figure(found.value, found.value, found.value, found.pictures)
        line = Line("frechet", figure, seen.layers[0], title, interval=False)
        return Measured([line], left_out=_left_out(seen))


class Kid(Score):
    """Compares both sets by a kernel on a judge's penultimate features, without bias."""

    title: ClassVar[str] = "KID"
    summary: ClassVar[str] = "how far pictures as a whole are from judging photos, unbiased, in a judge's features"
    cards: ClassVar[tuple[MetricCard, ...]] = kid.CARDS
    needs: ClassVar[frozenset[str]] = frozenset({JUDGES, PHOTOS})
    version: ClassVar[int] = 2

    def measure(self, seen: Evidence) -> Measured:
        """See :meth:`Score.measure`."""
        pictures, photos = _sets(seen)
        found = kid.kid(pictures, photos)
        title = distance_name(seen.network, pictures.shape[1], "KID", "KD")
        return Measured([Line("kid", found.figure, seen.layers[0], title)], left_out=_left_out(seen))


def _sets(seen: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of pictures (N, D) of classes that photos judge, and of these photos (M, D)."""
    name = features_at(seen.layers[0])
    photos = seen.of_photos(name)
    unjudged = seen.without_photos(name)
    rows = [place for place, aim in enumerate(seen.aims) if aim not in unjudged]
    return seen.pictures[name][rows], photos


def _left_out(seen: Evidence) -> list[str]:
    """Return how many pictures and photos are in no distance: for no photos of theirs judge, or a judge makes NaN of
    them; nothing of none."""
    counts = [int((~finite_rows(rows)).sum()) for rows in _sets(seen)]
    return left_out(seen.without_photos(features_at(seen.layers[0]))) + [
        f"{count} of the {what} left out: their features are not finite"
        for count, what in zip(counts, ("pictures", "judging photos"), strict=True)
        if count
    ]


FRECHET = Frechet()
KID = Kid()
