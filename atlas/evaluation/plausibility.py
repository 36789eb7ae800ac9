"""Plausibility: how near a picture is to photos of its class that nothing was fitted to; 1 is as near as they are.

The distance is that of Sun et al. 2022 ("Out-of-Distribution Detection with Deep Nearest Neighbors", section 3): to the
k-th nearest photo, in features of L2 norm 1. MACO (Fel et al. 2023) takes the nearest, table 1.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from atlas.core.metric_card import MetricCard
from atlas.core.score import NEIGHBOURS
from atlas.core.sources import MACO
from atlas.errors import ScoreError
from atlas.evaluation.arrays import Array, as_rows, check_keys, finite_rows, unit_rows
from atlas.evaluation.scored import Scored

Key = TypeVar("Key", bound=Hashable)


def cards_of(k: int) -> tuple[MetricCard, MetricCard]:
    """Return what distance and ratio say for the k-th nearest photo, k at least 1."""
    nearest = "nearest judging photo" if k == 1 else f"{ordinal(k)} nearest judging photo"
    limits = (
        "The judge's features decide what is near: a relative of the rendered network is fooled as it is.",
        "Few photos of a class are far from each other, so that a ratio of few is low.",
        "A copy of a photo would have the best score.",
    )
    distance = MetricCard(
        name=f"plausibility_distance_{k}",
        title=f"distance to photos, k = {k}",
        summary=f"distance of a picture to the {nearest} of its class in a judge's features of length 1",
        definition=f"‖z/‖z‖ − y/‖y‖‖ of the picture's features z and those y of the {nearest} of its class; from 0, "
        "the same direction, to 2.",
        lowest=0,
        highest=2,
        better="lower",
        n="mean over n classes of the means over their pictures",
        paper=MACO,
        limits=(*limits, "The paper's own numbers are of other features, at other lengths, and do not compare."),
    )
    ratio = MetricCard(
        name=f"plausibility_{k}",
        title=f"plausibility ratio, k = {k}",
        summary=f"a picture's distance to the {nearest} of its class over that of photos left out: 1 is as near as one",
        meaning=(
            "A photo that is left out of the others has 1 in the mean. Pictures below 1 are nearer to photos than "
            "photos are to each other: they show what is usual of the class.",
        ),
        definition=f"The distance to the {nearest} over the mean, over that class's judging photos, of the same "
        "distance to the others.",
        lowest=0,
        better="lower",
        n="mean over n classes of the means over their pictures",
        paper=MACO,
        limits=limits,
        compared=True,
    )
    return distance, ratio


def ordinal(number: int) -> str:
    """Return a number as a place, e.g. ``3rd``."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


CARDS = tuple(card for k in NEIGHBOURS for card in cards_of(k))


@dataclass(frozen=True)
class Plausibility(Generic[Key]):
    """How near pictures are to photos.

    Attributes:
        distances: in [0, 2]. ratios: over what photos of the class have that are left out.
        photos: how many different ones judged each class.
    """

    distances: Scored[Key]
    ratios: Scored[Key]
    photos: Mapping[int, int]


def plausibility(
    features: Array, classes: Sequence[int], keys: Sequence[Key], photos: Mapping[int, Array], k: int = 1
) -> Plausibility[Key]:
    """Return how near pictures are to the judging photos of their classes.

    Args:
        features: (N, D), a judge's, of pictures. classes: index of each picture's class. keys: of the pictures.
        photos: by class, the features (M, D) of its judging photos. Of those that are the same only one is taken, for
            a photo that is there twice would be at distance 0 from itself; those that are not finite are not taken.
        k: which nearest photo counts, from 1.

    Raises:
        ScoreError: k is below 1, or features of other shapes.
    """
    rows = as_rows(features, "features")
    check_keys(keys, rows, "features")
    pictures = unit_rows(rows)
    judging = {index: distinct_rows(photos[index]) for index in set(classes) & photos.keys()}
    apart = {index: left_out_distances(each, k) for index, each in judging.items()}
    distances: dict[Key, float] = {}
    ratios: dict[Key, float] = {}
    lost: dict[Key, str] = {}
    unscaled: dict[Key, str] = {}
    for key, index, picture in zip(keys, classes, pictures, strict=True):
        reason = _why_not(picture, judging.get(index), index, k)
        if reason:
            lost[key] = unscaled[key] = reason
            continue
        distances[key] = float(kth_distances(picture[None], judging[index], k)[0])
        if not apart[index].size:
            unscaled[key] = f"class {index} has {_photos(judging[index])}; {k + 1} would tell how near photos are"
        else:
            ratios[key] = distances[key] / float(apart[index].mean())
    counts = {index: len(each) for index, each in judging.items()}
    return Plausibility(Scored(distances, lost), Scored(ratios, unscaled), counts)


def kth_distances(features: np.ndarray, photos: np.ndarray, k: int = 1) -> np.ndarray:
    """Return the distance of each row (N, D) to the k-th nearest of the photos (M, D), (N,).

    Raises:
        ScoreError: there are fewer than k photos, or k is below 1.
    """
    if not 1 <= k <= len(photos):
        raise ScoreError(f"there is no nearest photo number {k} of {len(photos)}", "give more photos, or a smaller k")
    # Row by row, by differences: a matrix product would lose what is near, and all at once would be large.
    return np.array([np.partition(np.linalg.norm(photos - row, axis=1), k - 1)[k - 1] for row in features])


def left_out_distances(photos: np.ndarray, k: int = 1) -> np.ndarray:
    """Return the distance of each photo (M, D) to the k-th nearest of the others, (M,); (0,) of k photos or fewer.

    Raises:
        ScoreError: k is below 1.
    """
    if k < 1:
        raise ScoreError(f"there is no nearest photo number {k}", "give a k of at least 1")
    if len(photos) <= k:
        return np.empty(0)
    return kth_distances(photos, photos, k + 1)  # the nearest of all is the photo itself


def left_out_ratios(photos: Array, k: int = 1) -> np.ndarray:
    """Return the plausibility ratio of each of a class's photos, left out of the others; their mean is 1.

    Args:
        photos: (M, D) features. k: see :func:`plausibility`.

    Returns:
        One for each different photo; (0,) of k photos or fewer.
    """
    apart = left_out_distances(distinct_rows(photos), k)
    return apart / apart.mean() if apart.size else apart


def distinct_rows(photos: Array) -> np.ndarray:
    """Return the features of photos at length 1, finite, each once: (M, D)."""
    rows = as_rows(photos, "features of photos")
    units = unit_rows(np.unique(rows[finite_rows(rows)], axis=0))
    return np.unique(units[finite_rows(units)], axis=0)


def _why_not(picture: np.ndarray, photos: np.ndarray | None, index: int, k: int) -> str:
    """Return why a picture has no distance, or an empty text."""
    if not np.isfinite(picture).all():
        return "its features are not finite, or all zero"
    if photos is None:
        return f"class {index} has no judging photos"
    if not len(photos):
        return f"no judging photo of class {index} has features that are finite and not all zero"
    if len(photos) < k:
        return f"class {index} has {_photos(photos)}, fewer than {k}"
    if photos.shape[1] != len(picture):
        raise ScoreError(
            f"pictures have {len(picture)} features and photos of class {index} have {photos.shape[1]}",
            "take both from one layer of one judge",
        )
    return ""


def _photos(photos: np.ndarray) -> str:
    return f"{len(photos)} different judging photo" + ("" if len(photos) == 1 else "s")
