"""The size at which a network is shown pictures: its own input's, or a smaller one that costs less."""

from typing import TYPE_CHECKING

from atlas.methods.parameters import Size

if TYPE_CHECKING:
    from atlas.models.vision_model import VisionModel


PATCH = 16
"""Sizes that are tried in turn, pixels: among so many is a multiple of every patch up to this that a transformer cuts;
32 divides the sizes that methods ask for."""


def shown_size(model: "VisionModel", longest: int) -> Size:
    """Return the (height, width) at which a model is shown views: its input's, but no longer than it need be.

    Args:
        longest: longer side of what is shown to networks that take it, pixels; those that take multiples of a patch
            alone are shown the largest that is not longer.
    """
    import torch

    from atlas.models.network.sizes import takes

    known = model.card.identity.preprocessing
    own, side = (known.height, known.width), max(known.height, known.width)
    if side <= longest:
        return own
    network = model.network("float32", torch.device("cpu"))
    for short in range(longest, max(longest - PATCH, 0), -1):
        height, width = (max(1, round(one * short / side)) for one in own)
        if takes(network, (height, width)):
            return height, width
    return own
