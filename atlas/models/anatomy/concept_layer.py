"""The layer whose activations concepts are made of: chosen by what layers do, never by an architecture's name.

Non-negative matrix factorisation needs activations >= 0 (Fel et al. 2023, CRAFT, section 3.1), patches and heat maps
need positions, and importance needs the rest of the network to depend on the layer alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from atlas.core.job import LOGITS
from atlas.core.model_card import LayerInfo
from atlas.errors import ModelError
from atlas.models.anatomy.cuts import Cuts, noise_images
from atlas.models.anatomy.tail import tail_of
from atlas.models.network.capture import watching
from atlas.models.network.examine import find_layer
from atlas.models.network.layout import canonical
from atlas.models.network.network import Network
from atlas.models.network.output import first_tensor
from atlas.models.vision_model import VisionModel

IMAGES = 6
"""Noise images on which a layer must not be negative to count as non-negative."""

FINER = 2
"""A layer is late while its grid has at most this many times the rows and columns of the last grid of the network: it
is then in the last two stages, where the parts of objects are told apart."""


def concept_layer(model: VisionModel, others: str = "") -> str:
    """Return the latest layer to find concepts in by non-negative matrix factorisation.

    It has more than one position, its activations are >= 0, the logits depend on the image through it alone, and it
    is late (:data:`FINER`).

    Args:
        others: what factorisations that take negative activations are called, for the message.

    Raises:
        ModelError: there is none, as in networks with GELU or SiLU; names the layer and the factorisations to use
            instead. Or the model has no logits.
    """
    survey = _Survey(model)
    found = survey.latest(layer for layer in survey.grids if survey.is_non_negative(layer))
    if found is not None and survey.is_late(found):
        return found.name
    signed = survey.latest(survey.grids)
    if signed is None:
        raise survey.nothing()
    early = f'; the last one, "{found.name}" of {_grid(found)} positions, is early' if found else ""
    called = f" ({others})" if others else ""
    raise ModelError(
        f'model "{model.card.name}" has no late layer whose activations are all >= 0{early}',
        f'choose a factorisation that takes negative activations{called}, which would use layer "{signed.name}"'
        + (f', or set layer = "{found.name}"' if found else ""),
    )


def signed_concept_layer(model: VisionModel) -> str:
    """Return the latest layer to find concepts in by a factorisation that takes negative activations.

    As :func:`concept_layer`, whatever the sign. In a transformer that reads out its class token it is the last block
    but one: of the last block's other tokens the logits know nothing.

    Raises:
        ModelError: there is none, or the model has no logits.
    """
    survey = _Survey(model)
    found = survey.latest(survey.grids)
    if found is None:
        raise survey.nothing()
    return found.name


def check_concept_layer(model: VisionModel, layer: str) -> None:
    """Check that concepts can be found at a layer that somebody named, whatever the sign of its activations.

    Raises:
        ModelError: no such layer, or no logits; it has one position or none; the logits depend on the image in other
            ways too, or not on its positions. Names a layer that will do.
    """
    info = find_layer(model.card.layers, layer)
    if _positions(info) < 2:
        raise ModelError(
            f'layer "{layer}" has no grid of positions, so concepts could not be located',
            f'use "{signed_concept_layer(model)}" or an earlier layer',
        )
    network = model.network("float32", torch.device("cpu"))
    tail_of(network, layer)
    if not Cuts(network).matters(layer):
        raise ModelError(
            f'the logits do not depend on the positions of layer "{layer}"; they read its class token alone',
            f'use "{signed_concept_layer(model)}" or an earlier block',
        )


def lowest_activation(model: VisionModel, layer: str) -> float:
    """Return the lowest activation of a layer on a few images of noise; below 0, photos will have negative ones too.

    Raises:
        ModelError: no such layer, or no logits.
    """
    find_layer(model.card.layers, layer)
    return _Survey(model).lowest(layer)


def nearest_non_negative(model: VisionModel, layer: str) -> str | None:
    """Return the layer nearest to ``layer`` in the network's order that non-negative factorisation could use.

    Early ones count as well; of two that are equally near, the later.

    Returns:
        None if there is none.

    Raises:
        ModelError: no such layer, or no logits.
    """
    survey = _Survey(model)
    names = [info.name for info in model.card.layers]
    here = names.index(find_layer(model.card.layers, layer).name)
    usable = [info for info in survey.grids if survey.is_non_negative(info) and info.name != layer]
    usable.sort(key=lambda info: (abs(names.index(info.name) - here), -names.index(info.name)))
    return next((info.name for info in usable if survey.carries(info)), None)


def check_earlier_layer(model: VisionModel, earlier: str, layer: str) -> None:
    """Check that a layer that somebody named can split the concepts of ``layer``.

    Raises:
        ModelError: no such layer; it does not come before ``layer``, or has no positions.
    """
    names = [info.name for info in model.card.layers]
    if _positions(find_layer(model.card.layers, earlier)) < 2:
        raise ModelError(f'layer "{earlier}" has no grid of positions', "name one that has, or leave it out")
    if names.index(earlier) >= names.index(find_layer(model.card.layers, layer).name):
        raise ModelError(
            f'layer "{earlier}" does not come before "{layer}", where the concepts are found',
            "name an earlier one, or leave it out",
        )


def earlier_layer(model: VisionModel, layer: str, signed: bool = False) -> str:
    """Return the next earlier layer with more positions than ``layer``, to factorise a concept's patches again.

    Its activations are >= 0, and the logits depend on the image through it alone: what else has many positions may be
    no map at all, such as the keys of an attention's heads.

    Args:
        signed: take one with negative activations as well.

    Raises:
        ModelError: no such layer, or none before it has more positions.
    """
    survey = _Survey(model)
    names = [info.name for info in model.card.layers]
    info = find_layer(model.card.layers, layer)
    for earlier in reversed(survey.grids):
        finer = names.index(earlier.name) < names.index(layer) and _positions(earlier) > _positions(info)
        if finer and (signed or survey.is_non_negative(earlier)) and survey.carries(earlier):
            return earlier.name
    sign = "" if signed else " and activations >= 0"
    raise ModelError(
        f'model "{model.card.name}" has no layer before "{layer}" with more positions{sign}',
        "leave sub-concepts out, or name the layer for them",
    )


@dataclass(frozen=True)
class _Range:
    low: float
    high: float


class _Survey:
    """What the layers of a model do with a few images."""

    def __init__(self, model: VisionModel) -> None:
        self._name = model.card.name
        find_layer(model.card.layers, LOGITS)
        self._network = model.network("float32", torch.device("cpu"))
        self._ranges, aliases = _ranges(self._network)
        self._cuts: Cuts | None = None
        self.grids = [info for info in model.card.layers if _positions(info) > 1 and info.name not in aliases]

    def is_non_negative(self, info: LayerInfo) -> bool:
        """Tell whether the layer's activations are >= 0, and not all 0."""
        found = self._ranges.get(info.name)
        return found is not None and found.low >= 0 and found.high > 0

    def lowest(self, layer: str) -> float:
        """Return the layer's lowest activation."""
        found = self._ranges.get(layer)
        return 0.0 if found is None else found.low

    def is_late(self, info: LayerInfo) -> bool:
        """Tell whether the layer's grid is not much finer than the network's last."""
        last = self.grids[-1].grid
        return info.grid is not None and last is not None and max(info.grid) <= FINER * max(last)

    def carries(self, info: LayerInfo) -> bool:
        """Tell whether the logits depend on the image through this layer alone, and on its positions at all."""
        self._cuts = self._cuts or Cuts(self._network)
        return self._cuts.is_cut(info.name) and self._cuts.matters(info.name)

    def latest(self, layers: Iterable[LayerInfo]) -> LayerInfo | None:
        """Return the latest of the layers that carries everything, or None."""
        return next((info for info in reversed(list(layers)) if self.carries(info)), None)

    def nothing(self) -> ModelError:
        """Return the error of a model without any layer for concepts."""
        return ModelError(
            f'model "{self._name}" has no layer with several positions that all of its logits depend on',
            "concepts need one; render its classes and channels instead",
        )


