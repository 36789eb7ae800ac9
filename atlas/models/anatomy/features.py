"""Layers that tell what a picture shows: where features are compared, and where pictures are drawn apart."""

import torch

from atlas.core.job import LOGITS
from atlas.errors import ModelError
from atlas.models.anatomy.stages import stage_layers
from atlas.models.vision_model import VisionModel


def feature_layer(model: VisionModel) -> str:
    """Return the layer of the penultimate features: the last stage of the network.

    A network without layers that have positions and everything goes through has its last layer before the logits.
    """
    return _stages(model)[-1]


def penultimate_layer(model: VisionModel) -> str:
    """Return the last layer before what makes the classes: what the classifier reads, or is nearest to that.

    Of a network without classes it is the last of all.
    """
    output = model.card.layer(LOGITS)
    hidden = [info for info in model.card.layers if info.name != LOGITS]
    before = [info.name for info in hidden if output is None or info.units != output.units]
    return (before or [info.name for info in hidden] or [LOGITS])[-1]


def drawing_layer(model: VisionModel, layer: str) -> str:
    """Return the layer at which pictures of a layer's units are drawn apart: the last but one stage before it.

    The last stage tells classes apart, which a picture of one class shall not leave; earlier ones tell parts and
    textures. Units of early layers have the last stage before them, or their own layer.
    """
    order = [info.name for info in model.card.layers]
    before = [stage for stage in _stages(model) if order.index(stage) < order.index(layer)]
    return before[max(0, len(before) - 2)] if before else layer


def _stages(model: VisionModel) -> tuple[str, ...]:
    try:
        return stage_layers(model.network("float32", torch.device("cpu")))
    except ModelError:
        hidden = [info.name for info in model.card.layers if info.name != LOGITS]
        return tuple(hidden[-1:]) or (LOGITS,)
