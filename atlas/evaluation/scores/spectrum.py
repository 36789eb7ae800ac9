"""Spectrum: how much of each frequency pictures have over what judging photos of their classes have."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from atlas.core.metric_card import MetricCard
from atlas.evaluation import spectrum
from atlas.evaluation.frequencies import BINS, high_share, is_flat, radial_power
from atlas.evaluation.scores.base import PHOTOS, Column, Curve, Evidence, Line, Measured, Score, left_out

POWER, HIGH = "power", "high"
"""Names of the arrays of what is looked at: power in rings (1, bins), and the share of high frequencies (1, 1)."""


class Spectrum(Score):
    """Compares pictures with photos frequency by frequency; nobody judges."""

    title: ClassVar[str] = "Spectrum"
    summary: ClassVar[str] = "how much of each frequency pictures have over what judging photos have"
    cards: ClassVar[tuple[MetricCard, ...]] = spectrum.CARDS
    needs: ClassVar[frozenset[str]] = frozenset({PHOTOS})
    version: ClassVar[int] = 3

    def look(self, pixels: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
        """See :meth:`Score.look`; all are NaN of a picture that has no spectrum."""
        picture = pixels.astype(np.float64).transpose(2, 0, 1) / 255
        bins = min(BINS, min(picture.shape[1:]) // 2)
        if is_flat(picture):
            power, high = np.full(bins, np.nan), np.nan
        else:
            power, high = radial_power(picture, bins), high_share(picture)
        return {POWER: power[None].astype(np.float32), HIGH: np.full((1, 1), high, np.float32)}

    def measure(self, seen: Evidence) -> Measured:
        """See :meth:`Score.measure`."""
        powers = dict(zip(seen.aims, seen.pictures[POWER].astype(np.float64), strict=True))
        flat = {index for index, arrays in seen.photos.items() if POWER in arrays and not _have_some(arrays[POWER])}
        high = dict(zip(seen.aims, seen.pictures[HIGH][:, 0].astype(np.float64), strict=True))
        photos, photos_high = seen.of_photos(POWER), seen.of_photos(HIGH)
        lacking = {aim: spectrum.FLAT for aim, power in powers.items() if not np.isfinite(power).all()}
        lacking |= {aim: f"the judging photos of class {aim[0]} are of one colour" for aim in powers if aim[0] in flat}
        lacking |= seen.without_photos(POWER)
        shown = {aim: power for aim, power in powers.items() if aim not in lacking}
        usable = np.isfinite(photos).all(axis=1)
        found = spectrum.compared(
            shown,
            {aim: high[aim] for aim in shown},
            photos[usable].astype(np.float64),
            photos_high[usable, 0].astype(np.float64),
            lacking,
        )
        share = found.high.figure()
        return Measured(
            lines=[
                Line("spectrum_distance", found.distance),
                *([Line("high_frequencies", share)] if share is not None else []),
                Line("high_frequencies_of_photos", found.photos_high),
            ],
            columns=[Column("high_frequencies", [found.high.values.get(aim) for aim in seen.aims])],
            curves=[
                Curve(
                    "spectrum_ratio",
                    found.frequencies,
                    [figure.value for figure in found.ratio],
                    [figure.low for figure in found.ratio],
                    [figure.high for figure in found.ratio],
                    "frequency",
                    "cycles per pixel",
                )
            ],
            left_out=left_out(lacking),
        )


def _have_some(powers: NDArray[np.float32]) -> bool:
    """Tell whether any of some photos (M, bins) has a spectrum."""
    return bool(np.isfinite(powers).all(axis=1).any())


SPECTRUM = Spectrum()