def _ranges(network: Network) -> tuple[dict[str, _Range], set[str]]:
    """Return the smallest and largest activation of every layer on noise, class and register tokens left out.

    Also which layers are but other names: an Identity that returns what the layer before it returned.
    """
    layers = {info.name: info for info in network.layers()}
    images = noise_images(network.preprocessing, IMAGES).to(network.device)
    ranges: dict[str, _Range] = {}
    aliases: set[str] = set()
    latest: Tensor | None = None

    def note(path: str, output: Any) -> None:
        nonlocal latest
        tensor = first_tensor(output)
        if tensor is not None and path in layers:
            if tensor is latest and isinstance(network.module.get_submodule(path), nn.Identity):
                aliases.add(path)
            latest = tensor
            units = canonical(tensor.detach(), layers[path], (images.shape[2], images.shape[3]))
            ranges[path] = _Range(float(units.min()), float(units.max()))  # of the last call, if there are several

    with torch.no_grad(), watching(network.module, note):
        network.logits(network.inputs(images))
    return ranges, aliases


def _positions(info: LayerInfo) -> int:
    return info.grid[0] * info.grid[1] if info.grid else 0


def _grid(info: LayerInfo) -> str:
    return f"{info.grid[0]} x {info.grid[1]}" if info.grid else "no"
