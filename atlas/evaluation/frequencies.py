"""Frequencies: how much power one picture has at each, in cycles per pixel, so that pictures of any size have the same.

Powers are those of ``|F(x)|² / (H W)``, mean over the colours, whose sum over all frequencies but 0 is H W times a
picture's variance.
"""

import numpy as np

from atlas.errors import ScoreError
from atlas.evaluation.arrays import Array, as_float64

BINS = 32
"""Of a curve, up to half a cycle per pixel; of pictures of less than 64 pixels, half as many as they have."""

QUARTER = 0.25
"""Cycles per pixel above which a frequency is called high."""

CONSTANT = 1e-6
"""A picture, in [0, 1], whose colours differ by less over all of it has no spectrum but rounding."""


def radial_power(picture: Array, bins: int = BINS) -> np.ndarray:
    """Return the mean power of a picture (3, H, W) in rings of frequencies up to half a cycle per pixel, (bins,).

    Ring i holds the frequencies above i / (2 bins) and up to (i + 1) / (2 bins); frequency 0 is in none.

    Args:
        bins: at most half of the shorter side, so that no ring is empty.

    Raises:
        ScoreError: more bins than that.
    """
    found, radius = power(as_float64(picture))
    if bins < 1 or 2 * bins > min(found.shape):
        shape = " x ".join(map(str, found.shape))
        raise ScoreError(f"a picture of {shape} pixels has no {bins} rings", f"take 1 to {min(found.shape) // 2}")
    rings = np.ceil(np.round(radius * 2 * bins, 9)).astype(int) - 1
    inside = (rings >= 0) & (rings < bins)
    counts = np.bincount(rings[inside], minlength=bins)
    return np.bincount(rings[inside], weights=found[inside], minlength=bins) / counts


def high_share(picture: Array) -> float:
    """Return the share of a picture's power, frequency 0 apart, above :data:`QUARTER`; NaN of a constant one."""
    found, radius = power(as_float64(picture))
    total = found[radius > 0].sum()
    return float(found[radius > QUARTER].sum() / total) if total > 0 else float("nan")


def is_flat(picture: np.ndarray) -> bool:
    """Tell whether a picture (3, H, W) in [0, 1] is of one colour, so that it has no spectrum but rounding."""
    return bool(np.ptp(picture, axis=(1, 2)).max() < CONSTANT)


def power(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return |F(x)|² / (H W) of a picture (3, H, W), mean over colours, and the frequencies, both (H, W)."""
    _, height, width = picture.shape
    centred = picture - picture.mean(axis=(1, 2), keepdims=True)  # frequency 0 would spread by rounding
    found = (np.abs(np.fft.fft2(centred)) ** 2).mean(axis=0) / (height * width)
    return found, np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
