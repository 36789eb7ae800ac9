"""The architecture strip: a model's blocks in order, as bars."""

import math
import re
from dataclasses import dataclass

from atlas.core.model_card import LayerInfo
from atlas.site.catalog import Layer, Model
from atlas.site.formats import noun

MOST_BARS = 36
"""More bars than this would be too thin to hit; the deepest blocks are then left out."""
STEPS = 12
"""Heights of bars; the stylesheet has one class for each."""


@dataclass(frozen=True)
class Bar:
    """One layer. ``height`` is 1 to :data:`STEPS`; ``address`` is empty if nothing of it was rendered."""

    name: str
    units: int
    noun: str
    height: int
    address: str
    count: int
    here: bool


def strip(model: Model, here: Layer | None = None) -> list[Bar]:
    """Return the bars of a model: its numbered blocks, its output, and every layer with renderings."""
    rendered = {layer.info.name: layer for layer in model.layers}
    blocks = [info for info in model.card.layers if re.search(r"\d$", info.name) and info.name not in rendered]
    room = max(0, MOST_BARS - len(rendered) - 1)
    while len(blocks) > room:
        deepest = max(info.name.count(".") for info in blocks)
        shallower = [info for info in blocks if info.name.count(".") < deepest]
        blocks = shallower or blocks[:: max(2, -(-len(blocks) // max(1, room)))] if room else []
    last = model.card.layers[-1:]
    chosen = {info.name for info in blocks} | set(rendered) | {info.name for info in last}
    shown = [info for info in model.card.layers if info.name in chosen]
    return [_bar(info, rendered.get(info.name), shown, here) for info in shown]


def _bar(info: LayerInfo, layer: Layer | None, shown: list[LayerInfo], here: Layer | None) -> Bar:
    logs = [math.log(max(2, other.units)) for other in shown]
    low, high = min(logs), max(logs)
    place = (math.log(max(2, info.units)) - low) / (high - low) if high > low else 1.0
    address, count = (layer.address, len(layer.units)) if layer else ("", 0)
    at = here is not None and here.info.name == info.name
    return Bar(info.name, info.units, noun(info), 1 + round(place * (STEPS - 1)), address, count, at)
