"""Relevance of what a network holds at some layers for something at a later one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from atlas.attribution.guided import GuidedBackpropagation
from atlas.attribution.layerwise import LayerwiseRelevance
from atlas.attribution.starts import Start
from atlas.models.network.examine import find_layer
from atlas.models.network.layout import canonical
from atlas.models.network.network import Network

RULES: dict[str, Callable[[], TorchFunctionMode]] = {"lrp": LayerwiseRelevance, "guided": GuidedBackpropagation}
"""How relevance goes back, by name."""


@dataclass(frozen=True)
class Relevance:
    """What networks hold at layers, and how much it had to do with what was asked about; detached.

    Attributes:
        activations: layer to its activation, as the module returned it, float32.
        relevances: the same shapes. Of layer-wise relevance these sum to what was sent; of guided backpropagation they
            are gradients.
    """

    activations: dict[str, Tensor]
    relevances: dict[str, Tensor]


def relevance(network: Network, views: Tensor, layer: str, start: Start, at: Sequence[str], rule: str) -> Relevance:
    """Send relevance back from a layer to earlier ones (or itself), each view's from itself.

    Args:
        views: (N, 3, H, W) in [0, 1].
        layer: where it starts; the network runs no further. ``logits`` too.
        start: what is asked about.
        at: layers that have finished when ``layer`` has; one that is on no path to it gets 0.
        rule: a name in :data:`RULES`.

    Raises:
        ModelError: no such layer.
    """
    inputs = network.inputs(views.detach()).requires_grad_()
    with torch.enable_grad():
        with RULES[rule]():
            raw = network.raw_taps(inputs, list(dict.fromkeys([*at, layer])), copies=False)
        info = find_layer(network.layers(), layer)
        explained = canonical(raw[layer].float(), info, (views.shape[2], views.shape[3]))
        sent = start(explained.detach())
        slopes = torch.autograd.grad(explained, [raw[name] for name in at], sent, materialize_grads=True)
    activations = {name: raw[name].detach().float() for name in at}
    found = {name: slope.float() for name, slope in zip(at, slopes, strict=True)}
    if rule == "lrp":
        found = {name: activations[name] * slope for name, slope in found.items()}
    return Relevance(activations, found)
