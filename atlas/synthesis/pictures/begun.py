"""Pictures that begin with the low frequencies of a photo: where things are and which colours they have, roughly."""

from typing import Protocol

import torch
from torch import Tensor

CUT = 32.0
"""Cycles per picture at which a photo's share in the start has fallen to 61 % of that at the lowest frequency (one
standard deviation of a Gaussian). Of four flamingos by lite0, one look differed from the others with 12, two with 40;
32 is between them, towards 40, and was not tried by itself."""


class Begins(Protocol):
    """A parametrization that can begin with a photo."""

    def begin(self, photos: Tensor, share: Tensor) -> None:
        """Mix the frequencies of photos into the pictures' own, which are random.

        Args:
            photos: (B, 3, H, W) in [0, 1], on the device, as large as the pictures.
            share: (H, W // 2 + 1), how much of each frequency is the photo's, in [0, 1].
        """
        ...


def low_frequencies(height: int, width: int, strength: float) -> Tensor:
    """Return the share of the photo in each frequency of a half spectrum, (height, width // 2 + 1) float32.

    Args:
        strength: of the lowest frequencies.
    """
    rows = torch.fft.fftfreq(height, dtype=torch.float64)[:, None] * height
    columns = torch.fft.rfftfreq(width, dtype=torch.float64) * width
    return (strength * torch.exp(-((rows**2 + columns**2) / (2 * CUT**2)))).float()
