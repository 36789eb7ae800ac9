"""Scores of inversions: SSIM of each picture with its photo, and means over photos, layer by layer.

PSNR, FFT2D and the relative error are metrics that every record has (:mod:`atlas.metrics`); the means here are of any
of them (ViT paper, figures 10 and 11, table I; pre-images, tables 4 and 5).
"""

import math
from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np

from atlas.core.figures import Figure, mean
from atlas.core.metric_card import MetricCard, Source
from atlas.errors import ScoreError
from atlas.evaluation.arrays import Array, as_float64

Key = TypeVar("Key", bound=Hashable)
Layer = TypeVar("Layer", bound=Hashable)

SIGMA = 1.5
"""Pixels: the deviation of SSIM's window, as in the paper, which makes it 11 wide."""

WINDOW = 11

SSIM = MetricCard(
    name="ssim",
    title="SSIM",
    summary="structural similarity of a picture with its photo: 1 is the same",
    meaning=(
        "It compares brightness, contrast and pattern window by window, and minds blur, which PSNR hardly does. "
        "It is near 0 for pictures that have nothing in common, and below it where one is the other's negative.",
    ),
    definition="The mean over windows and colours of "
    "(2μₓμᵧ + c₁)(2σₓᵧ + c₂) / ((μₓ² + μᵧ² + c₁)(σₓ² + σᵧ² + c₂)), by a Gaussian window of 11 pixels.",
    lowest=-1,
    highest=1,
    better="higher",
    n="mean over all windows and colours",
    paper=Source(
        title="Image Quality Assessment: From Error Visibility to Structural Similarity",
        authors="Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli",
        year=2004,
        url="https://doi.org/10.1109/TIP.2003.819861",
    ),
    limits=("A picture that is moved by some pixels scores low, as with PSNR.",),
)
CARDS = (SSIM,)


def ssim(picture: Array, photo: Array) -> float:
    """Return the structural similarity of a picture with a photo, with the paper's window and constants, in [-1, 1].

    Args:
        picture, photo: (3, H, W) in [0, 1], of one size, at least 11 pixels wide and high.

    Raises:
        ScoreError: other shapes, or values that are not finite.
    """
    from skimage.metrics import structural_similarity

    first, second = as_float64(picture), as_float64(photo)
    if first.shape != second.shape or first.ndim != 3 or min(first.shape[1:]) < WINDOW:
        raise ScoreError(
            f"a picture of the shape {first.shape} cannot be compared with a photo of {second.shape}",
            f"give both as (3, H, W), of one size, at least {WINDOW} pixels wide and high",
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ScoreError("a picture or its photo is not finite", "leave it out")
    as_in_paper = {"gaussian_weights": True, "sigma": SIGMA, "use_sample_covariance": False}
    return float(structural_similarity(first, second, data_range=1.0, channel_axis=0, **as_in_paper))


def by_layer(values: Mapping[Layer, Mapping[Key, float]], seed: int = 0) -> dict[Layer, Figure]:
    """Return a score's mean over photos at each layer, with the bootstrap's interval over photos.

    Args:
        values: by layer, in the order of the plot, the score by photo, or by (photo, seed). What is NaN or infinite is
            left out, and a layer without any other is, too: n tells how many photos remain.
        seed: of the resampling, the same for all layers.
    """
    finite = {
        layer: {key: value for key, value in each.items() if math.isfinite(value)} for layer, each in values.items()
    }
    return {layer: mean(each, seed) for layer, each in finite.items() if each}
