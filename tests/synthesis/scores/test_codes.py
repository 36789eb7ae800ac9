"""Objectives about a photo's code, by loops; masks; what pre-images choose by depth; what a unit sees."""

import numpy as np
import pytest
import torch

from atlas.core.job import Target
from atlas.core.model_card import LayerInfo
from atlas.errors import ModelError
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.synthesis.scores.channels import channel_numbers
from atlas.synthesis.scores.codes import CodeDistance, CodeProduct, code_mask
from atlas.synthesis.scores.reach import random_phases, receptive_field, strongest_answer
from atlas.synthesis.scores.scales import code_weight, is_descriptor, jitter_of

CPU = torch.device("cpu")
TARGETS = [Target(kind="inversion", layer="body", photo=letter * 64) for letter in "ab"]
ALEXNET = (
    "conv1 relu1 norm1 pool1 conv2 relu2 norm2 pool2 conv3 relu3 conv4 relu4 conv5 relu5 pool5 | "
    "fc6 relu6 fc7 relu7 fc8"
)
VGG = (
    "conv1_1 relu1_1 conv1_2 relu1_2 pool1 conv2_1 relu2_1 conv2_2 relu2_2 pool2 conv3_1 relu3_1 conv3_2 relu3_2 "
    "conv3_3 relu3_3 pool3 conv4_1 relu4_1 conv4_2 relu4_2 conv4_3 relu4_3 pool4 conv5_1 relu5_1 conv5_2 relu5_2 "
    "conv5_3 relu5_3 pool5 | fc6 relu6 fc7 relu7 fc8"
)
"""Layers of tables 1 and 3 of the paper."""


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layers_of(names):
    """Return layers of a table of the paper, with the strides of VGG's: halved by every pooling."""
    maps, vectors = (part.split() for part in names.split("|"))
    grid, found = 224, []
    for name in maps:
        grid = grid // 2 if name.startswith("pool") else grid
        found.append(LayerInfo(name=name, module="Layer", layout="map", units=4, grid=(grid, grid)))
    return [*found, *(LayerInfo(name=name, module="Layer", layout="vector", units=4) for name in vectors)]


@pytest.fixture(scope="module")
def network():
    model = load_model(ModelSpec(name="tiny", source="callable", architecture="tiny_networks:tiny", size=32))
    return model.network("float32", CPU)


# --- objectives --------------------------------------------------------------------------------------------------


def test_the_distance_is_the_relative_squared_error_within_the_mask():
    codes, activation = noise(2, 4, 3, 5), noise(6, 4, 3, 5, seed=1)
    mask = code_mask((4, 3, 5), "body", "1-2", 3, CPU).double()
    found = CodeDistance(TARGETS, codes, mask)(activation)
    for item in range(2):
        for view in range(3):
            above = below = 0.0
            for c in (1, 2):
                for v in range(3):
                    for u in (1, 2, 3):
                        held = float(codes[item, c, v, u])
                        above += (float(activation[3 * item + view, c, v, u]) - held) ** 2
                        below += held**2
            assert float(found[item, view]) == pytest.approx(-above / below, rel=1e-9)
    outside = activation + noise(6, 4, 3, 5, seed=2) * (1 - mask)
    assert torch.equal(CodeDistance(TARGETS, codes, mask)(outside), found)
    same = CodeDistance(TARGETS, codes, mask)(codes.repeat_interleave(2, dim=0))
    assert torch.equal(same, torch.zeros_like(same))


def test_the_product_is_with_what_is_positive_in_the_code():
    codes, activation = noise(2, 6), noise(4, 6, seed=1)
    mask = code_mask((6,), "logits", "0-3", 5, CPU).double()
    found = CodeProduct(TARGETS, codes, mask)(activation)
    for item in range(2):
        positive = [max(float(value), 0.0) for value in codes[item, :4]]
        for view in range(2):
            product = sum(w * float(a) for w, a in zip(positive, activation[2 * item + view, :4], strict=True))
            assert float(found[item, view]) == pytest.approx(product / sum(w * w for w in positive), rel=1e-9)
    assert CodeProduct(TARGETS, codes.abs(), mask)(codes.abs())[:, 0].tolist() == pytest.approx([1, 1])


def test_a_photo_without_a_code_is_an_error_that_names_it():
    codes = noise(2, 4, 3, 3).abs()
    codes[1, 2:] = 0
    mask = code_mask((4, 3, 3), "body", "2-3", 0, CPU).double()
    with pytest.raises(ModelError, match="of photo bbbbbbbbbbbb: the photo activates nothing there"):
        CodeDistance(TARGETS, codes, mask)
    with pytest.raises(ModelError, match="activates nothing"):
        CodeProduct(TARGETS, -noise(2, 4, 3, 3).abs(), torch.ones(4, 3, 3))


