"""Total Sobol indices against functions whose indices are known exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.craft.sobol import jansen, sobol_masks, total_indices
from atlas.errors import ConceptError


def ishigami(points, a=7.0, b=0.1):
    x = (2 * points.astype(float) - 1) * np.pi
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_totals(a=7.0, b=0.1):
    """Ishigami and Homma (1990), by integration."""
    first = (1 + b * np.pi**4 / 5) ** 2 / 2
    second = a**2 / 8
    with_third = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    return np.array([first + with_third, second, with_third]) / (first + second + with_third)


G = np.array([0.0, 1.0, 4.5, 9.0, 99.0])


def g_function(points):
    return np.prod((np.abs(4 * points.astype(float) - 2) + G) / (1 + G), axis=1)


def g_totals():
    """Saltelli and Sobol (1995): partial variances 1 / (3 (1 + a)^2)."""
    partial = 1 / (3 * (1 + G) ** 2)
    return partial * (np.prod(1 + partial) / (1 + partial)) / (np.prod(1 + partial) - 1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("designs", "tolerance"), [(256, 0.1), (4096, 0.01)])
@pytest.mark.parametrize(("function", "totals"), [(ishigami, ishigami_totals()), (g_function, g_totals())])
def test_the_indices_of_known_functions_are_found(function, totals, designs, tolerance, seed):
    np.testing.assert_allclose(total_indices(function, len(totals), designs, seed), totals, atol=tolerance)


def test_the_known_totals_are_those_of_the_literature():
    np.testing.assert_allclose(ishigami_totals(), [0.5576, 0.4424, 0.2437], atol=1e-4)


def test_the_error_of_craft_s_32_designs_is_small_on_average():
    errors = [total_indices(ishigami, 3, 32, seed) - ishigami_totals() for seed in range(40)]
    assert np.abs(np.mean(errors, axis=0)).max() < 0.05
    assert np.sqrt(np.square(errors).mean(axis=0)).max() < 0.2


def test_an_additive_function_has_the_shares_of_its_variance():
    weights = np.array([1.0, 2, 3, 0])
    found = total_indices(lambda points: points @ weights, 4, 1024)
    np.testing.assert_allclose(found, weights**2 / (weights**2).sum(), atol=0.01)
    assert found[3] == 0


@given(dimensions=st.integers(1, 12), designs=st.integers(2, 70), seed=st.integers(0, 2**31 - 1))
def test_every_block_differs_from_the_first_in_its_own_input_only(dimensions, designs, seed):
    masks = sobol_masks(dimensions, designs, seed)
    assert masks.shape == (designs * (dimensions + 1), dimensions)
    assert masks.dtype == np.float32
    assert masks.min() >= 0
    assert masks.max() <= 1
    blocks = masks.reshape(dimensions + 1, designs, dimensions)
    changed = (blocks[1:] != blocks[0]).any(axis=1)
    assert np.array_equal(changed, np.eye(dimensions, dtype=bool))


def test_a_power_of_two_is_balanced_and_any_number_is_its_beginning():
    whole, part = sobol_masks(3, 64).reshape(4, 64, 3), sobol_masks(3, 50).reshape(4, 50, 3)
    assert np.array_equal(whole[:, :50], part)
    for column in whole[0].T:
        assert np.array_equal(np.histogram(column, bins=64, range=(0, 1))[0], np.ones(64))


def test_masks_follow_the_seed():
    assert np.array_equal(sobol_masks(3, 8, seed=1), sobol_masks(3, 8, seed=1))
    assert not np.array_equal(sobol_masks(3, 8, seed=1), sobol_masks(3, 8, seed=2))


def test_the_estimator_is_its_formula():
    values = np.random.default_rng(0).normal(size=(2, 8 * 4))
    for row, found in zip(values, jansen(values, 3), strict=True):
        base, *changed = row.reshape(4, 8)
        expected = [((base - other) ** 2).sum() / (2 * 8 * np.var(base, ddof=1)) for other in changed]
        np.testing.assert_allclose(found, expected)


@given(scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_indices_do_not_depend_on_unit_or_zero(scale, shift):
    values = np.random.default_rng(0).normal(size=8 * 4)
    np.testing.assert_allclose(jansen(values * scale + shift, 3), jansen(values, 3), rtol=1e-6)


@pytest.mark.parametrize("constant", [0.0, -12.5])
def test_a_constant_depends_on_nothing(constant):
    noise = np.random.default_rng(0).normal(size=32).astype(np.float32)
    assert np.array_equal(jansen(np.full(32, constant), 3), np.zeros(3))
    assert np.array_equal(jansen(constant * (1 + 1e-7 * noise), 3), np.zeros(3))


def test_what_cannot_be_estimated_is_refused():
    with pytest.raises(ConceptError, match="2 designs|by 1 designs"):
        sobol_masks(3, 1)
    with pytest.raises(ConceptError, match="0 inputs"):
        sobol_masks(0, 8)
    with pytest.raises(ConceptError, match="33 values"):
        jansen(np.zeros(33), 3)
