"""Statistics of photos that batch norms hold, asked of all views of a picture together."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from atlas.core.job import Target
from atlas.models.anatomy.statistics import Normalised, normalised_maps, telling_parts
from atlas.models.network.network import Network
from atlas.synthesis.scores.units import TargetObjective, spread_of_units

FAINTEST = 1e-6
"""Variance below which a channel counts as constant, where the square root has no gradient."""


class StatisticsScore:
    """A target's objective minus a weight times :func:`distance_from_photos`, for networks that hold statistics.

    Units differ in size, so that one weight could not fit them all: it is multiplied by the standard deviation, over
    units, of the activation of the target's layer in the first step's views. Where no gradient of the objective reaches
    these, nothing is asked of the picture: the unit must be woken first, or is dead, and that must not look like a
    change.

    Args:
        targets: B targets of one kind on one layer.
        weight: of the distance.
    """

    def __init__(
        self, network: Network, targets: Sequence[Target], weight: float, load_input: Callable[[str], bytes]
    ) -> None:
        self._network, self._layer, self._kind = network, targets[0].layer, targets[0].kind
        self._objective = TargetObjective(targets, network.device, load_input)
        self._weight = weight
        self._parts: list[nn.Module] | None = None  # these and the weights (B,) from the first step on
        self._weights: Tensor | None = None

    def __call__(self, views: Tensor) -> Tensor:
        """Return the score (B, n) of views (B * n, 3, h, w), all n of the first target first."""
        if self._parts is None:
            with torch.no_grad():
                self._parts = telling_parts(self._network.module, lambda: self._network(views, self._layer))
        with normalised_maps(self._parts) as seen:
            activation = self._network(views, self._layer)
        values = self._objective(activation)
        if not seen:
            return values  # the layer comes before any norm
        if self._weights is None:
            sound = activation.detach().nan_to_num(0, 0, 0)  # a broken unit must not cost the others their scale
            spread = spread_of_units(sound, self._kind).view(values.shape).mean(dim=1)
            self._weights = self._weight * spread * _reached(views, values)
        return values - (self._weights * distance_from_photos(seen, len(values)))[:, None]


def distance_from_photos(seen: Sequence[Normalised], items: int) -> Tensor:
    """Return how far items' views are from what batch norms saw in training, (items,).

    The mean over norms and channels of ``((mean - held) / held deviation)^2 + (deviation / held deviation - 1)^2``,
    mean and (biased) deviation over positions of all views of an item. DeepInversion's distance (Yin et al. 2020,
    :mod:`atlas.synthesis.scores.classes`) is of each channel's own unit, so that a few large ones decide it.

    Args:
        seen: one or more; maps (items * n, C, h, w), all n of the first item first.
    """
    distances = []
    for each in seen:
        maps = each.maps.float().unflatten(0, (items, -1))
        variance, mean = torch.var_mean(maps, dim=(1, 3, 4), correction=0)
        shift = (mean - each.mean) / each.deviation
        stretch = variance.clamp_min(FAINTEST).sqrt() / each.deviation - 1
        distances.append((shift.square() + stretch.square()).mean(dim=1))
    return torch.stack(distances).mean(dim=0)


def _reached(images: Tensor, values: Tensor) -> Tensor:
    """Return 1 for each item that a gradient of its values (B, n) reaches in its images (B * n, 3, h, w), else 0."""
    (gradients,) = torch.autograd.grad(values.sum(), images, retain_graph=True)
    return (gradients.unflatten(0, (len(values), -1)).flatten(1).abs().amax(dim=1) != 0).float()
