"""Sizes that a network takes besides that of its input: found by trying, since no module says so."""

from collections.abc import Sequence

import torch

from atlas.errors import ModelError
from atlas.models.code.foreign import foreign_code
from atlas.models.network.network import Network

FAILS = "it fails"
"""Beginning of the message of what a forward raises, if it did not raise an error of ours."""


def shapes_at(network: Network, size: tuple[int, int], layers: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of layers' activations of two images of a size (height, width), pixels; all in one pass.

    Raises:
        ModelError: the network does not take them; says what it said.
    """
    with torch.no_grad(), foreign_code(FAILS):  # a forward may raise anything at all
        taps = network.taps(torch.zeros(2, 3, *size, device=network.device), layers)
    return {layer: tuple(taps[layer].shape) for layer in layers}


def takes(network: Network, size: tuple[int, int]) -> bool:
    """Tell whether a network runs to its end on images of a size (height, width), pixels."""
    try:
        shapes_at(network, size, [network.layers()[-1].name])
    except ModelError:
        return False
    return True
