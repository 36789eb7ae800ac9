"""Layouts read off from shapes, and the canonical form."""

import networks
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from atlas.core.model_card import LayerInfo
from atlas.models.network.layout import Activation, LayoutReader, canonical

CPU = torch.device("cpu")


def read(shape, module=None, size=(32, 32), declared=None, before=()):
    reader = LayoutReader(size, declared)
    for earlier in before:
        reader.read(Activation("earlier", nn.Identity(), earlier, 1))
    return reader.read(Activation("layer", module or nn.Identity(), shape, 1))


@given(rows=st.integers(2, 14), columns=st.integers(2, 14), units=st.integers(1, 64), stride=st.integers(1, 8))
def test_maps_are_told_by_the_aspect_of_the_input(rows, columns, units, stride):
    size = (rows * stride, columns * stride)
    first, last = read((2, units, rows, columns), size=size), read((2, rows, columns, units), size=size)
    assert first.grid == (rows, columns) and first.layout == "map" and first.units == units
    if units * rows != columns * columns:  # else both readings have the input's aspect
        assert last.layout == "map_last" and last.grid == (rows, columns) and last.units == units


@given(side=st.integers(2, 16), prefix=st.integers(0, 5), width=st.integers(1, 32))
def test_prefix_tokens_are_those_declared_or_those_beyond_the_patch_map(side, prefix, width):
    shape = (2, side * side + prefix, width)
    size = (side * 4, side * 4)
    for info in (read(shape, size=size, declared=prefix), read(shape, size=size, before=[(2, width, side, side)])):
        assert (info.prefix_tokens, info.grid, info.units) == (prefix, (side, side), width)


@pytest.mark.parametrize(
    ("shape", "size", "declared", "expected"),
    [
        ((2, 197, 8), (224, 224), None, (1, (14, 14))),
        ((2, 196, 8), (224, 224), 1, (0, (14, 14))),  # before the class token is there
        ((2, 141, 8), (224, 160), None, (1, (14, 10))),
        ((2, 3, 8), (224, 224), None, (0, None)),
        ((2, 1, 8), (224, 224), 1, (0, None)),
    ],
)
def test_grids_of_tokens(shape, size, declared, expected):
    info = read(shape, size=size, declared=declared)
    assert (info.prefix_tokens, info.grid) == expected


def test_ambiguous_maps_follow_the_kind_of_module_and_then_the_same_shape_before():
    cube = (2, 8, 8, 8)
    assert read(cube).layout == "map"
    assert read(cube, nn.Linear(8, 8)).layout == "map_last"
    assert read(cube, nn.Conv2d(8, 8, 1)).layout == "map"
    reader = LayoutReader((32, 32), None)
    reader.read(Activation("linear", nn.Linear(8, 8), cube, 1))
    assert reader.read(Activation("gelu", nn.GELU(), cube, 1)).layout == "map_last"


@pytest.mark.parametrize("shape", [(2, 3, 65, 65), (2, 3, 65, 4), (2, 65, 3, 16)])
def test_the_inside_of_attention_is_no_layer(shape):
    assert read(shape, before=[(2, 65, 12)]) is None


@pytest.mark.parametrize("shape", [(2, 9, 32, 1), (2, 9, 1, 32), (2, 9, 1, 1)])
def test_strips_and_pooled_maps_are_layers(shape):
    info = read(shape)
    assert (info.layout, info.units) == ("map", 9)


def test_canonical_tokens_drop_the_prefix_and_keep_rows():
    tokens = torch.arange(2 * 7 * 3).reshape(2, 7, 3)
    info = LayerInfo(name="t", module="M", layout="tokens", units=3, grid=(2, 3), prefix_tokens=1)
    found = canonical(tokens, info, (2, 3))
    assert found.shape == (2, 3, 2, 3)
    assert all(
        found[b, d, r, c] == tokens[b, 1 + 3 * r + c, d]
        for b in (0, 1)
        for d in range(3)
        for r in (0, 1)
        for c in range(3)
    )
    flat = canonical(tokens, info.model_copy(update={"grid": None}), (2, 3))
    assert torch.equal(flat[..., 0], tokens[:, 1:].mT)


def test_tokens_of_larger_images_get_a_larger_grid(odd, images):
    model = odd("Tokens", {"prefix": 2})
    network = model.network("float32", CPU)
    small, large = images(2, 16), images(2, 32)
    assert network(small, "mix").shape == (2, 12, 4, 4)
    assert network(large, "mix").shape == (2, 12, 8, 8)
    tall = torch.cat([large, large], dim=2)
    assert network(tall, "mix").shape == (2, 12, 16, 8)
    assert torch.allclose(network(tall, "mix")[:, :, :8], network(large, "mix"), atol=1e-5)


def test_networks_of_each_kind(odd, images):
    last = odd("ChannelsLast")
    assert {layer.layout for layer in last.card.layers if layer.name in ("lift", "act")} == {"map_last"}
    batch = images()
    found = last.network("float32", CPU)(batch, "lift")
    weight, bias = last.module.lift.weight, last.module.lift.bias
    pre = last.card.identity.preprocessing
    inputs = (batch - torch.tensor(pre.mean).view(1, 3, 1, 1)) / torch.tensor(pre.std).view(1, 3, 1, 1)
    assert torch.allclose(found, torch.einsum("uc,bcij->buij", weight, inputs) + bias.view(1, -1, 1, 1), atol=1e-5)

    for prefix in (0, 1, 5):
        card = odd("Tokens", {"prefix": prefix}).card
        assert card.layer("mix").prefix_tokens == prefix and card.layer("mix").grid == (4, 4)
        assert card.layer("weigh") is None
    assert odd("Windows").card.layer("inner") is None
    tall = odd("Tokens", size=(24, 16)).card
    assert tall.layer("out").grid == (6, 4) and tall.layer("embed").grid == (6, 4)
    assert networks.SIDE == 16
