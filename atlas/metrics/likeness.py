"""Likeness: how near a picture is to the photo that it was made of, item by item."""

import torch
import torch.nn.functional as F
from torch import Tensor

HIGHEST_PSNR = 100.0
"""dB; where two pictures are the same in 8 bits the ratio is infinite, which no record can hold."""


def psnr(pictures: Tensor, photos: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio, dB, (B,): ``-10 log10`` of the mean squared difference, 100 at most.

    Args:
        pictures, photos: (B, 3, H, W) in [0, 1].
    """
    error = (pictures.double() - photos.double()).square().flatten(1).mean(dim=1)
    return (-10 * error.clamp(min=10 ** (-HIGHEST_PSNR / 10)).log10()).float()


def fourier_distance(pictures: Tensor, photos: Tensor) -> Tensor:
    """Return FFT2D, (B,): 1 minus the cosine between the magnitudes of both pictures' Fourier transforms.

    The "cosine similarity in the Fourier space" of Shi et al. 2023, table I, where lower is better; they do not say
    more. Magnitudes are of the two-dimensional transform of each colour, the constant term included: of the complex
    values themselves the cosine would be that of the pixels (Parseval).

    Args:
        pictures, photos: (B, 3, H, W) in [0, 1].
    """
    first, second = (torch.fft.fft2(images.double()).abs().flatten(1) for images in (pictures, photos))
    return (1 - F.cosine_similarity(first, second, dim=1)).clamp(min=0).float()


def largest_difference(pictures: Tensor, photos: Tensor) -> Tensor:
    """Return the largest absolute difference of any value, image units, (B,)."""
    return (pictures.double() - photos.double()).abs().flatten(1).amax(dim=1).float()
