"""The architecture strip: from the image to the output, whatever the number of layers."""

import pytest
from sample_store import card

from atlas.core.job import LOGITS
from atlas.core.model_card import LayerInfo, ModelCard
from atlas.site.catalog.model import Layer, Model
from atlas.site.drawings.strip import MOST_BARS, strip


def model(names: list[str], rendered: list[str], output: bool = True) -> Model:
    infos = [LayerInfo(name=name, module="Block", layout="map", units=8, grid=(4, 4)) for name in names]
    logits = [LayerInfo(name=LOGITS, module="Linear", layout="vector", units=40)] if output else []
    made = Model(ModelCard(**{**dict(card("a")), "layers": (*infos, *logits)}), "x")
    for position, info in enumerate(made.card.layers, 1):
        if info.name in rendered:
            made.layers.append(Layer(made, info, position, f"m/x/l/{info.name}"))
    return made


@pytest.mark.parametrize("count", [1, 8, 26, 36, 37, 266])
@pytest.mark.parametrize("share", ["none", "some", "all"])
def test_bars_are_few_in_order_and_end_with_the_output(count: int, share: str) -> None:
    names = [f"blocks.{place}" for place in range(count)]
    rendered = {"none": [], "some": names[:: max(1, count // 4)], "all": names}[share]
    made = model(names, rendered)
    bars = strip(made)
    assert len(bars) == min(count + 1, MOST_BARS)
    assert bars[-1].name == LOGITS and [bar.name for bar in bars].count(LOGITS) == 1
    places = [names.index(bar.name) for bar in bars[:-1]]
    assert places == sorted(set(places)) and places[0] == 0
    if len(rendered) < MOST_BARS:
        assert set(rendered) <= {bar.name for bar in bars}


def test_the_layer_of_the_page_is_always_there() -> None:
    names = [f"blocks.{place}" for place in range(266)]
    made = model(names, names)
    for layer in made.layers:
        bars = strip(made, layer)
        assert [bar.name for bar in bars if bar.here] == [layer.info.name] and len(bars) == MOST_BARS


def test_deep_blocks_make_room_for_shallow_ones() -> None:
    names = [name for a in range(6) for name in (*(f"stages.{a}.blocks.{b}.conv{b}" for b in range(30)), f"stages.{a}")]
    shown = [bar.name for bar in strip(model(names, []))]
    assert {f"stages.{a}" for a in range(6)} <= set(shown) and len(shown) <= MOST_BARS


def test_without_an_output_the_last_layer_ends_it() -> None:
    bars = strip(model(["gradient", "bins", "cells", "blocks"], ["cells"], output=False))
    assert bars[-1].name == "blocks"
