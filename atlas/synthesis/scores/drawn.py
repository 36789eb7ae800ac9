"""Scores that are drawn along a direction, so that several pictures of one thing fall apart into different looks."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.core.canonical import digest
from atlas.core.job import Target
from atlas.errors import ModelError
from atlas.models.network.examine import find_layer
from atlas.models.network.network import Network
from atlas.synthesis.scores.units import EPSILON
from atlas.synthesis.steps.evaluation import Score


class DrawnScore:
    """A score and, at the layer of its target's facet, the cosine of the mean activation with a direction of its own.

    ``score + strength * |score| * cos(a - m, v)``, with the factor ``|score|`` a constant at each step: what is added
    has the score's own scale, whatever the unit. Of the activation ``a`` the mean ``m`` over its channels is taken off,
    so that a direction cannot be had by brightness alone. What is reported is the score without it, so that it can be
    compared with that of any other rendering.

    Args:
        score: what each view is worth. It runs the network once, at least up to the facets' layer.
        targets: B targets, each with a facet at one layer.
    """

    def __init__(self, score: Score, network: Network, targets: Sequence[Target]) -> None:
        facets = [target.facet for target in targets if target.facet is not None]
        layer = facets[0].layer
        assert layer is not None and len(facets) == len(targets)  # batches are of one kind of facets
        self._score, self._network, self._layer = score, network, layer
        units = find_layer(network.layers(), layer).units
        self._vectors = torch.stack([facet_direction(target, units) for target in targets]).to(network.device)
        self._strengths = torch.tensor([[facet.strength] for facet in facets], device=network.device)

    def __call__(self, views: Tensor) -> Tensor:
        """Return the score of views (B * n, 3, h, w), (B, n), with the gradient of both."""
        with self._network.overhearing(self._layer, views) as heard:
            values = self._score(views)
        activation = heard()
        pooled = activation.flatten(2).mean(dim=2) if activation.dim() > 2 else activation
        centred = (pooled - pooled.mean(dim=1, keepdim=True)).unflatten(0, (len(self._vectors), -1))  # (B, n, C)
        cosines = F.cosine_similarity(centred, self._vectors[:, None], dim=2, eps=EPSILON)
        drawn = self._strengths * values.detach().abs() * cosines
        return values + drawn - drawn.detach()


def facet_direction(target: Target, units: int) -> Tensor:
    """Return the direction of a target's facet, float32 (units,) of length 1.

    The directions of all facets of a unit at a layer are orthogonal, and to the direction of equal values, which is
    none. They are drawn from the unit and the layers alone, so that a facet does not depend on how many there are.

    Raises:
        ModelError: the layer has too few units for so many.
    """
    assert target.facet is not None  # asked of facets only
    number = target.facet.number
    if number >= units:
        raise ModelError(
            f'{target}: layer "{target.facet.layer}" has {units} units, so there are at most {units - 1} facets',
            "ask for fewer",
        )
    seed = digest([target.layer, target.unit, target.direction, target.facet.layer])
    generator = torch.Generator().manual_seed(int(seed[:15], 16))
    # One by one: torch draws other numbers where it is asked for more at once.
    drawn = [torch.randn(units, generator=generator, dtype=torch.float64) for _ in range(number)]
    basis = torch.stack([torch.ones(units, dtype=torch.float64), *drawn], dim=1)
    return torch.linalg.qr(basis).Q[:, -1].float()
