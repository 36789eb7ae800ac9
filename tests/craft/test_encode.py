"""Strengths of concepts: the exact solution of non-negative least squares, against SciPy on the full problem."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import nnls

from atlas.craft.encode import least_squares, nearest

small = st.integers(-3, 3).map(float)


def problem(rows=40, concepts=6, channels=30, seed=0):
    generator = np.random.default_rng(seed)
    directions = np.abs(generator.normal(size=(concepts, channels)))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return generator.normal(size=(rows, channels)).astype(np.float32) + 0.3, directions.astype(np.float32)


def violations(activations, directions, strengths):
    """By how much u misses the optimality conditions: u >= 0, slope <= 0, and slope 0 where u > 0."""
    slope = (activations - strengths @ directions) @ directions.T
    return np.where(strengths > 0, np.abs(slope), np.maximum(slope, 0)).max(initial=0)


def test_each_row_is_what_scipy_finds_on_the_full_problem():
    activations, directions = problem()
    expected = [nnls(directions.T.astype(float), row.astype(float))[0] for row in activations]
    np.testing.assert_allclose(least_squares(activations, directions), expected, atol=1e-5)


def test_strengths_that_made_an_activation_are_found_again():
    _, directions = problem()
    strengths = np.maximum(np.random.default_rng(1).normal(size=(50, 6)), 0)
    np.testing.assert_allclose(least_squares(strengths @ directions, directions), strengths, atol=1e-5)


@given(
    directions=arrays(float, st.tuples(st.integers(1, 6), st.just(4)), elements=small),
    activations=arrays(float, (3, 4), elements=small),
)
def test_any_directions_even_dependent_or_zero_ones_are_solved(directions, activations):
    strengths = least_squares(activations, directions)
    assert (strengths >= 0).all()
    assert violations(activations, directions, strengths.astype(float)) < 1e-3


def test_a_tie_that_stops_scipy_too_early_is_solved():
    directions = np.array([[1, -2, 2, -1], [1, -2, 2, -1], [2, 1, 1, -2], [0, 0, -2, 2], [0, 0, 0, 0]], dtype=float)
    activations = np.array([[-2.0, 3, -1, -1]])  # every direction points away from it, one at a right angle
    np.testing.assert_allclose(least_squares(activations, directions), 0, atol=1e-6)


def test_two_equal_directions_share_what_one_would_have():
    activations, directions = problem(concepts=1)
    once, twice = least_squares(activations, directions), least_squares(activations, np.repeat(directions, 2, axis=0))
    np.testing.assert_allclose(twice.sum(axis=1, keepdims=True), once, atol=1e-5)


def test_a_row_does_not_depend_on_its_neighbours():
    activations, directions = problem()
    together = least_squares(activations, directions)
    alone = np.concatenate([least_squares(row[None], directions) for row in activations])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("scale", [1e-20, 1e-6, 1e6])
def test_strengths_scale_with_the_activations(scale):
    activations, directions = problem()
    scaled = least_squares(activations.astype(float) * scale, directions)
    np.testing.assert_allclose(scaled / scale, least_squares(activations, directions), rtol=1e-4, atol=1e-6)


def test_more_directions_than_channels_are_solved():
    activations, directions = problem(concepts=9, channels=4)
    assert violations(activations, directions, least_squares(activations, directions)) < 1e-4


def test_no_rows_give_no_strengths():
    assert least_squares(np.empty((0, 30)), problem()[1]).shape == (0, 6)


def test_k_means_puts_all_strength_on_the_direction_of_largest_cosine():
    activations, directions = problem()
    directions *= np.linspace(0.5, 2, len(directions), dtype=np.float32)[:, None]
    strengths = nearest(activations, directions)
    cosines = activations @ (directions / np.linalg.norm(directions, axis=1, keepdims=True)).T
    for row, strength, cosine in zip(activations, strengths, cosines, strict=True):
        place = cosine.argmax()
        assert set(np.flatnonzero(strength)) <= {place}
        best = max(row @ directions[place] / (directions[place] @ directions[place]), 0)
        assert strength[place] == pytest.approx(best, rel=1e-4)
