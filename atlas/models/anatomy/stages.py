"""Stages: the stem and the four places further in that tell what a network sees at every depth, for any architecture.

Read off the network at work, not off names: of the layers that everything goes through
(:mod:`atlas.models.anatomy.paths`), those where a stage ends. A CNN, or a transformer that halves its grid, has a
stage for each of its last four
resolutions; a transformer of one resolution has blocks, of which VITAL takes four.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from atlas.core.job import LOGITS
from atlas.core.model_card import LayerInfo
from atlas.errors import ModelError
from atlas.models.anatomy.cuts import noise_images
from atlas.models.anatomy.paths import unavoidable_layers
from atlas.models.network.network import Network

STAGES = 4
"""Stages besides the stem (VITAL: "block1: conv1, ..., block5: layer4" of a ResNet50)."""

DEPTHS = {12: (0, 4, 8, 11), 24: (2, 9, 20, 23)}
"""Blocks of a vision transformer that VITAL's authors match, by its number of blocks: ViT-B and ViT-L."""

_PASSING = ("Identity", "Dropout")
"""Modules that change nothing, under whose name a layer would not be recognised."""


@dataclass(frozen=True)
class _Trunk:
    """Layers with positions that everything goes through, in order, and what their modules hold.

    Attributes:
        layers: all of them, what changes nothing left out.
        weighted: the names of those that hold a convolution or a matrix of their own.
        blocks: the names of those that hold parts with one.
        aside: for each layer, whether something that is not in the trunk finished between it and the one before.
    """

    layers: tuple[LayerInfo, ...]
    weighted: frozenset[str]
    blocks: frozenset[str]
    aside: dict[str, bool]

    def within(self, name: str) -> list[LayerInfo]:
        """Return the layers inside another."""
        return [layer for layer in self.layers if layer.name.startswith(f"{name}.")]

    def spans(self, name: str) -> bool:
        """Tell whether a layer holds several stages: layers of three resolutions."""
        return len({layer.grid for layer in self.within(name)}) >= 3


def stage_layers(network: Network) -> tuple[str, ...]:
    """Return the stem and up to four further layers, in order of completion; found once for a network.

    Args:
        network: of numerics without folding, so that no layer is lost.

    Raises:
        ModelError: no layer with positions is on all paths from the image to the model's output.
    """
    if network not in _known:
        _known[network] = _stage_layers(network)
    return _known[network]


_known: WeakKeyDictionary[Network, tuple[str, ...]] = WeakKeyDictionary()


def _stage_layers(network: Network) -> tuple[str, ...]:
    trunk = _trunk(network)
    if not trunk.weighted and not trunk.blocks:
        raise ModelError(
            "the stages of the model cannot be told: no layer with positions lies on all paths through it",
            "name them with the parameter layers",
        )
    stem = _stem(trunk)
    later = trunk.layers[trunk.layers.index(stem) + 1 :]
    ends = [end for grid in _grids(trunk) if (end := _stage_end(trunk, later, grid)) is not None][-STAGES:]
    chosen = ends if len(ends) >= 3 else _blocks(trunk, later)
    return tuple(dict.fromkeys(layer.name for layer in [stem, *chosen]))


def block_layers(network: Network) -> tuple[str, ...]:
    """Return the stem, every block, and what follows the last one, in order of completion.

    Blocks are the innermost modules with parts of their own that everything goes through; a network that has fewer than
    three has its convolutions or projections, each with what follows it.

    Args:
        network: of numerics without folding, so that no layer is lost.

    Raises:
        ModelError: no layer with positions is on all paths from the image to the model's output.
    """
    trunk = _trunk(network)
    if not trunk.weighted and not trunk.blocks:
        raise ModelError(
            "the blocks of the model cannot be told: no layer with positions lies on all paths through it",
            "name layers yourself",
        )
    stem = _stem(trunk)
    later = trunk.layers[trunk.layers.index(stem) + 1 :]
    blocks = [layer for layer in later if layer.name in trunk.blocks and not _holds_blocks(trunk, layer)]
    inner = blocks if len(blocks) >= 3 else _convolutions(trunk, later)
    last = [layer for layer in later[-1:] if layer.name not in trunk.blocks]
    return tuple(dict.fromkeys(layer.name for layer in [stem, *inner, *last]))


def convolution_layers(network: Network) -> tuple[str, ...]:
    """Return every convolution, in order of completion, whether or not everything goes through it.

    Args:
        network: of numerics without folding, so that no layer is lost.

    Raises:
        ModelError: there is none.
    """
    parts = dict(network.module.named_modules())
    found = tuple(layer.name for layer in network.layers() if isinstance(parts.get(layer.name), _ConvNd))
    if not found:
        raise ModelError("the model has no convolutions", "name layers yourself")
    return found


LAYER_SETS: Mapping[str, Callable[[Network], tuple[str, ...]]] = {
    "blocks": block_layers,
    "stages": stage_layers,
    "convolutions": convolution_layers,
}
"""Layers of any network by one word: all that it has are many, and many of those hold the same activation."""


