"""Smoothness: what a picture varies from pixel to pixel, and from block to block."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

SCALES = 3
"""Scales at which variation is measured: pixels, and means of 2 x 2 and 4 x 4."""


def variation_at_scales(images: Tensor) -> Tensor:
    """Return the mean over scales of the total variation of images (B, 3, H, W), per picture's side, (B,).

    At each scale it is the mean absolute difference of neighbours across plus down, times the side in pixels: a single
    edge from black to white all across counts 1, whatever the number of pixels.
    """
    side, total = images.shape[3], images.new_zeros(len(images))
    for scale in range(SCALES):
        images = F.avg_pool2d(images, 2) if scale else images
        for axis in (2, 3):
            total = total + images.diff(dim=axis).abs().mean(dim=(1, 2, 3))
    return total * (side / SCALES)


class Smoothness:
    """A penalty on variation, in the unit that an objective's scale gives it.

    Args:
        weight: of :func:`variation_at_scales`. scale: gives (B,), known once the objective was evaluated.
    """

    def __init__(self, weight: float, scale: Callable[[], Tensor]) -> None:
        self._weight, self._scale = weight, scale

    def __call__(self, images: Tensor) -> Tensor:
        """Return the penalty of images (B, 3, H, W), (B,)."""
        return self._weight * self._scale() * variation_at_scales(images)
