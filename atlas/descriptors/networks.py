"""HOG, HOG with bilinear orientations and dense SIFT, put together of layers (Mahendran and Vedaldi 2016, section 4.1).

Each takes grey images (N, 1, H, W) in [0, 1] and returns a map of descriptors. Nothing in them is learned. As models of
a configuration they are named by ``source = "callable"``, with ``mean = 0`` and ``std = 1``.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from atlas.descriptors.blocks import HOGBlocks, SIFTBlocks
from atlas.descriptors.histograms import OrientationBins, cell_pooling

HOG_ORIENTATIONS = 18
"""Directed orientations of HOG in the DPM V5 variant (section 4.1)."""

SIFT_ORIENTATIONS = 8
"""Directed orientations of SIFT (section 4.1)."""


def hog(cell: int = 8) -> nn.Sequential:
    """Return HOG with hard orientation bins: the DPM V5 variant without its four texture components.

    Its map has 27 channels: 18 directed and 9 undirected orientations.

    Args:
        cell: side of a cell, pixels, even (section 5.1: 8).

    Raises:
        ValueError: an odd or small cell.
    """
    return _network(cell, HOG_ORIENTATIONS, False, HOGBlocks())


def hogb(cell: int = 8) -> nn.Sequential:
    """Return HOGb: :func:`hog` whose gradients go to their two nearest orientations in proportion."""
    return _network(cell, HOG_ORIENTATIONS, True, HOGBlocks())


def dsift(cell: int = 8, stride: int = 1) -> nn.Sequential:
    """Return dense SIFT: descriptors of 4 x 4 cells with 8 orientations, 128 channels.

    Args:
        cell: side of a cell, pixels, even (section 5.1: 8).
        stride: cells from one descriptor to the next. Section 5.1 speaks of the same sampling as HOG, which is 1; the
            authors' ``dsift_net.m`` has 3.

    Raises:
        ValueError: an odd or small cell.
    """
    return _network(cell, SIFT_ORIENTATIONS, True, SIFTBlocks(stride))


def _network(cell: int, orientations: int, bilinear: bool, blocks: nn.Module) -> nn.Sequential:
    """Return the layers ``gradient``, ``bins``, ``cells`` and ``blocks``."""
    if cell < 2 or cell % 2:
        raise ValueError(f"a cell has an even number of pixels, at least 2, not {cell}")
    layers = {
        "gradient": _gradient(),
        "bins": OrientationBins(orientations, bilinear),
        "cells": cell_pooling(orientations, cell),
        "blocks": blocks,
    }
    return nn.Sequential(OrderedDict(layers)).requires_grad_(False)


def _gradient() -> nn.Conv2d:
    """Return the central differences [-1, 0, 1] along columns and along rows; pixels at the border have none."""
    layer = nn.Conv2d(1, 2, 3, bias=False)
    with torch.no_grad():
        difference = torch.zeros(3, 3)
        difference[1, 0], difference[1, 2] = -1, 1
        filters: Tensor = torch.stack([difference, difference.T])[:, None]
        layer.weight.copy_(filters)
    return layer
