"""Sort matching: pull the distribution of each channel's activations to that of reference photos (VITAL, Alg. 1).

A channel's values are taken as a set, so that what is asked for is how much of everything there is, not where. The
k-th smallest of the picture's values is pulled to the mean of the photos' k-th smallest. Where fewer values are
compared than there are, each is pulled to the photos' value at its own quantile.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.core.model_card import LayerInfo
from atlas.errors import ModelError
from atlas.models.network.examine import find_layer
from atlas.models.network.network import Network
from atlas.models.network.passes import never_alone
from atlas.synthesis.scores.classes import total_variation

Maps = dict[str, Tensor]
"""Layer to (N, C, P): the values of every channel at every position."""

MANY = 1024
"""Values of a channel from which on counting sorts are the faster ones (measured on a CPU with AVX-512)."""

FAINTEST = 1e-30
"""Smallest variance that is divided by."""

MapsOf = Callable[[Tensor], Maps]
"""Views (N, 3, H, W) in [0, 1] -> what is matched of them; no item depends on another."""


class SortMatching(torch.autograd.Function):
    """The mean squared difference between the k-th smallest values of channels and targets, over all k and channels.

    The same as the authors' ``mean((f - sorted_targets.gather(-1, f.argsort().argsort())) ** 2)`` (Alg. 1), with the
    gradient in closed form: ``2 (f - target of its rank) / (C P)``.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, targets: Tensor) -> Tensor:
        """Return the loss (N,) of maps (N, C, P) and ascending targets (N, C, P)."""
        order = ascending(maps)
        difference = maps.gather(2, order).sub_(targets)
        count = maps.shape[1] * maps.shape[2]
        loss = torch.linalg.vector_norm(difference.flatten(1), dim=1).square_().div_(count)
        ctx.save_for_backward(torch.empty_like(maps).scatter_(2, order, difference.mul_(2 / count)))
        return loss

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Return the gradient to the maps."""
        (slope,), (gradient,) = ctx.saved_tensors, gradients
        return slope * gradient[:, None, None], None


def sort_matching(maps: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of each item, (N,): see :class:`SortMatching`; its gradient reaches ``maps`` alone."""
    loss: Tensor = SortMatching.apply(maps, targets)  # type: ignore[no-untyped-call]
    return loss


def ascending(maps: Tensor) -> Tensor:
    """Return the order of each channel's values, smallest first and equal ones as they come, (N, C, P)."""
    maps = maps.detach()
    if maps.device.type != "cpu" or maps.dtype != torch.float32:
        return maps.argsort(dim=2, stable=True)
    # Several times faster than torch's and numpy's sorts of floats. A float's bits are in the order of floats once
    # those of negative ones are turned over.
    bits = maps.contiguous().view(torch.int32)
    keys = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return _by_halves(keys) if maps.shape[2] >= MANY else _with_places(keys)


def _by_halves(keys: Tensor) -> Tensor:
    """Return the order of whole numbers (N, C, P), int32: by their lower halves first, then stably by the upper ones.

    numpy sorts numbers of 16 bits by counting, in a time that is linear in P.
    """
    upper, lower = keys >> 16, keys & 0xFFFF
    first = _places(lower.numpy().astype(np.uint16))
    return first.gather(2, _places(upper.gather(2, first).numpy().astype(np.int16)))


def _places(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.argsort(axis=2, kind="stable"))


def _with_places(keys: Tensor) -> Tensor:
    """Return the order of whole numbers (N, C, P), int32: sorted together with their places, as one number each."""
    both = keys.long()
    both <<= 32
    both |= torch.arange(keys.shape[2])
    both.numpy().sort(axis=2)
    both &= 0xFFFFFFFF
    return both


def channel_values(raw: Tensor, layer: LayerInfo) -> Tensor:
    """Return an activation as (N, C, P): channels of a map by positions, hidden dimensions by *all* tokens.

    Args:
        raw: as the module returned it.
    """
    if layer.layout == "map":
        return raw.flatten(2)
    if layer.layout == "vector":
        return raw[:, :, None]
    return raw.flatten(1, -2).transpose(1, 2)


class StageMaps:
    """What networks hold at some layers, as it is: VITAL's matched maps for a class.

    Args:
        layers: names; the network runs no further than the last.
    """

    def __init__(self, network: Network, layers: Sequence[str]) -> None:
        self._network = network
        self._layers = {layer: find_layer(network.layers(), layer) for layer in layers}

    def __call__(self, views: Tensor) -> Maps:
        """See :data:`MapsOf`."""
        raw = self._network.raw_taps(self._network.inputs(views), list(self._layers))
        return {layer: channel_values(raw[layer].float(), info) for layer, info in self._layers.items()}


