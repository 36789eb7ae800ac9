"""Batched NMF in torch: as exact as scikit-learn's, and each matrix as if alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import NMF

from atlas.craft.factorisations.nmf_batch import factorise_batch


def structured(seed, rows=80, channels=50, concepts=6):
    """Sparse activations, as after a ReLU."""
    generator = torch.Generator().manual_seed(seed)
    made = torch.rand(rows, concepts, generator=generator) @ torch.rand(concepts, channels, generator=generator)
    return (made + 0.5 * torch.randn(rows, channels, generator=generator) - 1).clamp_min(0)


def uniform(seed, rows=80, channels=50):
    return torch.rand(rows, channels, generator=torch.Generator().manual_seed(seed))


def error(activations, coefficients, directions):
    return float((activations - coefficients @ directions).norm() / activations.norm())


@pytest.mark.parametrize("make", [structured, uniform])
@pytest.mark.parametrize("start", ["spectral", "random"])
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("count", [4, 12])
def test_the_error_is_within_one_percent_of_scikit_learns(make, start, seed, count):
    activations = make(seed)
    model = NMF(count, init="nndsvda" if start == "spectral" else "random", max_iter=1000, tol=0, random_state=seed)
    expected = error(activations, *map(torch.from_numpy, (model.fit_transform(activations.numpy()), model.components_)))
    coefficients, directions = factorise_batch(activations[None], [80], count, seed, start)
    assert error(activations, coefficients[0], directions[0]) <= expected * 1.01


@pytest.mark.parametrize("start", ["spectral", "random"])
def test_a_padded_batch_gives_what_each_matrix_gives_alone(start):
    matrices = [structured(seed, rows) for seed, rows in enumerate((80, 30, 55, 12))]
    padded = torch.zeros(4, 90, 50)
    for target, matrix in zip(padded, matrices, strict=True):
        target[: len(matrix)] = matrix
    coefficients, directions = factorise_batch(padded, [80, 30, 55, 12], 5, start=start)
    for i, matrix in enumerate(matrices):
        alone_coefficients, alone_directions = factorise_batch(matrix[None], [len(matrix)], 5, start=start)
        torch.testing.assert_close(directions[i], alone_directions[0], rtol=0.01, atol=1e-3)
        torch.testing.assert_close(coefficients[i, : len(matrix)], alone_coefficients[0], rtol=0.01, atol=1e-3)
        assert not coefficients[i, len(matrix) :].any()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), rows=st.integers(1, 12), channels=st.integers(1, 12), count=st.integers(1, 12))
def test_factors_of_any_shape_are_finite_and_not_negative(seed, rows, channels, count):
    activations = (uniform(seed, rows, channels) - 0.3).clamp_min(0)[None]
    coefficients, directions = factorise_batch(activations, [rows], count, seed, iterations=40)
    for factor in (coefficients, directions):
        assert torch.isfinite(factor).all()
        assert (factor >= 0).all()
    assert (activations - coefficients @ directions).norm() <= activations.norm() * (1 + 1e-6)


def test_the_error_only_falls():
    activations = structured(0)[None]
    errors = [
        error(activations[0], *(part[0] for part in factorise_batch(activations, [80], 6, iterations=n, tolerance=0)))
        for n in (1, 5, 20, 80)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > errors[-1]


def test_a_matrix_of_the_asked_rank_is_reconstructed():
    generator = torch.Generator().manual_seed(0)
    exact = torch.rand(60, 3, generator=generator) @ torch.rand(3, 20, generator=generator)
    coefficients, directions = factorise_batch(exact[None], [60], 3, iterations=3000, tolerance=1e-7)
    assert error(exact, coefficients[0], directions[0]) < 0.01


def test_the_generator_of_the_process_is_left_alone():
    before = torch.random.get_rng_state()
    factorise_batch(uniform(0)[None], [80], 3, start="random")
    assert torch.equal(torch.random.get_rng_state(), before)
