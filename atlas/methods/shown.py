"""The size at which a network is shown pictures: its own input's, or a smaller one that costs less."""

from typing import TYPE_CHECKING

from atlas.methods.parameters import Size

if TYPE_CHECKING:
    from atlas.models.vision_model import VisionModel


def shown_size(model: "VisionModel", longest: int) -> Size:
    """Return the (height, width) at which a model is shown views: its input's, but no longer than it need be.

    Args:
        longest: longer side of what is shown to networks that take it, pixels.
    """
    import torch

    from atlas.models.network.sizes import takes

    known = model.card.identity.preprocessing
    own, side = (known.height, known.width), max(known.height, known.width)
    if side <= longest:
        return own
    height, width = (max(1, round(one * longest / side)) for one in own)
    return (height, width) if takes(model.network("float32", torch.device("cpu")), (height, width)) else own
