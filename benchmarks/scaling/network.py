"""A network with many units and few weights: planning looks at its names, not at what it computes."""

import torch
from torch import nn


def wide(layers: int, channels: int) -> nn.Module:
    """Return a network of ``layers`` layers of ``channels`` channels each."""
    torch.manual_seed(0)
    body = [nn.Conv2d(channels, channels, 1, groups=channels) for _ in range(layers)]
    return nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), nn.Sequential(*body), nn.AdaptiveAvgPool2d(1))
