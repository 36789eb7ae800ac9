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

KLT_COLOUR = ((0.430, 0.411, 0.188), (0.300, -0.202, -0.246), (-0.063, 0.162, -0.210))
"""Eigenvectors of the covariance of ImageNet's colours, a row each, a column per R, G, B; their lengths are 0.62, 0.44
and 0.27 (Shi et al. 2023, section IV-B, matrix A as in the authors' code, transposed)."""

KLT_MEAN = (0.485, 0.456, 0.406)
"""Mean of ImageNet's colours, added after the transform (Shi et al. 2023)."""


def from_klt(signal: Tensor) -> Tensor:
    """Return signals (B, 3, H, W) along the axes of the Karhunen-Loeve transform as RGB: ``A @ signal + mean``."""
    matrix, mean = _klt(signal.device, signal.dtype)
    return torch.matmul(matrix, signal.flatten(2)).view(signal.shape) + mean


def to_klt(signal: Tensor) -> Tensor:
    """Return RGB signals (B, 3, H, W) along those axes: the inverse of :func:`from_klt`."""
    matrix, mean = _klt(signal.device, signal.dtype)
    return torch.matmul(torch.linalg.inv(matrix), (signal - mean).flatten(2)).view(signal.shape)


@lru_cache(maxsize=16)
def _klt(device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    with torch.inference_mode(False):
        matrix = torch.tensor(KLT_COLOUR, dtype=torch.float64).T
        return matrix.to(device, dtype), torch.tensor(KLT_MEAN, dtype=torch.float64).to(device, dtype).view(3, 1, 1)


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