def some_of(maps: Tensor, most: int) -> Tensor:
    """Return at most ``most`` values of each channel, at positions in regular distance: (N, C, P) to (N, C, p)."""
    step = -(-maps.shape[2] // most)
    return maps if step == 1 else maps[:, :, ::step].contiguous()


def quantiles(ascending_values: Tensor, count: int) -> Tensor:
    """Return ``count`` values of each distribution, (N, C, P) to (N, C, count), interpolated between neighbours.

    The k-th of P ascending values is taken for the quantile (k + 1/2) / P.
    """
    if ascending_values.shape[2] == count:
        return ascending_values
    return F.interpolate(ascending_values, size=count, mode="linear", align_corners=False)


def balance(targets: Maps) -> dict[str, Tensor]:
    """Return the weight of each layer for each item, (B,): one over the variance of all the values to match.

    So the loss of a layer is the share of that variance which a picture misses, whatever the scale of its activations,
    and no layer outweighs the others. A layer whose values are all the same has weight 0.
    """
    variances = {layer: values.flatten(1).var(dim=1, correction=0) for layer, values in targets.items()}
    return {layer: torch.where(one > 0, 1 / one.clamp_min(FAINTEST), 0.0) for layer, one in variances.items()}


@torch.no_grad()
def mean_sorted(maps_of: MapsOf, photos: Iterable[Tensor], device: torch.device, at_once: int) -> Maps:
    """Return the targets of photos: each channel's values in ascending order, the mean over photos; (1, C, P).

    They go through the network in passes, so that memory holds one pass.

    Args:
        photos: (3, H, W) each, in [0, 1], all of one size. at_once: so many make a pass.

    Raises:
        ModelError: there are none.
    """
    sums: Maps = {}
    count = 0
    for shown in _passes(photos, at_once):
        found = maps_of(never_alone(shown.to(device)))
        for layer, maps in found.items():
            total = maps[: len(shown)].sort(dim=2).values.double().sum(dim=0, keepdim=True)
            sums[layer] = sums[layer] + total if layer in sums else total
        count += len(shown)
    if not count:
        raise ModelError("there are no reference photos to match", "check that the photos can be decoded")
    return {layer: (total / count).float() for layer, total in sums.items()}


def _passes(photos: Iterable[Tensor], size: int) -> Iterable[Tensor]:
    waiting: list[Tensor] = []
    for photo in photos:
        waiting.append(photo)
        if len(waiting) == size:
            yield torch.stack(waiting)
            waiting = []
    if waiting:
        yield torch.stack(waiting)


class MatchScore:
    """Minus VITAL's loss: weighted sort matching over layers, total variation and the norm, of each view on its own.

    Total variation and norm are those of the network's normalised input, as DeepInversion's.

    Args:
        maps_of: of views, through which gradients reach them.
        targets: layer to (B, C, P), ascending.
        weights: layer to weight, or to one for each item, (B,).
        penalty: weight of total variation, and of the norm (VITAL gives both the same). Of an item all of whose targets
            are 0, because no photo excites it, it is 0 too: nothing but the penalty would make its picture.
        values: of each channel that are compared, at most; 0 for all.
    """

    def __init__(
        self,
        network: Network,
        maps_of: MapsOf,
        targets: Maps,
        weights: Mapping[str, float | Tensor],
        penalty: float,
        values: int = 0,
    ) -> None:
        self._network, self._maps_of, self._weights = network, maps_of, weights
        self._shapes = {layer: one.shape[1:] for layer, one in targets.items()}
        self._targets = {
            layer: quantiles(one, some_of(one, values).shape[2]) if values else one for layer, one in targets.items()
        }
        self._penalty, self._values = penalty, values
        self._batch = len(next(iter(targets.values())))
        self._excited = torch.stack([one.flatten(1).any(dim=1) for one in targets.values()]).any(dim=0)

    def __call__(self, views: Tensor) -> Tensor:
        """Return the score of every view, (B, n), of views (B * n, 3, h, w), all n of the first target first.

        Raises:
            ModelError: a layer has other channels or positions for these views than for the reference photos.
        """
        count = len(views) // self._batch
        loss = torch.zeros(self._batch, count, device=views.device)
        for layer, maps in self._maps_of(views).items():
            if self._shapes[layer] != maps.shape[1:]:
                raise ModelError(
                    f'layer "{layer}" holds {tuple(maps.shape[1:])} values of a picture, but of a reference photo '
                    f"{tuple(self._shapes[layer])}",
                    "its forward must not depend on the images",
                )
            if self._values:
                maps = some_of(maps, self._values)
            missed = sort_matching(maps, self._targets[layer].repeat_interleave(count, dim=0)).view(-1, count)
            weight = self._weights[layer]
            loss = loss + (weight[:, None] if isinstance(weight, Tensor) else weight) * missed
        if self._penalty:
            inputs = self._network.inputs(views)
            norm = torch.linalg.vector_norm(inputs.flatten(1), dim=1)
            penalty = (total_variation(inputs) + norm).view(-1, count)
            loss = loss + self._penalty * torch.where(self._excited[:, None], penalty, 0.0)
        return -loss
