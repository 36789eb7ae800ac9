"""Stability, company and first places of concepts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from atlas.craft.stability import first_share, stability, together
from atlas.errors import ConceptError

tables = arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.floats(0, 100))


def test_a_concept_that_comes_back_in_any_order_and_scale_is_stable():
    directions = np.random.default_rng(0).random((5, 20))
    assert stability(directions, [directions[::-1] * 3, directions[[2, 0, 1, 4, 3]]]) == pytest.approx(1)


def test_the_worst_repeat_counts():
    directions = np.eye(2, 3)
    near = np.array([[1.0, 1, 0], [0, 1, 0]])
    np.testing.assert_allclose(stability(directions, [directions, near]), [np.sqrt(0.5), 1])


def test_a_repeat_may_have_fewer_concepts():
    np.testing.assert_allclose(stability(np.eye(3), [np.eye(3)[:2]]), [1, 1, 0])


def test_a_direction_of_zeros_or_pointing_away_is_not_stable():
    directions = np.array([[0.0, 0], [1, 0]])
    assert np.array_equal(stability(directions, [-directions]), [0, 0])


def test_stability_needs_a_repeat():
    with pytest.raises(ConceptError, match="repeat"):
        stability(np.eye(2), [])


def test_concepts_on_the_same_photos_go_together():
    strengths = np.array([[1.0, 2, 0, 0], [2, 4, 0, 0], [0, 0, 3, 0]])
    expected = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(together(strengths), expected, atol=1e-12)


@given(tables)
def test_company_is_symmetric_and_at_most_one(strengths):
    table = together(strengths)
    assert np.array_equal(table, table.T)
    assert (table >= 0).all()
    assert (table <= 1).all()


def test_first_places_are_shares_of_photos():
    importance = np.array([[0.5, 0.2, 0.1], [0.1, 0.3, 0.3], [0.9, 0, 0], [0, 0, 0]])
    assert np.array_equal(first_share(importance), [0.5, 0.25, 0])


@given(tables)
def test_first_places_add_up_to_the_photos_with_any(importance):
    assert first_share(importance).sum() == pytest.approx((importance > 0).any(axis=1).mean())
