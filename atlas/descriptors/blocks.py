"""Blocks of cells, normalised and clamped: the end of HOG and of SIFT (Mahendran and Vedaldi 2016, section 4.1)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLAMP = 0.2
"""Values are clamped to this from above (section 4.1)."""

HOG_EPSILON = 1e-4 / 255**2
"""Added to a block's squared norm, in the implementations of DPM V5 and VLFeat, for images in 0 to 255 there."""

SIFT_EPSILON = 1e-6 / 255**2
"""Added to a descriptor's squared norm (authors' ``dsift_net.m``), for images in 0 to 255 there."""

WINDOW = 1.5
"""Standard deviation in cells of the Gaussian that weights a descriptor's cells (authors' ``dsift_net.m``)."""


class HOGBlocks(nn.Module):
    """Normalise each cell by the four blocks of 2 x 2 cells around it, clamp, and take half the sum.

    Norms are of undirected orientations only. At the border the outermost cells are repeated, as in VLFeat.
    """

    def forward(self, cells: Tensor) -> Tensor:
        """Return (N, 3K / 2, h, w) of cells (N, K, h, w): K directed orientations, then K / 2 undirected ones."""
        one, other = cells.chunk(2, dim=1)
        undirected = one + other
        energy = F.pad(undirected.square().sum(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")
        factors = (4 * F.avg_pool2d(energy, 2, stride=1) + HOG_EPSILON).rsqrt()  # (N, 1, h + 1, w + 1)
        both = torch.cat([cells, undirected], dim=1)
        height, width = cells.shape[2:]
        total = torch.zeros_like(both)
        for row in (0, 1):
            for column in (0, 1):
                factor = factors[:, :, row : row + height, column : column + width]
                total = total + (both * factor).clamp_max(CLAMP)
        return total / 2


class SIFTBlocks(nn.Module):
    """Stack 4 x 4 cells, weighted by a Gaussian around their middle, normalise and clamp.

    Args:
        stride: cells from one descriptor to the next.
    """

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride
        bell = torch.exp(-0.5 * (torch.arange(4.0) - 1.5).square() / WINDOW**2)
        self.register_buffer("window", (bell[:, None] * bell).flatten(), persistent=False)

    def forward(self, cells: Tensor) -> Tensor:
        """Return (N, 16 K, h', w') of cells (N, K, h, w): K orientations of each cell, cells row by row."""
        height, width = ((length - 4) // self.stride + 1 for length in cells.shape[2:])
        stacked = F.unfold(cells, 4, stride=self.stride)
        stacked = stacked.view(len(cells), -1, 16, height * width)  # (N, K, 16, h' w')
        weighted = stacked * self.get_buffer("window")[:, None]
        descriptors = weighted.transpose(1, 2).flatten(1, 2)
        norm = (descriptors.square().sum(dim=1, keepdim=True) + SIFT_EPSILON).sqrt()
        return (descriptors / norm).clamp_max(CLAMP).view(len(cells), -1, height, width)
