"""Places of a block's targets in a model: classes, or units of layers, every one checked against it."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Literal, NamedTuple

import torch

from atlas.config import RenderBlock
from atlas.core.class_selection import select_classes
from atlas.core.job import LOGITS, PHOTO_KINDS, TargetKind
from atlas.core.model_card import LayerInfo
from atlas.errors import AtlasError, ConfigError, ModelError
from atlas.models.anatomy.stages import LAYER_SETS
from atlas.models.load import VisionModel
from atlas.models.network.sizes import FAILS, shapes_at
from atlas.plan.select import select_layers, select_units


class Place(NamedTuple):
    """Where in a model a target is: a :class:`Target` without its photos."""

    layer: str
    unit: int = 0
    sign: Literal[-1, 1] = 1
    position: tuple[int, int] | None = None


def places_of(
    block: RenderBlock, kind: TargetKind, model: VisionModel, sizes: dict[str, tuple[int, int]]
) -> list[Place]:
    """Return the places that the targets of a block are at, every one checked against the model.

    Raises:
        ConfigError: all problems of the block.
    """
    card, problems = model.card, list[str]()
    layers: list[LayerInfo] = []
    if block.classes:
        classes, found = select_classes(block.classes, card)
        places = [Place(LOGITS, unit, sign) for unit in classes for sign in block.signs]
    elif kind in PHOTO_KINDS:
        layers, found = _layers(block, model, logits=True)
        places = [Place(layer.name) for layer in layers]
    else:
        layers, found = _layers(block, model)
        places = list(_units(block, layers, problems))
    problems += found
    if not problems:
        problems += _fit_problems(block, model, layers, sizes)
    if problems:
        raise ConfigError(problems)
    return places


def _layers(block: RenderBlock, model: VisionModel, logits: bool = False) -> tuple[list[LayerInfo], list[str]]:
    """Return the layers of a block, in the network's order, and what is wrong with them.

    Args:
        logits: whether they may be one.
    """
    if not isinstance(block.layers, str):
        return select_layers(block.layers, model.card, logits)
    try:
        names = set(LAYER_SETS[block.layers](model.network("float32", torch.device("cpu"))))
    except ModelError as error:
        return [], [f'layers = "{block.layers}": {error.sentence}']
    return [layer for layer in model.card.layers if layer.name in names], []


def _units(block: RenderBlock, layers: list[LayerInfo], problems: list[str]) -> Iterator[Place]:
    for layer in layers:
        units, found = select_units(block.units, layer.units)
        problems += [f"{problem} (layer {layer.name})" for problem in found]
        for unit in units:
            for sign in block.signs:
                yield Place(layer.name, unit, sign, block.position)


def _fit_problems(
    block: RenderBlock, model: VisionModel, layers: list[LayerInfo], sizes: dict[str, tuple[int, int]]
) -> list[str]:
    """Look whether the model takes views of these sizes and a neuron's position is on each layer's grid."""
    expected = model.card.identity.preprocessing
    usual = (expected.height, expected.width)
    unusual = {setting: size for setting, size in sizes.items() if size != usual}
    if not unusual and block.position is None:
        return []
    problems = []
    by_numerics: dict[str, list[str]] = defaultdict(list)  # a layer that is folded away in some is none in those
    for name in [layer.name for layer in layers] or [LOGITS]:
        by_numerics[model.numerics_for(name)].append(name)
    for (setting, size), (numerics, names) in product((unusual or {"": usual}).items(), by_numerics.items()):
        try:
            shapes = shapes_at(model.network(numerics, torch.device("cpu")), size, names)
        except AtlasError as error:
            reason = error.message.splitlines()[0].removeprefix(f"{FAILS}: ")
            expects = f"{expected.height} x {expected.width}"
            return [f"parameters.{setting}: the model does not take it ({reason}); it expects {expects}"]
        for layer, shape in shapes.items():
            grid = tuple(shape[2:]) or (1, 1)
            if block.position is not None and (block.position[0] >= grid[0] or block.position[1] >= grid[1]):
                problems.append(f"position = {list(block.position)}: {layer} has {grid[0]} x {grid[1]} positions")
    return problems
