"""Places of a block's targets in a model: classes, or units of layers, every one checked against it."""

from collections.abc import Iterator
from itertools import product
from typing import Literal, NamedTuple

import torch

from atlas.config import RenderBlock
from atlas.core.class_selection import select_classes
from atlas.core.job import LOGITS, PHOTO_KINDS, TargetKind
from atlas.core.model_card import LayerInfo
from atlas.errors import AtlasError, ConfigError
from atlas.models.load import VisionModel
from atlas.models.network.sizes import FAILS, shape_at
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
        layers, found = select_layers(block.layers, card, logits=True)
        places = [Place(layer.name) for layer in layers]
    else:
        layers, found = select_layers(block.layers, card)
        places = list(_units(block, layers, problems))
    problems += found
    if not problems:
        problems += _fit_problems(block, model, layers, sizes)
    if problems:
        raise ConfigError(problems)
    return places


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
    network = model.network(model.numerics_for(LOGITS), torch.device("cpu"))
    problems = []
    names = [layer.name for layer in layers] or [LOGITS]
    for (setting, size), layer in product((unusual or {"": usual}).items(), names):
        try:
            shape = shape_at(network, size, layer)
        except AtlasError as error:
            reason = error.message.splitlines()[0].removeprefix(f"{FAILS}: ")
            expects = f"{expected.height} x {expected.width}"
            return [f"parameters.{setting}: the model does not take it ({reason}); it expects {expects}"]
        if block.position is not None:
            grid = tuple(shape[2:]) or (1, 1)
            if block.position[0] >= grid[0] or block.position[1] >= grid[1]:
                problems.append(f"position = {list(block.position)}: {layer} has {grid[0]} x {grid[1]} positions")
    return problems
