"""Deletion and insertion curves."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from atlas.craft.curves import area_under, deletion_curve, insertion_curve

COEFFICIENTS = np.array([[1.0, 4, 2], [3, 1, 1]], dtype=np.float32)[:, None, None, :]  # two photos of one position
DIRECTIONS = np.eye(3, 5, dtype=np.float32)


def total(maps):
    """A head to which a concept adds its strength, over a bias of 10."""
    return maps.sum(dim=(1, 2, 3)) + 10


def test_deletion_takes_concepts_away_in_order():
    curve = deletion_curve(COEFFICIENTS, DIRECTIONS, total, np.array([1, 2, 0]))
    np.testing.assert_allclose(curve, [[17, 13, 11, 10], [15, 14, 13, 10]])


def test_insertion_adds_them_in_order():
    curve = insertion_curve(COEFFICIENTS, DIRECTIONS, total, np.array([1, 2, 0]))
    np.testing.assert_allclose(curve, [[10, 14, 16, 17], [10, 11, 12, 15]])


def test_every_photo_may_have_its_own_order():
    curve = deletion_curve(COEFFICIENTS, DIRECTIONS, total, np.array([[1, 2, 0], [0, 1, 2]]))
    np.testing.assert_allclose(curve, [[17, 13, 11, 10], [15, 12, 11, 10]])


@given(order=st.permutations(range(3)))
def test_insertion_is_deletion_in_reverse_order_read_backwards(order):
    def tail(maps):
        return torch.tanh(maps).flatten(1).prod(dim=1) + maps.sum(dim=(1, 2, 3)).square()

    inserted = insertion_curve(COEFFICIENTS, DIRECTIONS, tail, np.array(order))
    deleted = deletion_curve(COEFFICIENTS, DIRECTIONS, tail, np.array(order[::-1]))
    assert np.array_equal(inserted, deleted[:, ::-1])


@pytest.mark.parametrize(
    ("curve", "area"),
    [
        ([10, 8, 6, 4], 0.5),
        ([4, 6, 8, 10], 0.5),
        ([1, 0, 0, 0, 0], 0.125),
        ([0, 1, 1, 1, 1], 0.875),
        ([3, 3, 3], 0.5),
    ],
)
def test_the_area_is_that_of_the_scaled_curve(curve, area):
    assert area_under(np.array(curve)) == pytest.approx(area)


def test_the_order_of_importance_has_the_smallest_area_under_deletion_and_the_largest_under_insertion():
    mean = COEFFICIENTS.mean(axis=(0, 1, 2))
    orders = [np.array(order) for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))]
    best = np.argsort(-mean)
    for curve, better in ((deletion_curve, -1), (insertion_curve, 1)):
        areas = {
            tuple(order): better * area_under(curve(COEFFICIENTS, DIRECTIONS, total, order).mean(axis=0))
            for order in orders
        }
        assert areas[tuple(best)] == max(areas.values())


@given(scale=st.floats(0.1, 10), shift=st.floats(-10, 10))
def test_the_area_does_not_depend_on_unit_or_bias(scale, shift):
    curve = np.array([5.0, 2, 3, 1])
    assert area_under(curve * scale + shift) == pytest.approx(area_under(curve))
