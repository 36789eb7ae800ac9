"""Colour: between the decorrelated space in which spectra live and RGB."""

from functools import lru_cache

import torch
from torch import Tensor

IMAGENET_COLOUR = (
    (0.56282854, 0.58447580, 0.58447580),
    (0.19482528, 0.00000000, -0.19482528),
    (0.04329450, -0.10823626, 0.06494176),
)
"""Square root of the covariance of ImageNet's colours, a row per decorrelated channel, a column per R, G, B.

Lucid's ``color_correlation_svd_sqrt``, transposed and divided by its largest column norm (lucid/optvis/param/color.py,
Olah et al. 2017, "Feature visualization"); with these digits in Xplique and in MACO's own code (Fel et al. 2023).
"""


def recorrelate(image: Tensor) -> Tensor:
    """Return decorrelated images (B, 3, H, W) in RGB: the colour matrix right-multiplied on the channel axis."""
    return _times(image, inverse=False)


def decorrelate(image: Tensor) -> Tensor:
    """Return RGB images (B, 3, H, W) in the decorrelated space: the inverse of :func:`recorrelate`."""
    return _times(image, inverse=True)


def _times(image: Tensor, inverse: bool) -> Tensor:
    matrix = _matrix(inverse, image.device, image.dtype)
    return torch.matmul(matrix, image.flatten(2)).view(image.shape)


@lru_cache(maxsize=16)
def _matrix(inverse: bool, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return the matrix to multiply from the left, kept so that no step waits for a copy to the device."""
    with torch.inference_mode(False):  # a tensor made under inference mode could not enter autograd later
        matrix = torch.tensor(IMAGENET_COLOUR, dtype=torch.float64).T
        return (torch.linalg.inv(matrix) if inverse else matrix).to(device, dtype)
