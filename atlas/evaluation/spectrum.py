"""Spectrum: how much of each frequency pictures have over what photos have, as a curve (MACO, figure 2).

What frequencies and powers are: :mod:`atlas.evaluation.frequencies`.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from atlas.core.figures import Figure, bootstrap_interval, group_of, interval_of, mean, resampled
from atlas.core.metric_card import MetricCard
from atlas.core.sources import MACO
from atlas.errors import ScoreError
from atlas.evaluation.arrays import Array, as_float64, check_keys
from atlas.evaluation.frequencies import BINS, high_share, is_flat, radial_power
from atlas.evaluation.scored import Scored

Key = TypeVar("Key", bound=Hashable)

ROUNDING = 1e-20
"""Power below this share of that of the strongest frequencies is the transform's rounding: steps of 8 bits alone leave
about 1e-6."""

NOTHING = 1e-6
"""Ratios below it are taken as it where they are compared by their logarithms: a blurred picture has none."""

RATIO = MetricCard(
    name="spectrum_ratio",
    title="power over that of photos",
    summary="radial mean power of pictures over that of photos at each frequency: 1 is as much as photos have",
    definition="For each ring of frequencies: the mean of |F(x)|² / (H W) over the ring, the colours and the pictures, "
    "over the same mean of judging photos of the same size.",
    lowest=0,
    n="for each frequency, mean over n classes of the means over their pictures",
    paper=MACO,
    limits=(
        "Photos that were made smaller or larger have other spectra than those that a camera took.",
        "Edges that do not meet at opposite borders count as high frequencies, in photos and pictures alike.",
    ),
)
DISTANCE = MetricCard(
    name="spectrum_distance",
    title="distance of spectra",
    summary="mean distance of a method's curve of power from that of photos, in powers of ten: 0 is the same",
    definition="The mean over frequencies of |log₁₀| of the pictures' mean power over the photos'.",
    lowest=0,
    better="lower",
    n="one value of n classes",
    paper=MACO,
    limits=("Noise of the right spectrum has it, too.", "A method that is given this spectrum has it by construction."),
)
HIGH = MetricCard(
    name="high_frequencies",
    title="high frequencies",
    summary="share of a picture's power above a quarter of a cycle per pixel",
    meaning=("Compare it with the photos' own: what pictures by ascent have beyond that is mostly noise.",),
    definition="The sum of |F(x)|² over frequencies above 0.25 cycles per pixel, over that of all but frequency 0.",
    lowest=0,
    highest=1,
    form="percent",
    n="mean over n classes of the means over their pictures",
    paper=MACO,
    limits=("It depends on the size at which a picture is looked at.",),
)
PHOTOS_HIGH = MetricCard(
    name="high_frequencies_of_photos",
    title="high frequencies of photos",
    summary="share of the judging photos' power above a quarter of a cycle per pixel, to hold that of pictures against",
    definition="As high frequencies, of judging photos of the pictures' classes at the pictures' size.",
    lowest=0,
    highest=1,
    form="percent",
    n="mean over n photos",
    paper=MACO,
    limits=("It depends on the size at which photos are looked at, and on how they were made smaller.",),
)
CARDS = (RATIO, DISTANCE, HIGH, PHOTOS_HIGH)

FLAT = "it is of one colour throughout"
"""Why a picture has no spectrum."""


@dataclass(frozen=True)
class Spectrum(Generic[Key]):
    """Spectra of pictures beside that of photos.

    Attributes:
        frequencies: middles of the rings, cycles per pixel.
        pictures, photos: mean power at each, of pictures (mean over classes) and of photos.
        ratio: of the two, with the bootstrap's interval over classes; photos are taken as they are.
        distance: mean of |log10 ratio|, with the same.
        high: each picture's share of high frequencies. photos_high: the photos' mean share, with the
            bootstrap's interval over photos.
        photo_count: how many photos have a spectrum.
    """

    frequencies: tuple[float, ...]
    pictures: tuple[float, ...]
    photos: tuple[float, ...]
    ratio: tuple[Figure, ...]
    distance: Figure
    high: Scored[Key]
    photos_high: Figure
    photo_count: int


def spectrum(pictures: Sequence[Array], keys: Sequence[Key], photos: Sequence[Array], seed: int = 0) -> Spectrum[Key]:
    """Return the spectra of pictures over those of photos.

    Args:
        pictures: each (3, H, W) in [0, 1]. keys: of the pictures, such as (class, seed).
        photos: the same, of the pictures' sizes. Of both, what is constant or not finite is left out.
        seed: of the resampling.

    Raises:
        ScoreError: no picture or no photo is left, or photos have nothing at some frequency.
    """
    check_keys(keys, pictures, "pictures")
    shown, left_out = _usable(dict(zip(keys, (as_float64(one) for one in pictures), strict=True)))
    judging, _ = _usable(dict(enumerate(as_float64(one) for one in photos)))
    bins = min([BINS, *(min(one.shape[1:]) // 2 for one in (*shown.values(), *judging.values()))])
    return compared(
        {key: radial_power(one, bins) for key, one in shown.items()},
        {key: high_share(one) for key, one in shown.items()},
        np.array([radial_power(one, bins) for one in judging.values()]).reshape(-1, bins),
        np.array([high_share(one) for one in judging.values()]),
        left_out,
        seed,
    )


def compared(
    powers: Mapping[Key, np.ndarray],
    high: Mapping[Key, float],
    photos: np.ndarray,
    photos_high: np.ndarray,
    left_out: Mapping[Key, str],
    seed: int = 0,
) -> Spectrum[Key]:
    """Return spectra of pictures over those of photos, of what was measured of each: see :func:`spectrum`.

    Args:
        powers: of each picture, in rings. high: each one's share of high frequencies.
        photos, photos_high: the same of photos, (M, bins) and (M,).
        left_out: why other pictures have no spectrum.

    Raises:
        ScoreError: no picture or no photo has a spectrum, they have not one number of rings, or photos have nothing in
            some.
    """
    for what, some, remedy in (("pictures", powers, "render others"), ("judging photos", photos, "add others")):
        if not len(some):
            raise ScoreError(f"none of the {what} has a spectrum: each is of one colour throughout", remedy)
    bins = photos.shape[1]
    if any(len(power) != bins for power in powers.values()):
        raise ScoreError("pictures and photos have other numbers of rings", "look at both in one size")
    of_photos = photos.mean(axis=0)
    if not (of_photos > ROUNDING * of_photos.max()).all():
        raise ScoreError("the photos have no power at some frequencies", "add photos that are not blurred")
    grouped: dict[object, list[np.ndarray]] = defaultdict(list)
    for key, power in powers.items():
        grouped[group_of(key)].append(power)
    means = np.array([np.mean(grouped[group], axis=0) for group in sorted(grouped)])  # type: ignore[type-var]
    ratios = means / of_photos
    middle, (lowest, highest) = ratios.mean(axis=0), bootstrap_interval(ratios, seed)
    ends = interval_of(_distance(resampled(len(ratios), seed) @ ratios / len(ratios)))
    return Spectrum(
        frequencies=tuple(((np.arange(bins) + 0.5) / (2 * bins)).tolist()),
        pictures=tuple(means.mean(axis=0).tolist()),
        photos=tuple(of_photos.tolist()),
        ratio=tuple(
            Figure(float(it), float(below), float(above), len(ratios))
            for it, below, above in zip(middle, lowest, highest, strict=True)
        ),
        distance=Figure(float(_distance(middle)), float(ends[0]), float(ends[1]), len(ratios)),
        high=Scored(high, left_out),
        photos_high=mean(photos_high.tolist(), seed),
        photo_count=len(photos),
    )


def _distance(ratios: np.ndarray) -> np.ndarray:
    """Return the mean of |log10| of ratios (..., bins)."""
    return np.abs(np.log10(np.maximum(ratios, NOTHING))).mean(axis=-1)


def _usable(pictures: dict[Key, np.ndarray]) -> tuple[dict[Key, np.ndarray], dict[Key, str]]:
    """Return the pictures that have a spectrum, and why the others have none.

    Raises:
        ScoreError: one has not the shape of a picture.
    """
    usable: dict[Key, np.ndarray] = {}
    left_out: dict[Key, str] = {}
    for key, picture in pictures.items():
        if picture.ndim != 3 or min(picture.shape[1:]) < 2:
            raise ScoreError(f"the picture {key} has the shape {picture.shape}", "give it as (3, H, W)")
        if not np.isfinite(picture).all():
            left_out[key] = "it is not finite"
        elif is_flat(picture):
            left_out[key] = FLAT
        else:
            usable[key] = picture
    return usable, left_out
