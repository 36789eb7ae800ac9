"""Plots: the same numbers give the same bytes whatever the reader's settings, in two themes, with names as they are."""

from xml.etree import ElementTree

import pytest

from atlas.site.drawings.canvas import COLOURS, style
from atlas.site.drawings.plots import Curve, Plot, draw

HOSTILE = ("$x_1^{2}$ <script>", "a&b", "ünïcode $", "a very long name of a layer in a network")
CURVES = (Curve("MACO <b>", {0: (0.01, 0.02), 1: (0.2,), 3: (0.9,)}), Curve("other", {0: (0.0,), 2: (0.4, 0.5)}))
PLOT = Plot("error", HOSTILE, CURVES)


def test_the_same_numbers_give_the_same_bytes_whatever_the_settings() -> None:
    import matplotlib

    first = draw(PLOT)
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "axes.grid": True, "svg.fonttype": "path"}):
        assert draw(PLOT) == first
        assert matplotlib.rcParams["font.size"] == 30, "the settings of others are as they were"
    assert draw(Plot("error", HOSTILE, CURVES[:1])).files != first.files


@pytest.mark.parametrize("name", ["error", "psnr", "fft2d"])
def test_names_are_text_and_nothing_else(name: str) -> None:
    drawing = draw(Plot(name, HOSTILE, CURVES))
    for _, content in drawing.files:
        tree = ElementTree.fromstring(content)
        words = [text for text in tree.itertext() if text.strip()]
        assert "$x_1^{2}$ <script>" in words and "a&b" in words and "MACO <b>" in words
        assert any(word.startswith("…") and word.endswith("in a network") for word in words)
        tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
        assert "script" not in tags and "image" not in tags and "foreignObject" not in tags
        assert not [it for it in tree.iter() if any("http" in value for value in it.attrib.values())]


def test_each_theme_has_its_own_colours_only() -> None:
    drawing = draw(PLOT)
    day, night = (file[1].decode() for file in drawing.files)
    assert "#fffefb" in day and "#1a1917" in night
    assert not [dark for dark in COLOURS.values() if dark in day]
    assert not [light for light in COLOURS if light in night]
    assert set(COLOURS).isdisjoint(COLOURS.values()) and len(set(COLOURS.values())) == len(COLOURS)


def test_curves_can_be_told_apart() -> None:
    assert len({style(number) for number in range(18)}) == 18


def lines_of(plot: Plot) -> list[str]:
    """Return the labels of the vertical axis."""
    tree = ElementTree.fromstring(draw(plot).files[0][1])
    return [text for text in tree.itertext() if text.strip().replace(".", "").isdigit()]


def test_errors_of_many_sizes_are_drawn_as_logarithms() -> None:
    wide = Plot("error", ("a", "b"), (Curve("x", {0: (0.001,), 1: (1.0,)}),))
    narrow = Plot("error", ("a", "b"), (Curve("x", {0: (0.5,), 1: (1.0,)}),))
    assert {"0.001", "0.01", "0.1", "1"} <= set(lines_of(wide))
    assert "0.0" in lines_of(narrow) and "0.01" not in lines_of(narrow)


@pytest.mark.parametrize("values", [(0.0, 0.0), (1e-9, 5.0), (3.0, 3.0), (1e9, 2e9)])
@pytest.mark.parametrize("name", ["error", "psnr", "fft2d"])
def test_any_values_can_be_drawn(name: str, values: tuple[float, float]) -> None:
    plot = Plot(name, ("a", "b"), (Curve("x", {0: values[:1], 1: values[1:]}),))
    assert draw(plot).files[0][1].startswith(b"<?xml")


def test_words_name_both_ends_of_each_curve() -> None:
    assert "other: 0 at $x_1^{2}$ <script> to 0.45 at ünïcode $" in PLOT.words
    assert "MACO <b>: 0.015 at $x_1^{2}$ <script> to 0.9 at a very" in PLOT.words
