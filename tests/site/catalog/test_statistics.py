"""What photos say of a unit: shares, words, selectivity, and a drawing in which everything has its place."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_concepts import PROVENANCE
from sample_store import identity, job, record

from atlas.core.analysis import QUANTILES, Analysis, Histogram, LayerStatistics, UnitStatistics
from atlas.core.job import Target
from atlas.site.catalog.shown import Shown
from atlas.site.catalog.statistics import UnitOnPhotos

CHANNEL = Target(kind="channel", layer="stem", unit=0)


def seen(values: np.ndarray, bins: int = 20, photos: int = 995) -> UnitOnPhotos:
    counts, edges = np.histogram(values, bins, (values.min(), max(values.max(), values.min() + 1e-3)))
    unit = UnitStatistics(
        unit=0,
        n=len(values),
        mean=float(values.mean()),
        deviation=float(values.std()),
        minimum=float(values.min()),
        maximum=float(values.max()),
        quantiles=tuple(float(value) for value in np.quantile(values, QUANTILES)),
        histogram=Histogram(low=float(edges[0]), high=float(edges[-1]), counts=tuple(map(int, counts))),
    )
    analysis = Analysis(
        kind="statistics",
        version=1,
        model=identity("a"),
        layers=("stem",),
        photos="",
        parameters={},
        numerics="float32",
    )
    layer = LayerStatistics(
        key=analysis.key, analysis=analysis, photos=(), photo_count=photos, units=(unit,), provenance=PROVENANCE
    )
    return UnitOnPhotos(unit, layer)


def rendering(value: float, target: Target = CHANNEL) -> Shown:
    made, _ = record(job("a", target))
    kept = tuple(it.model_copy(update={"value": value}) if it.name == "activation" else it for it in made.measurements)
    return Shown(made.model_copy(update={"measurements": kept}), "MACO")


EVEN = np.linspace(0, 100, 10_001)


@given(st.floats(-10, 110))
def test_the_share_below_is_that_of_the_views(value: float) -> None:
    share = seen(EVEN).share_below(value)
    assert share == pytest.approx(min(1, max(0, value / 100)), abs=0.002)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.floats(-6, 6), st.floats(-6, 6))
def test_the_share_below_never_falls(values: list[float], a: float, b: float) -> None:
    unit = seen(np.array(values))
    low, high = sorted((a, b))
    assert 0 <= unit.share_below(low) <= unit.share_below(high) <= 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (120, "above all of 10,001 views of 995 photos"),
        (-3, "below all of 10,001 views of 995 photos"),
        (99.97, "above 99.9 % of 10,001 views of 995 photos"),
        (75.04, "above 75.0 % of 10,001 views of 995 photos"),
        (10.0, "below 90.0 % of 10,001 views of 995 photos"),
    ],
)
def test_a_value_is_placed_in_words_that_never_claim_too_much(value: float, words: str) -> None:
    assert seen(EVEN).words(value) == words


def test_whole_photos_alone_are_not_called_views_of_photos() -> None:
    assert seen(np.arange(12.0), photos=12).seen == "12 views"


def test_selectivity_counts_deviations_and_is_missing_if_all_views_are_alike() -> None:
    values = np.r_[np.zeros(99), 10.0]
    assert seen(values).selectivity == pytest.approx((10 - values.mean()) / values.std())
    assert seen(np.ones(9)).selectivity is None


@given(
    st.lists(st.floats(-5, 5), min_size=2, max_size=40),
    st.lists(st.floats(-1e6, 1e6), max_size=5),
)
def test_everything_is_drawn_inside_and_in_order(values: list[float], reached: list[float]) -> None:
    drawing = seen(np.array(values)).draw([rendering(value) for value in reached])
    assert 0 <= drawing.left < drawing.right <= 100
    assert all(0 <= mark.x <= 100 for mark in drawing.marks)
    ordered = sorted(drawing.marks, key=lambda mark: mark.value)
    assert [mark.x for mark in ordered] == sorted(mark.x for mark in drawing.marks)
    for mark in drawing.marks:
        if mark.value > drawing.high:
            assert mark.x >= drawing.right
        if mark.value < drawing.low:
            assert mark.x <= drawing.left
    assert len(drawing.breaks) == len({mark.value > drawing.high for mark in drawing.marks if mark.beyond})
    numbers = [float(number) for number in re.findall(r"[\d.]+", drawing.bars)]
    assert min(numbers) >= 0 and max(numbers) <= 100


def test_a_rendering_far_off_does_not_squeeze_the_bars() -> None:
    drawing = seen(EVEN).draw([rendering(1e5)])
    assert drawing.right - drawing.left > 70 and drawing.marks[0].beyond and drawing.breaks


def test_bars_are_as_high_as_the_logarithms_of_counts() -> None:
    drawing = seen(np.r_[np.zeros(99), np.ones(9)], bins=2).draw([])
    heights = [100 - float(height) for height in re.findall(r"V([\d.]+)H", drawing.bars)]
    assert heights == pytest.approx([100, 100 * np.log(10) / np.log(100)], abs=0.06)


REACHED = st.one_of(st.floats(-150, 250), st.floats(-1e6, 1e6), st.sampled_from([0.0, 50.0, 100.0, 1e5]))


@given(st.lists(REACHED, max_size=6), st.floats(-50, 50), st.floats(1e-3, 200))
def test_no_two_labels_of_a_histogram_lie_on_each_other(reached: list[float], low: float, width: float) -> None:
    drawing = seen(np.linspace(low, low + width, 200)).draw([rendering(value) for value in reached])
    for labels in (drawing.labels, drawing.ticks):
        extents = sorted(label.extent for label in labels)
        assert all(end < start for (_, end), (start, _) in pairwise(extents)), labels
        assert all(start >= -1 and end <= 101 for start, end in extents), labels
    told = [int(number) for label in drawing.labels for number in label.text.split(", ")]
    assert sorted(told) == [mark.number for mark in drawing.marks] == list(range(1, len(reached) + 1))


def test_marks_at_one_place_share_a_label_and_others_have_their_own() -> None:
    drawing = seen(EVEN).draw([rendering(value) for value in (20.0, 80.0, 20.1, 5e3, 9e4, 80.0)])
    assert [label.text for label in drawing.labels] == ["1, 3", "2, 6", "4, 5"]
    assert drawing.labels[-1].anchor == "end" and len({mark.x for mark in drawing.marks if mark.beyond}) == 1


def test_a_zero_beside_an_end_is_not_written_over_it() -> None:
    near, far = (seen(np.linspace(low, 100, 200)).draw([]) for low in (-0.5, -60))
    assert [tick.text for tick in near.ticks] == ["−0.500", "100"] and near.zero is not None
    assert [tick.text for tick in far.ticks] == ["−60.0", "0", "100"]


def test_only_what_was_measured_as_photos_were_is_placed() -> None:
    neuron = Target(kind="neuron", layer="stem", unit=0, position=(1, 1))
    unmeasured = rendering(3.0)
    unmeasured.record = unmeasured.record.model_copy(update={"measurements": ()})
    made = seen(EVEN).draw([rendering(50.0, neuron), unmeasured, rendering(20.0)])
    assert [mark.value for mark in made.marks] == [20.0]
