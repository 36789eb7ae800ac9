"""Numbers and words as pages write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.model_card import LayerInfo
from atlas.site.citation import tex
from atlas.site.words.formats import TRACE_POINTS, TRACE_SIZE, line, listed, noun, number, parameter, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [(17.24, "17.2"), (0.99412, "0.994"), (1240.4, "1,240"), (-3.456, "−3.46"), (0.0, "0.000"), (2.5e-5, "2.50e−5")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(0, 1))
def test_a_percentage_is_never_rounded_to_a_certainty(value: float) -> None:
    assert (percent(value) == "100 %") == (value == 1)
    assert (percent(value) == "0 %") == (value == 0)


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=1000))
def test_a_trace_fills_its_box_and_ends_at_its_last_value(trace: list[float]) -> None:
    points = [tuple(map(float, point.split(","))) for point in line(trace).split()]
    width, height = TRACE_SIZE
    assert len(points) <= TRACE_POINTS + 3
    assert [points[0][0], points[-1][0]] == [0, width]
    assert all(0 <= x <= width + 0.1 and 0.9 <= y <= height + 1.1 for x, y in points)
    if max(trace) > min(trace):  # the axis is labelled with them
        assert {min(y for _, y in points), max(y for _, y in points)} == {1, 1 + height}
        share = (trace[-1] - min(trace)) / (max(trace) - min(trace))
        assert math.isclose(points[-1][1], 1 + height * (1 - share), abs_tol=0.06)


def test_units_are_called_what_they_are() -> None:
    assert noun(LayerInfo(name="logits", module="Linear", layout="vector", units=5)) == "classes"
    assert noun(LayerInfo(name="logits", module="Linear", layout="vector", units=5), 1) == "class"
    assert noun(LayerInfo(name="b", module="B", layout="tokens", units=5)) == "dimensions"
    assert noun(LayerInfo(name="b", module="B", layout="map", units=1)) == "channel"


def test_parameters_read_well() -> None:
    assert parameter([160, 160]) == "160 × 160"
    assert parameter(0.1) == "0.1"
    assert parameter({"b": 1, "a": [2]}) == '{"a": [2], "b": 1}'
    assert listed((0.5, 0.5, 0.5)) == "0.5"
    assert listed((0.485, 0.456)) == "0.485, 0.456"


@given(st.text())
def test_tex_has_balanced_braces_and_no_free_commands(text: str) -> None:
    made = tex(text)
    assert made.count("{") == made.count("}")
    plain = made.replace(r"\textasciitilde{}", "").replace(r"\textasciicircum{}", "")
    for special in "%&#_$":
        plain = plain.replace("\\" + special, "")
    assert not set(plain) & set("\\{}%&#_$~^")
