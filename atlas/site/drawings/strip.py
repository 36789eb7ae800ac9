"""The architecture strip: a model's layers in order, as bars, the output last."""

import math
import re
from dataclasses import dataclass

from atlas.core.model_card import LayerInfo
from atlas.site.catalog.model import Layer, Model
from atlas.site.words.formats import noun

MOST_BARS = 36
"""More bars than this would be too thin to hit."""
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
    """Return at most :data:`MOST_BARS` bars of a model, from the image to its last layer, the output if it has one.

    Layers with renderings go first, then numbered blocks, the least deep ones; of too many alike, evenly spaced ones.
    """
    rendered = {layer.info.name: layer for layer in model.layers}
    last = model.card.layers[-1:]
    kept = {info.name for info in last} | ({here.info.name} if here else set())
    layers = [info for info in model.card.layers if info.name not in kept]
    chosen = _spread([info for info in layers if info.name in rendered], MOST_BARS - len(kept))
    blocks = [info for info in layers if re.search(r"\d$", info.name) and info.name not in rendered]
    room = MOST_BARS - len(kept) - len(chosen)
    depths = sorted({info.name.count(".") for info in blocks})
    while len(depths) > 1 and sum(info.name.count(".") <= depths[-1] for info in blocks) > room:
        depths.pop()
    chosen += _spread([info for info in blocks if info.name.count(".") in depths], room)
    names = kept | {info.name for info in chosen}
    shown = [info for info in model.card.layers if info.name in names]
    return [_bar(info, rendered.get(info.name), shown, here) for info in shown]


def _spread(layers: list[LayerInfo], most: int) -> list[LayerInfo]:
    """Return at most so many layers, evenly spaced, the first and the last among them."""
    if len(layers) <= most:
        return list(layers)
    step = (len(layers) - 1) / max(1, most - 1)
    return [layers[round(place * step)] for place in range(most)]


def _bar(info: LayerInfo, layer: Layer | None, shown: list[LayerInfo], here: Layer | None) -> Bar:
    logs = [math.log(max(2, other.units)) for other in shown]
    low, high = min(logs), max(logs)
    place = (math.log(max(2, info.units)) - low) / (high - low) if high > low else 1.0
    address, count = (layer.address, len(layer.units)) if layer else ("", 0)
    at = here is not None and here.info.name == info.name
    return Bar(info.name, info.units, noun(info), 1 + round(place * (STEPS - 1)), address, count, at)
