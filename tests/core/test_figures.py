"""Shares, means and their intervals, against scipy and by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from atlas.core.figures import LEVEL, RESAMPLES, Figure, bootstrap_interval, difference, group_means, mean, share
from atlas.errors import ScoreError


@pytest.mark.parametrize(("count", "n"), [(0, 1), (1, 1), (0, 15), (15, 15), (5, 10), (1, 40), (333, 1000)])
def test_wilsons_interval_is_scipys(count, n):
    figure = share([True] * count + [False] * (n - count))
    expected = stats.binomtest(count, n).proportion_ci(LEVEL, method="wilson")
    assert (figure.value, figure.n) == (count / n, n)
    assert (figure.low, figure.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_fifteen_of_fifteen_is_from_80_percent():
    whole = share([True] * 15)
    assert (whole.value, round(whole.low, 2), whole.high) == (1, 0.80, 1)
    half = share([True] * 5 + [False] * 5)
    assert half.low == pytest.approx(0.2366, abs=1e-3)
    assert half.high == pytest.approx(0.7634, abs=1e-3)


def test_a_mean_and_its_interval_are_scipys():
    values = np.random.default_rng(1).gamma(2, size=60)
    figure = mean(dict(enumerate(values)))
    scipys = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=20_000,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert figure.value == pytest.approx(values.mean())
    width = scipys.high - scipys.low  # both are estimated by resampling; an end's own error is about 2 % of the width
    assert figure.low == pytest.approx(scipys.low, abs=0.06 * width)
    assert figure.high == pytest.approx(scipys.high, abs=0.06 * width)


def test_the_ends_are_quantiles_of_means_of_items_drawn_again():
    items = np.random.default_rng(3).random((7, 2))
    times = np.random.default_rng(5).multinomial(7, np.full(7, 1 / 7), size=RESAMPLES)
    means = np.array([np.repeat(items, drawn, axis=0).mean(axis=0) for drawn in times])
    expected = np.quantile(means, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(bootstrap_interval(items, seed=5), expected, rtol=1e-12)


def test_a_difference_is_paired_as_scipys_is():
    random = np.random.default_rng(4)
    first = random.normal(5, 3, 40)
    second = first - random.normal(0.5, 0.2, 40)  # they differ by far less than they vary
    figure = difference(list(first), list(second))
    scipys = stats.bootstrap(
        (first, second), lambda a, b, axis: (a - b).mean(axis=axis), paired=True, n_resamples=20_000,
        method="percentile", rng=random,
    ).confidence_interval  # fmt: skip
    width = scipys.high - scipys.low
    assert figure.low == pytest.approx(scipys.low, abs=0.06 * width)
    assert figure.high == pytest.approx(scipys.high, abs=0.06 * width)
    assert width < 0.2


def test_means_are_over_classes_and_differences_are_paired():
    values = {(1, 0): 0.0, (1, 1): 1.0, (2, 0): 0.5, (3, 0): 0.5}
    assert group_means(values) == {1: 0.5, 2: 0.5, 3: 0.5}
    assert mean(values) == Figure(0.5, 0.5, 0.5, 3)  # classes do not differ, seeds do
    shifted = {aim: value + 0.25 + 0.01 * aim[0] for aim, value in values.items()}
    gain = difference(shifted | {(9, 9): -5.0}, values)
    assert gain.value == pytest.approx(0.27)
    assert 0.26 <= gain.low + 1e-9 < 0.27 < gain.high <= 0.28 + 1e-9


def test_groups_of_many_repeats_are_no_surer_than_of_one():
    classes = dict(enumerate([0.1, 0.4, 0.5, 0.9]))
    repeated = {(index, seed): value for index, value in classes.items() for seed in range(50)}
    assert mean(repeated) == mean(classes)
    assert mean(list(repeated.values())).low > mean(repeated).low


def test_no_order_of_the_items_changes_a_figure():
    values = {digest: float(value) for digest, value in zip("badcfe", [3, 1, 4, 1, 5, 9], strict=True)}
    assert mean(dict(reversed(values.items()))) == mean(values)
    assert mean(values, seed=1) != mean(values, seed=2)


def test_intervals_cover_the_mean_as_often_as_they_say():
    generator = np.random.default_rng(0)
    samples = generator.gamma(4, size=(40, 400))  # 400 studies of 40 photos; the mean is 4
    low, high = bootstrap_interval(samples)
    assert 0.90 <= ((low <= 4) & (high >= 4)).mean() <= 0.98
    narrow = bootstrap_interval(samples, level=0.5)
    assert 0.42 <= ((narrow[0] <= 4) & (narrow[1] >= 4)).mean() <= 0.58


def test_an_interval_holds_the_mean_and_narrows_with_photos():
    values = np.random.default_rng(0).random((400, 3))
    few, many = bootstrap_interval(values[:20]), bootstrap_interval(values)
    for (low, high), part in ((few, values[:20]), (many, values)):
        assert (low < part.mean(axis=0)).all()
        assert (high > part.mean(axis=0)).all()
    assert (many[1] - many[0] < few[1] - few[0]).all()


def test_one_photo_gives_no_width_and_a_seed_repeats():
    values = np.random.default_rng(0).random((7, 3))
    low, high = bootstrap_interval(values[:1])
    np.testing.assert_allclose([low, high], [values[0], values[0]])
    assert np.array_equal(bootstrap_interval(values, seed=4), bootstrap_interval(values, seed=4))


def test_a_mean_of_one_is_not_certain_and_a_share_of_one_is():
    assert not mean({3: 0.5}).is_certain
    assert mean({3: 0.5, 4: 0.5}).is_certain
    assert share([True]).is_certain


def test_what_has_no_figure_is_refused():
    with pytest.raises(ScoreError, match="no outcomes"):
        share([])
    with pytest.raises(ScoreError, match="without items"):
        bootstrap_interval(np.empty((0, 3)))
    with pytest.raises(ScoreError, match="without items"):
        mean({})
    with pytest.raises(ScoreError, match="in common"):
        difference({1: 0.5}, {(4, 4): 1.0})
    with pytest.raises(ScoreError, match="by position"):
        difference([1.0, 2.0], [1.0])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_not_finite_is_named(value):
    with pytest.raises(ScoreError, match=r"of \(7, 0\) is"):
        mean({(7, 0): value, (8, 0): 1.0})
