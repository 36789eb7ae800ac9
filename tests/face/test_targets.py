"""Targets as people write them, against a card whose answers are known."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.job import ModelIdentity, Preprocessing, Target
from atlas.core.model_card import ClassLabel, LayerInfo, ModelCard
from atlas.errors import TargetError
from atlas.face.targets import Asked, Reader, name_of, objective_of

CLASSES = (
    ClassLabel(name="tench", id="n01440764"),
    ClassLabel(name="goldfish", id="n01443537", synonyms=("Carassius auratus",)),
    ClassLabel(name="crane", id="n02012849"),
    ClassLabel(name="crane", id="n03126707"),
)
CARD = ModelCard(
    name="net",
    identity=ModelIdentity(
        architecture="net",
        weights="0" * 64,
        preprocessing=Preprocessing(channels=3, height=32, width=32, mean=(0.5,) * 3, std=(0.5,) * 3),
    ),
    source="timm",
    origin="",
    parameters=1,
    layers=(
        LayerInfo(name="layer3.1", module="Block", layout="map", units=20, grid=(4, 4)),
        LayerInfo(name="logits", module="Linear", layout="vector", units=4),
    ),
    classes=CLASSES,
    class_names="the test",
)
UNNAMED = CARD.model_copy(
    update={"classes": tuple(ClassLabel(name=str(index)) for index in range(4)), "class_names": ""}
)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("goldfish", Asked("logit", "logits", 1)),
        ("Carassius auratus", Asked("logit", "logits", 1)),
        ("n01443537", Asked("logit", "logits", 1)),
        ("goldfish-", Asked("logit", "logits", 1, -1)),
        (1, Asked("logit", "logits", 1)),
        (np.int64(1), Asked("logit", "logits", 1)),
        (torch.tensor(1), Asked("logit", "logits", 1)),
        ("1", Asked("logit", "logits", 1)),
        ("1-", Asked("logit", "logits", 1, -1)),
        ("logits:1", Asked("logit", "logits", 1)),
        ("logits:1-", Asked("logit", "logits", 1, -1)),
        ("layer3.1:17", Asked("channel", "layer3.1", 17)),
        ("layer3.1:17-", Asked("channel", "layer3.1", 17, -1)),
        ("layer3.1:17@3,2", Asked("neuron", "layer3.1", 17, 1, (3, 2))),
        ("layer3.1:17@3,2-", Asked("neuron", "layer3.1", 17, -1, (3, 2))),
        ("layer3.1", Asked(None, "layer3.1")),
        (Target(kind="channel", layer="layer3.1", unit=3, sign=-1), Asked("channel", "layer3.1", 3, -1)),
        (Target(kind="neuron", layer="layer3.1", unit=3), Asked("neuron", "layer3.1", 3)),
        (Target(kind="logit", layer="logits", unit=3), Asked("logit", "logits", 3)),
    ],
)
def test_every_notation_means_what_it_says(what, expected):
    assert Reader(CARD).read(what) == [expected]


def test_numbers_are_units_of_the_layer_that_is_given():
    assert Reader(CARD, layer="layer3.1").read(17) == [Asked("channel", "layer3.1", 17)]
    assert Reader(CARD, layer="layer3.1", kind="neuron").read(17) == [Asked("neuron", "layer3.1", 17)]
    assert Reader(CARD, layer="layer3.1").read("goldfish") == [Asked("logit", "logits", 1)]


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_arrays_are_directions_row_by_row(make):
    rows = np.eye(20)[:3] * 2
    asked = Reader(CARD, layer="layer3.1").read(make(rows))
    assert [one.kind for one in asked] == ["direction"] * 3
    assert all(one.direction.dtype == np.float32 for one in asked)
    assert (np.stack([one.direction for one in asked]) == rows).all()
    (alone,) = Reader(CARD, layer="layer3.1").read(make(rows[1]))
    assert (alone.direction == rows[1]).all()


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("goldfisch", 'did you mean "goldfish"'),
        ("layer3.2:17", 'did you mean "layer3.1"'),
        ("layer3", 'did you mean "layer3.1"'),
        ("layer3.1:20", "0 to 19"),
        ("logits:1@0,0", "no positions"),
        ("logits:4", "0 to 3"),
        (4, "0 to 3"),
        (-1, "0 to 3"),
        ("crane", "2 (n02012849) or 3 (n03126707)"),
        (True, "bool"),
        (1.5, "float"),
        (None, "NoneType"),
        (np.ones(20), 'layer="layer3"'),
        (Target(kind="direction", layer="layer3.1", direction="0" * 64, cosine_power=2.0), "as an array"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is_near(what, says):
    with pytest.raises(TargetError) as caught:
        Reader(CARD).read(what)
    assert says in str(caught.value) and caught.value.remedy


@pytest.mark.parametrize(
    "direction", [np.ones(19), np.ones((2, 2, 20)), np.zeros(20), np.full(20, np.nan), np.array(["a"] * 20)]
)
def test_what_is_no_direction_is_refused(direction):
    with pytest.raises(TargetError):
        Reader(CARD, layer="layer3.1").read(direction)


def test_without_names_of_classes_it_says_how_to_give_them():
    with pytest.raises(TargetError, match=r"pass classes=\[\.\.\.\]"):
        Reader(UNNAMED).read("zebra")


@given(
    unit=st.integers(0, 19),
    sign=st.sampled_from([1, -1]),
    position=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_the_name_of_a_unit_is_its_notation(unit, sign, position):
    kind = "channel" if position is None else "neuron"
    target = Target(kind=kind, layer="layer3.1", unit=unit, sign=sign, position=position)
    assert Reader(CARD).read(name_of(target, CARD)) == [Asked(kind, "layer3.1", unit, sign, position)]
    assert str(unit) in objective_of(target, CARD)


def test_names_of_other_targets():
    logit = Target(kind="logit", layer="logits", unit=1, sign=-1)
    assert name_of(logit, CARD) == "goldfish-"
    assert objective_of(logit, CARD) == "what lowers class 1 of net, goldfish"
    inversion = Target(kind="inversion", layer="layer3.1", photo="a" * 64)
    assert name_of(inversion, CARD, "cat.jpg") == "layer3.1 inversion of cat.jpg"
    direction = Target(kind="direction", layer="layer3.1", direction="b" * 64, cosine_power=2.0)
    assert name_of(direction, CARD) == "layer3.1 direction bbbbbbbb"