# --- masks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", [0, 1, 2, 3, 4]),
        ("first half", [0, 1, 2]),
        ("second half", [3, 4]),
        ("2", [2]),
        ("0-1, 4", [0, 1, 4]),
        ("3,3-4", [3, 4]),
    ],
)
def test_channels_are_named_by_ranges_and_halves(text, expected):
    assert channel_numbers(text, 5) == expected
    mask = code_mask((5, 2, 2), "body", text, 0, CPU)
    assert mask.amax(dim=(1, 2)).nonzero().flatten().tolist() == expected
    assert torch.equal(mask.amin(dim=(1, 2)), mask.amax(dim=(1, 2)))


@pytest.mark.parametrize("text", ["", "half", "3-1", "-1", "1-", "1,,2", "1.5", "\u00b2", "0-12345678"])
def test_anything_else_is_refused_with_what_is_allowed(text):
    with pytest.raises(ValueError, match='names no channels; write "all", "first half"'):
        channel_numbers(text, 5)


def test_a_channel_past_the_last_is_an_error_that_says_how_many_there_are():
    with pytest.raises(ModelError, match='channels = "3-5", but layer "body" has 5 channels'):
        code_mask((5, 2, 2), "body", "3-5", 0, CPU)


@pytest.mark.parametrize(("length", "window", "expected"), [(13, 5, (4, 9)), (14, 5, (4, 9)), (4, 5, (0, 4))])
def test_the_window_is_where_the_authors_put_it(length, window, expected):
    mask = code_mask((2, length, length), "body", "all", window, CPU)
    rows = mask[0].amax(dim=1).nonzero().flatten()
    assert (int(rows[0]), int(rows[-1]) + 1) == expected
    assert float(mask.sum()) == 2 * (expected[1] - expected[0]) ** 2


# --- depth -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "ends"),
    [
        (ALEXNET, {"relu3": 300, "relu4": 100, "relu5": 20, "fc8": 1}),
        (VGG, {"conv4_3": 300, "conv5_1": 100, "conv5_3": 20, "fc8": 1}),
    ],
)
def test_weights_fall_where_the_paper_lets_them_fall(names, ends):
    layers = layers_of(names)
    order = [layer.name for layer in layers]
    for name, weight in ends.items():
        assert code_weight(layers, name) == weight
    for before, end in ("relu3", "conv4"), ("relu4", "conv5"), ("conv4_3", "conv5_1"), ("conv5_1", "conv5_2"):
        if before in ends:  # the next convolution has the next weight already
            assert code_weight(layers, end) < code_weight(layers, before)
    weights = [code_weight(layers, name) for name in order]
    assert weights == sorted(weights, reverse=True)
    assert code_weight(layers, "pool5") == code_weight(layers, "logits") == 1


def test_the_jitter_is_a_quarter_of_the_stride():
    layers = layers_of(VGG)
    found = {
        name: jitter_of(layers, name, (224, 224)) for name in ("conv1_1", "conv3_1", "conv4_1", "conv5_1", "pool5")
    }
    assert found == {"conv1_1": 1, "conv3_1": 1, "conv4_1": 2, "conv5_1": 4, "pool5": 8}
    assert jitter_of(layers, "fc8", (224, 224)) == 8
    with pytest.raises(ModelError, match="no layer"):
        jitter_of(layers, "conv9", (224, 224))


def test_descriptors_weigh_20_everywhere_and_are_not_jittered():
    model = load_model(ModelSpec(name="hog", source="callable", architecture="atlas.descriptors:hog", size=64))
    layers = model.card.layers
    assert is_descriptor(layers) and not is_descriptor(layers_of(VGG))
    assert {code_weight(layers, layer.name) for layer in layers} == {20}
    assert {jitter_of(layers, layer.name, (64, 64)) for layer in layers} == {1}


# --- reach -------------------------------------------------------------------------------------------------------


def test_the_receptive_field_is_that_of_the_convolutions(network):
    """3 pixels for the stem of stride 2, and 2 * 2 more for the next convolution; all of it for a vector."""
    assert [receptive_field(network, layer, 32) for layer in ("stem", "act", "body", "head")] == [3, 3, 7, 32]
    assert receptive_field(network, "body", 64) == 7


def test_the_strongest_answer_is_the_largest_of_any_unit_and_sign(network):
    pictures = random_phases(network, 32, 16)
    assert pictures.shape == (16, 3, 32, 32) and 0 <= float(pictures.min()) < float(pictures.max()) <= 1
    with torch.no_grad():
        activation = network(pictures, "body").numpy()
    assert strongest_answer(network, "body", 1, 32) == pytest.approx(float(np.max(activation)), rel=1e-5)
    assert strongest_answer(network, "body", -1, 32) == pytest.approx(-float(np.min(activation)), rel=1e-5)
    assert strongest_answer(network, "act", -1, 32) == 1  # a rectified activation has nothing below 0