def spread(count: int) -> list[int]:
    """Return which of ``count`` blocks to match: VITAL's of ViT-B and ViT-L, in other depths at the same shares.

    Each once, the last among them.
    """
    depth = min(DEPTHS, key=lambda known: abs(known - count))
    shares = [place / (depth - 1) for place in DEPTHS[depth]]
    return sorted({round(share * (count - 1)) for share in shares})


def _trunk(network: Network) -> _Trunk:
    layers = network.layers()
    inputs = network.inputs(noise_images(network.preprocessing, 1).to(network.device))
    names = unavoidable_layers(network, inputs, LOGITS if layers[-1].name == LOGITS else layers[-1].name) or set()
    weighted = {name for name, part in network.module.named_modules() if _has_weight(part)}
    blocks = {name.rpartition(".")[0] for name in weighted}
    blocks |= {".".join(name.split(".")[:length]) for name in blocks for length in range(1, name.count(".") + 1)}
    found: list[LayerInfo] = []
    aside: dict[str, bool] = {}
    strayed = False
    for layer in layers:
        if layer.name not in names:
            strayed = True
        elif layer.grid is not None and layer.grid != (1, 1) and layer.module not in _PASSING:
            found.append(layer)
            aside[layer.name], strayed = strayed, False
    there = {layer.name for layer in found}
    return _Trunk(tuple(found), frozenset(weighted & there), frozenset(blocks & there), aside)


def _has_weight(part: nn.Module) -> bool:
    """Tell whether a module has a matrix or kernel of its own, unlike norms and activations."""
    return any(isinstance(weight, torch.Tensor) and weight.dim() >= 2 for weight in part._parameters.values())


def _stem(trunk: _Trunk) -> LayerInfo:
    """Return the first convolution or projection, with the norm and activation that follow it."""
    start = next(index for index, layer in enumerate(trunk.layers) if layer.name in trunk.weighted | trunk.blocks)
    stem = first = trunk.layers[start]
    for layer in trunk.layers[start + 1 :]:
        same = (layer.grid, layer.units, layer.prefix_tokens) == (first.grid, first.units, first.prefix_tokens)
        around = layer.name in trunk.blocks and not first.name.startswith(f"{layer.name}.")
        if not same or around or layer.name in trunk.weighted or trunk.aside[layer.name]:
            break
        stem = layer
    return stem


def _grids(trunk: _Trunk) -> list[tuple[int, int]]:
    """Return the resolutions in the order in which the trunk comes to them."""
    return list(dict.fromkeys(layer.grid for layer in trunk.layers if layer.grid is not None))


def _stage_end(trunk: _Trunk, later: Sequence[LayerInfo], grid: tuple[int, int]) -> LayerInfo | None:
    """Return the last block at a resolution, or the last layer where it has no blocks; None if it has no weights.

    What is inside a block that ends at another resolution belongs to the way to the next stage.
    """
    here = [layer for layer in later if layer.grid == grid and not trunk.spans(layer.name)]
    own = [layer for layer in here if not _on_the_way(trunk, later, layer)]
    if blocks := [layer for layer in own if layer.name in trunk.blocks]:
        return blocks[-1]
    return own[-1] if any(layer.name in trunk.weighted for layer in own) else None


def _on_the_way(trunk: _Trunk, later: Sequence[LayerInfo], layer: LayerInfo) -> bool:
    around = [other for other in later if layer.name.startswith(f"{other.name}.") and not trunk.spans(other.name)]
    return any(other.grid != layer.grid for other in around)


def _blocks(trunk: _Trunk, later: Sequence[LayerInfo]) -> list[LayerInfo]:
    """Return four of the blocks of a network of one or two resolutions; of its layers, if it has fewer.

    Blocks are the outermost modules that there are several of. A layer is a convolution or projection
    with what follows it.
    """
    kinds: dict[tuple[int, str], list[LayerInfo]] = {}
    for layer in later:
        if layer.name in trunk.blocks:
            kinds.setdefault((layer.name.count("."), layer.module), []).append(layer)
    many = [kind for kind in kinds if len(kinds[kind]) >= 2]
    if many:
        blocks = kinds[min(many, key=lambda kind: (kind[0], -len(kinds[kind])))]
    else:
        blocks = _convolutions(trunk, later)
    return [blocks[place] for place in spread(len(blocks))] if blocks else []


def _convolutions(trunk: _Trunk, later: Sequence[LayerInfo]) -> list[LayerInfo]:
    """Return the last layer of each convolution or projection with what follows it."""
    leaves = [layer for layer in later if not trunk.within(layer.name)]
    pairs = zip(leaves, [*leaves, None][1:], strict=True)
    return [layer for layer, after in pairs if after is None or after.name in trunk.weighted]


def _holds_blocks(trunk: _Trunk, layer: LayerInfo) -> bool:
    return any(inner.name in trunk.blocks for inner in trunk.within(layer.name))
