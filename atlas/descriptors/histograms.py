"""Gradients to histograms: orientation bins, and cells that gather them (Mahendran and Vedaldi 2016, section 4.1)."""

import math

import torch
from torch import Tensor, nn

TIE = 1e-5
"""Width in bins within which a gradient between two bins goes to the lower one. Gradients straight up or down lie
exactly between bins of HOG; rounding would throw them to either side."""


class OrientationBins(nn.Module):
    """Share out the length of each pixel's gradient among K orientations, from 0 to 360 degrees.

    Args:
        orientations: K; orientation k points to k * 360 / K degrees.
        bilinear: among the two nearest, ``h_k = |g| max(0, 1 - K / (2 pi) angle(g, u_k))``, rather than to the nearest
            alone. The first lets gradients know the direction of g, the second only its length.
    """

    def __init__(self, orientations: int, bilinear: bool) -> None:
        super().__init__()
        self.bilinear = bilinear
        self.register_buffer("orientations", torch.arange(float(orientations)), persistent=False)

    def forward(self, gradients: Tensor) -> Tensor:
        """Return (N, K, H, W), non-negative, of gradients (N, 2, H, W): along columns, along rows."""
        orientations: Tensor = self.get_buffer("orientations")[:, None, None]
        count = len(orientations)
        length = torch.linalg.vector_norm(gradients, dim=1, keepdim=True)
        across, down = gradients[:, :1], gradients[:, 1:]
        across = torch.where(length > 0, across, torch.ones_like(across))  # atan2 has no gradient at the origin
        angle = torch.atan2(down, across) * (count / (2 * math.pi))  # in bins
        if self.bilinear:
            distance = (angle - orientations + count / 2).remainder(count) - count / 2
            shares = (1 - distance.abs()).clamp_min(0)
        else:
            shares = ((angle - 0.5 - TIE).ceil().remainder(count) == orientations).to(length.dtype)
        binned: Tensor = shares * length
        return binned


def cell_pooling(orientations: int, cell: int) -> nn.Conv2d:
    """Return the bilinear pooling of bins (N, K, H - 2, W - 2) to cells (N, K, H // cell, W // cell).

    Each pixel counts for the four nearest cells, in proportion to its nearness to their centres.

    Args:
        cell: side, pixels, even.
    """
    layer = nn.Conv2d(
        orientations, orientations, 2 * cell, stride=cell, padding=cell // 2 + 1, groups=orientations, bias=False
    )
    with torch.no_grad():
        ramp = 1 - (torch.arange(2.0 * cell) - (2 * cell - 1) / 2).abs() / cell
        layer.weight.copy_((ramp[:, None] * ramp).expand_as(layer.weight))
    return layer
