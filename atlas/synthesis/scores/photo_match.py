"""Matching a photo: how far the activations of views are from those of the photos that their pictures are about."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from atlas.models.network.network import Network
from atlas.models.network.passes import never_alone
from atlas.synthesis.steps.evaluation import Views

FAINTEST = 1e-30
"""Smallest squared norm that is divided by: an activation of all zeros has no relative error."""


def relative_error(activation: Tensor, reference: Tensor) -> Tensor:
    """Return ``||a - r||^2 / ||r||^2``, (N,) (Mahendran and Vedaldi 2016; Shi et al. 2023, equation 2).

    Args:
        activation, reference: (N, ...).
    """
    distance = (activation - reference).flatten(1).square().sum(dim=1)
    return distance / reference.flatten(1).square().sum(dim=1).clamp_min(FAINTEST)


class PhotoMatch:
    """Minus the weighted relative errors of some layers; what a photo leaves there is what all its views should.

    Args:
        weights: of each layer's relative error. Activations are as the modules return them, class tokens included.
        photos: (B, 3, h, w) in [0, 1].
    """

    def __init__(self, network: Network, weights: Mapping[str, float], photos: Tensor) -> None:
        self._network = network
        self._weights = dict(weights)
        with torch.no_grad():
            found = _activations(network, never_alone(photos), weights)
        self._references = {layer: activation[: len(photos)] for layer, activation in found.items()}

    def __call__(self, views: Tensor) -> Tensor:
        """Return the score (B, n) of views (B * n, 3, h, w), all n of the first picture first."""
        found = _activations(self._network, views, self._weights)
        total = torch.zeros(len(views), device=views.device)
        for layer, reference in self._references.items():
            count = len(views) // len(reference)
            error = relative_error(found[layer], reference.repeat_interleave(count, dim=0))
            total = total - self._weights[layer] * error
        return total.unflatten(0, (len(next(iter(self._references.values()))), -1))


class BesidePhotos:
    """Views of pictures, and behind each the same view of its photo: six channels, the photo's last.

    Args:
        views: of pictures; they must treat every channel alike.
        photos: (B, 3, H, W) in [0, 1], as large as the pictures.
    """

    def __init__(self, views: Views, photos: Tensor) -> None:
        self.count = views.count
        self._views = views
        self._photos = photos

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views in ``part``, (B * n, 6, h, w): see :class:`atlas.synthesis.steps.evaluation.Views`."""
        return self._views(torch.cat([images, self._photos], dim=1), step, part)


class SideBySideMatch:
    """Minus the relative errors of some layers, each view's against the same view of the photo.

    Args:
        weights: as of :class:`PhotoMatch`.
        batch: B.
    """

    def __init__(self, network: Network, weights: Mapping[str, float], batch: int) -> None:
        self._network = network
        self._weights = dict(weights)
        self._batch = batch

    def __call__(self, views: Tensor) -> Tensor:
        """Return the score (B, n) of views (B * n, 6, h, w), as :class:`BesidePhotos` makes them."""
        pictures, photos = views.split(3, dim=1)
        with torch.no_grad():
            wanted = _activations(self._network, photos, self._weights)
        found = _activations(self._network, pictures, self._weights)
        total = torch.zeros(len(views), device=views.device)
        for layer, weight in self._weights.items():
            total = total - weight * relative_error(found[layer], wanted[layer])
        return total.unflatten(0, (self._batch, -1))


def _activations(network: Network, views: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
    raw = network.raw_taps(network.inputs(views), list(layers))
    return {layer: activation.float() for layer, activation in raw.items()}
