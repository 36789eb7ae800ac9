"""Evaluation: image -> noise -> views -> network -> objective, and the gradient back, in passes that fit the memory."""

import math

import torch
from torch import Tensor

from atlas.models.network import Network
from atlas.synthesis.ascent import Evaluate
from atlas.synthesis.noise import HashedNoise
from atlas.synthesis.objectives import TargetObjective
from atlas.synthesis.transforms import RandomCrops

VIEWS_PER_PASS = {"cpu": 16, "cuda": 512}
"""Views that go through the network at once. It bounds memory; on a CPU passes of 16 were fastest with lite0 at 224 px
(4, 8 and 12 slower, 24 equal)."""


def mean_over_views(
    network: Network, layer: str, objective: TargetObjective, noise: HashedNoise, crops: RandomCrops
) -> Evaluate:
    """Return the evaluation of a batch: the mean of the objective over each item's crops of its noisy image.

    The gradient is added up at the image pass by pass, so peak memory depends neither on the number of crops nor, past
    one pass, on the batch.
    """

    def evaluate(images: Tensor, step: int) -> Tensor:
        noisy = images + noise(step)
        per_pass = max(1, VIEWS_PER_PASS.get(images.device.type, 64) // len(images))
        total = torch.zeros(len(images), device=images.device)
        for number in range(math.ceil(crops.count / per_pass)):
            views = crops(noisy, step, slice(number * per_pass, (number + 1) * per_pass))
            values = objective(activation_of(network, views, layer)).sum(dim=1) / crops.count
            values.sum().backward()
            total += values.detach()
        return total

    return evaluate


def activation_of(network: Network, views: Tensor, layer: str) -> Tensor:
    """Return the activation of views (N, 3, h, w) at a layer, the first dimension N.

    A lone view is sent twice: for a batch of one, linear layers take another
    path with other rounding, and a picture must not depend on its batch.
    """
    if len(views) > 1:
        return network(views, layer)
    return network(views.expand(2, -1, -1, -1), layer)[:1]
