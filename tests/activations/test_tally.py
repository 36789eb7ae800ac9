"""The tally against numpy over everything at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.activations.tally import BINS, Tally

SHARES = (0.01, 0.25, 0.5, 0.75, 0.99)


def tallied(photos, keep=4, offset=0):
    """A tally of (V, U) arrays, one per photo."""
    tally = Tally.empty(photos[0].shape[1], keep)
    for number, values in enumerate(photos):
        tally.add(number + offset, values)
    return tally


def photos_of(seed, count=40, views=5, units=3, scale=(1.0, 1e-3, 1e4)):
    generator = np.random.default_rng(seed)
    return [(generator.normal(0.5, 1, (views, units)) * scale).astype(np.float32) for _ in range(count)]


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_extremes_means_and_quantiles_are_those_of_all_values(seed):
    photos = photos_of(seed)
    tally, values = tallied(photos), np.concatenate(photos).astype(np.float64)
    assert tally.count == len(values)
    np.testing.assert_allclose(tally.total / tally.count, values.mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(tally.high, values.max(axis=0))
    np.testing.assert_array_equal(tally.low, values.min(axis=0))
    for unit in range(3):
        width = 2.0 ** tally.exponent[unit]
        assert width <= np.abs(values[:, unit]).max() * 2 / (BINS // 2)
        exact = np.quantile(values[:, unit], SHARES, method="inverted_cdf")
        np.testing.assert_allclose(tally.quantiles(unit, SHARES), exact, atol=1.01 * width)


@given(st.integers(0, 10_000), st.integers(1, 39))
@settings(max_examples=25, deadline=None)
def test_a_split_pass_is_the_whole_pass(seed, cut):
    photos = photos_of(seed)
    whole, first = tallied(photos), tallied(photos[:cut])
    first.merge(tallied(photos[cut:]), offset=cut)
    for name in ("low", "high", "exponent", "bins", "top", "photo", "view"):
        np.testing.assert_array_equal(getattr(first, name), getattr(whole, name), err_msg=name)
    np.testing.assert_allclose(first.total, whole.total)


def test_the_strongest_views_are_one_per_photo_best_first():
    photos = photos_of(3)
    tally = tallied(photos, keep=6)
    per_photo = np.stack([values.max(axis=0) for values in photos])
    for unit in range(3):
        expected = np.argsort(-per_photo[:, unit], kind="stable")[:6]
        assert tally.photo[unit].tolist() == expected.tolist()
        assert tally.view[unit].tolist() == [int(photos[photo][:, unit].argmax()) for photo in expected]
        np.testing.assert_array_equal(tally.top[unit], per_photo[expected, unit])


def test_fewer_photos_than_are_kept_leave_empty_places():
    tally = tallied(photos_of(1, count=2), keep=5)
    assert (tally.photo[:, 2:] == -1).all() and np.isneginf(tally.top[:, 2:]).all()


@pytest.mark.parametrize("bins", [1, 7, 32])
def test_a_histogram_counts_every_view_between_the_extremes(bins):
    photos = photos_of(5)
    tally, values = tallied(photos), np.concatenate(photos)
    for unit in range(3):
        low, high, counts = tally.histogram(unit, bins)
        assert (low, high) == (values[:, unit].min(), values[:, unit].max())
        assert sum(counts) == len(values) and len(counts) == bins and min(counts) >= 0
        exact, _ = np.histogram(values[:, unit], bins=bins, range=(low, high))
        assert np.abs(np.cumsum(exact) - np.cumsum(counts)).max() <= 8


def test_a_unit_that_never_fires_has_one_bin_at_zero():
    tally = tallied([np.zeros((4, 1), dtype=np.float32)] * 3)
    assert tally.histogram(0, 32) == (0.0, 0.0, (12,))
    assert tally.quantiles(0, SHARES) == (0.0,) * 5
