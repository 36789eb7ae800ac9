"""An objective with its own scale, less how far a picture's views are from the statistics that batch norms hold."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from atlas.core.job import Target
from atlas.models.anatomy.statistics import Normalised, normalised_maps, telling_parts
from atlas.models.network.network import Network
from atlas.synthesis.scores.classes import moments
from atlas.synthesis.scores.confidence import sure_enough
from atlas.synthesis.scores.units import TargetObjective, reached, spread_of_units

FAINTEST = 1e-6
"""Variance below which a channel counts as constant, where the square root has no gradient."""


class ScaledScore:
    """A target's objective, and the scale by which what is subtracted from it is weighed.

    Units differ in size, so that one weight could not fit them all. The scale is the standard deviation, over units, of
    the activation of the target's layer in the first views that are shown. Where no gradient of the objective reaches
    these it is 0, and stays so: nothing is subtracted from a unit that is dead or woken later, which must not look like
    a change. All views of a step must come in one call, so that the scale does not depend on what else is rendered.

    Args:
        targets: B targets of one kind on one layer.
        statistics: weight of :func:`distance_from_photos`, which is subtracted; 0 for networks that hold none.
        confidence: probability of a class at which its logit is high enough (:func:`~.confidence.sure_enough`); 1 for
            no bound. Other units have none.
    """

    def __init__(
        self,
        network: Network,
        targets: Sequence[Target],
        statistics: float,
        confidence: float,
        load_input: Callable[[str], bytes],
    ) -> None:
        self._network, self._layer, self._kind = network, targets[0].layer, targets[0].kind
        self._objective = TargetObjective(targets, network.device, load_input)
        self._statistics, self._confidence = statistics, confidence
        self._parts: list[nn.Module] = []
        self._scale: Tensor | None = None
        if statistics:
            known = network.preprocessing
            blank = torch.zeros(2, 3, known.height, known.width, device=network.device)
            with torch.no_grad():
                self._parts = telling_parts(network.module, lambda: network(blank, self._layer))

    def scale(self) -> Tensor:
        """Return the scale, (B,); known once views were shown."""
        assert self._scale is not None
        return self._scale

    def __call__(self, views: Tensor) -> Tensor:
        """Return the score (B, n) of views (B * n, 3, h, w), all n of the first target first."""
        with normalised_maps(self._parts) as seen:
            activation = self._network(views, self._layer)
        values = self._objective(activation)
        if self._scale is None:
            sound = activation.detach().nan_to_num(0, 0, 0)  # a broken unit must not cost the others their scale
            spread = spread_of_units(sound, self._kind).view(values.shape).mean(dim=1)
            self._scale = spread * reached(views, values)
        if self._kind == "logit":
            values = sure_enough(values, activation, self._objective.units, self._objective.signs, self._confidence)
        if not seen:
            return values  # none is asked for, or the layer comes before any norm
        distance = distance_from_photos(seen, len(values))
        return values - (self._statistics * self._scale * distance)[:, None]


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
        means, variances = (one.unflatten(0, (items, -1)) for one in moments(each.maps.float().flatten(2)))
        mean = means.mean(dim=1)
        variance = variances.mean(dim=1) + (means - mean[:, None]).square().mean(dim=1)
        shift = (mean - each.mean) / each.deviation
        stretch = variance.clamp_min(FAINTEST).sqrt() / each.deviation - 1
        distances.append((shift.square() + stretch.square()).mean(dim=1))
    return torch.stack(distances).mean(dim=0)
