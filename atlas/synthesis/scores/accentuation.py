"""Accentuation: how strongly a picture excites a unit, less how far it has left its photo (Hamblin et al. 2024)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from atlas.core.job import Target
from atlas.models.network.network import Network
from atlas.synthesis.scores.photo_match import relative_error
from atlas.synthesis.scores.units import TargetObjective, reached, spread_of_units
from atlas.synthesis.steps.evaluation import activation_of


class AccentuationScore:
    """A target's objective minus a weight times the relative error of an early layer, each view beside its photo's.

    Units differ in size, so that one weight could not fit them all: it is multiplied by the standard deviation, over
    units, of the photo's activation at the target's layer: of its mean over positions, for a neuron at all of them.

    Args:
        targets: B targets of one kind on one layer.
        layer: whose activation should stay the photo's. Where no gradient of the objective reaches the photo nothing
            is asked of it: the unit must be woken first, or is dead, and that must not look like a change.
        weight: of that.
        photos: (B, 3, h, w) in [0, 1].
        load_input: sha256 to the bytes of directions.
    """

    def __init__(
        self,
        network: Network,
        targets: Sequence[Target],
        layer: str,
        weight: float,
        photos: Tensor,
        load_input: Callable[[str], bytes],
    ) -> None:
        self._network = network
        self._objective = TargetObjective(targets, network.device, load_input)
        self._target, self._layer = targets[0].layer, layer
        leaf = photos.detach().requires_grad_()
        activation = activation_of(network, leaf, self._target)
        spread = spread_of_units(activation.detach(), targets[0].kind)
        weights = weight * spread * reached(leaf, self._objective(activation))
        self._weights = weights[:, None]  # (B, 1)

    def __call__(self, views: Tensor) -> Tensor:
        """Return the score (B, n) of views (B * n, 6, h, w), as :class:`BesidePhotos` makes them."""
        pictures, photos = views.split(3, dim=1)
        with torch.no_grad():
            wanted = self._network(photos, self._layer)
        found = self._network.taps(pictures, list(dict.fromkeys([self._target, self._layer])))
        error = relative_error(found[self._layer], wanted)
        return self._objective(found[self._target]) - self._weights * error.unflatten(0, (len(self._weights), -1))
