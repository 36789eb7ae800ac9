"""Factorisations: what they recover, how well, and what they refuse."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import NMF

from atlas.craft.check import check_activations
from atlas.craft.encode import least_squares
from atlas.craft.factorisations.base import FACTORISATIONS, taking_signs
from atlas.craft.factorise import factorise, factorise_many
from atlas.craft.stability import stability
from atlas.errors import ConceptError, ConfigError

KINDS = FACTORISATIONS.names()
SIGNED = taking_signs()


def planted(rows=150, channels=40, concepts=5, noise=0.02, seed=0, signed=False):
    """Activations made of known directions, most patches of one or two of them."""
    generator = np.random.default_rng(seed)
    strengths = generator.gamma(1, size=(rows, concepts)) * (generator.random((rows, concepts)) < 0.3)
    strengths[np.arange(rows), generator.integers(concepts, size=rows)] += 2
    directions = generator.gamma(0.3, size=(concepts, channels))
    if signed:
        directions *= generator.choice([-1, 1], size=directions.shape)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    activations = strengths @ directions + noise * generator.normal(size=(rows, channels))
    return (activations if signed else np.abs(activations)).astype(np.float32), directions.astype(np.float32)


def cosines(found, truth):
    """Cosines of the best pairing of two sets of unit directions."""
    table = found @ truth.T
    return table[linear_sum_assignment(-table)]


def relative(activations, coefficients, directions):
    residual = activations.astype(float) - coefficients.astype(float) @ directions.astype(float)
    return np.linalg.norm(residual) / np.linalg.norm(activations.astype(float))


@pytest.mark.parametrize("solver", ["sklearn", "torch"])
@pytest.mark.parametrize("start", ["spectral", "random"])
def test_nmf_recovers_the_directions_that_patches_were_made_of(solver, start):
    activations, truth = planted()
    found = factorise(activations, 5, solver=solver, start=start)
    assert cosines(found.directions, truth).min() > 0.98
    assert found.error < 0.06


@pytest.mark.parametrize("kind", ["convex-nmf", "dictionary", "k-means"])
def test_signed_directions_are_recovered(kind):
    activations, truth = planted(signed=True)
    assert cosines(factorise(activations, 5, kind).directions, truth).min() > 0.9


def test_semi_nmf_is_nearly_as_exact_as_a_singular_value_decomposition():
    activations, _ = planted(signed=True, noise=0.1)
    values = np.linalg.svd(activations, compute_uv=False)
    bound = np.linalg.norm(values[5:]) / np.linalg.norm(values)
    assert bound <= factorise(activations, 5, "semi-nmf").error < 1.05 * bound


def test_the_directions_of_convex_nmf_are_sums_of_patches():
    activations, _ = planted(signed=True)
    directions = factorise(activations, 5, "convex-nmf").directions
    weights = least_squares(directions, activations)  # the nearest sums with weights >= 0
    np.testing.assert_allclose(weights @ activations, directions, atol=1e-3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("count", [3, 10])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_error_is_no_larger_than_that_of_scikit_learns_defaults(count, seed):
    activations, _ = planted(concepts=8, noise=0.1, seed=seed)
    reference = NMF(count, random_state=seed)
    coefficients = reference.fit_transform(activations)
    expected = relative(activations, coefficients, reference.components_)
    assert factorise(activations, count, solver="sklearn", seed=seed).error <= expected * 1.005
    assert factorise(activations, count, solver="torch", seed=seed).error <= expected * 1.01


@pytest.mark.parametrize("kind", KINDS)
def test_what_every_kind_promises(kind):
    card = FACTORISATIONS.get(kind).card
    assert card.name == kind and card.summary.endswith(".") and all(limit.endswith(".") for limit in card.limits)
    activations, _ = planted(signed=card.takes_signed)
    found = factorise(activations, 4, kind)
    assert found.coefficients.shape == (150, 4)
    assert found.coefficients.dtype == found.directions.dtype == np.float32
    assert (found.coefficients >= 0).all()
    np.testing.assert_allclose(np.linalg.norm(found.directions, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(
        found.coefficients, FACTORISATIONS.get(kind).encode(activations, found.directions), atol=1e-5
    )
    assert found.error == pytest.approx(relative(activations, found.coefficients, found.directions), rel=1e-4)
    assert (np.diff(found.coefficients.sum(axis=0)) <= 0).all(), "the largest concept comes first"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", ["spectral", "random"])
def test_a_seed_repeats_a_factorisation(kind, start):
    activations, _ = planted()
    first, second = (factorise(activations, 4, kind, seed=3, start=start) for _ in range(2))
    assert np.array_equal(first.directions, second.directions)
    assert np.array_equal(first.coefficients, second.coefficients)


@pytest.mark.parametrize("kind", KINDS)
def test_a_random_start_depends_on_the_seed(kind):
    activations = np.random.default_rng(0).random((60, 20), dtype=np.float32)
    first, second = (factorise(activations, 6, kind, seed=seed, start="random") for seed in (0, 1))
    assert stability(first.directions, [second.directions]).min() < 0.9999


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [2.0**-60, 2.0**40])
def test_activations_of_any_size_give_the_same_directions(kind, scale):
    activations, _ = planted()
    plain, scaled = factorise(activations, 4, kind), factorise(activations * np.float32(scale), 4, kind)
    assert np.array_equal(plain.directions, scaled.directions)
    np.testing.assert_allclose(scaled.coefficients / scale, plain.coefficients, rtol=1e-4, atol=1e-6)
    assert scaled.error == pytest.approx(plain.error, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("solver", ["sklearn", "torch"])
def test_many_are_each_as_if_alone(kind, solver):
    classes = [planted(rows, seed=rows)[0] for rows in (30, 50, 41)]
    for many, activations in zip(factorise_many(classes, 4, kind, solver=solver), classes, strict=True):
        alone = factorise(activations, 4, kind, solver=solver)
        assert np.array_equal(many.directions, alone.directions)
        assert np.array_equal(many.coefficients, alone.coefficients)


def test_large_data_goes_to_torch(monkeypatch):
    activations, _ = planted()
    assert np.array_equal(factorise(activations, 4).directions, factorise(activations, 4, solver="sklearn").directions)
    monkeypatch.setattr("atlas.craft.factorisations.nmf.LARGE", activations.size)
    assert np.array_equal(factorise(activations, 4).directions, factorise(activations, 4, solver="torch").directions)


def test_groups_for_a_device_hold_padded_matrices_within_the_bound(monkeypatch):
    from atlas.craft.factorisations import nmf as module

    monkeypatch.setattr(module, "BATCH_VALUES", 100 * 4)
    matrices = [np.zeros((rows, 4)) for rows in (40, 40, 10, 60, 300, 5)]
    groups = list(module._groups(matrices, "cuda"))
    assert [[len(matrix) for matrix in group] for group in groups] == [[40, 40], [10], [60], [300], [5]]
    assert [len(group) for group in module._groups(matrices, "cpu")] == [1] * 6


def test_more_concepts_than_channels_are_possible():
    activations = np.random.default_rng(0).random((30, 3), dtype=np.float32)
    for solver in ("sklearn", "torch"):
        assert factorise(activations, 5, solver=solver).error < 0.05


def test_blank_patches_have_no_concept():
    activations, _ = planted()
    activations[::3] = 0
    for kind in KINDS:
        assert not factorise(activations, 4, kind).coefficients[::3].any()


def refused(activations, count=5, kind="nmf", **options):
    with pytest.raises(ConceptError) as caught:
        factorise(activations, count, kind, **options)
    assert caught.value.remedy
    return str(caught.value)


def test_signed_activations_are_refused_by_nmf_which_names_what_takes_them():
    message = refused(planted(signed=True)[0])
    assert "negative" in message
    assert all(kind in message for kind in SIGNED)


@pytest.mark.parametrize("kind", KINDS)
def test_what_no_kind_can_factorise_is_refused(kind):
    activations, _ = planted()
    assert "zero on every patch" in refused(np.zeros((20, 8)), kind=kind)
    assert "5 concepts cannot be found in 4 patches" in refused(activations[:4], kind=kind)
    assert "all alike" in refused(np.tile(activations[:1], (20, 1)), kind=kind)
    assert "only 3 different ones" in refused(np.tile(activations[:3], (9, 1)), kind=kind)
    assert "0 patches" in refused(np.empty((0, 8)), kind=kind)
    for value in (np.nan, np.inf):
        broken = activations.copy()
        broken[[2, 5], 3] = value
        assert "2 of 150 patches are not finite" in refused(broken, kind=kind)


def test_patches_that_are_all_alike_are_one_concept():
    activations = np.tile(planted()[0][:1], (20, 1))
    for kind in KINDS:
        assert factorise(activations, 1, kind).error < 1e-3


def test_names_that_do_not_exist_are_refused():
    activations, _ = planted()
    with pytest.raises(ConfigError, match='did you mean "k-means"'):
        factorise(activations, 5, "kmeans")
    assert "sklearn" in refused(activations, solver="cuda")
    assert "spectral" in refused(activations, start="svd")


def test_a_check_finds_what_a_factorisation_would():
    card = FACTORISATIONS.get("nmf").card
    check_activations(planted()[0], 5, card)
    with pytest.raises(ConceptError, match="200 concepts"):
        check_activations(planted()[0], 200, card)
    with pytest.raises(ConceptError, match="shape"):
        check_activations(np.ones((4, 3, 2)), 2, card)


def test_convex_nmf_has_a_largest_number_of_patches(monkeypatch):
    monkeypatch.setattr("atlas.craft.factorisations.convex_nmf.MOST_PATCHES", 100)
    assert "at most 100 patches" in refused(planted()[0], kind="convex-nmf")


def test_importing_the_module_loads_no_solver():
    code = "import sys, atlas.craft.factorise; print({'torch', 'sklearn', 'scipy'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "set()"


def test_a_configuration_is_checked_without_numbers():
    code = "import sys, atlas.craft.settings; print({'torch', 'numpy', 'sklearn', 'scipy'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "set()"


OTHERS = """
import numpy as np

from atlas.craft.factorisations.base import Factorisation
from atlas.core.factorisation_card import FactorisationCard


class SVD(Factorisation):
    card = FactorisationCard(
        name="svd",
        title="singular value decomposition",
        summary="The directions in which activations vary most.",
        limits=("They are orthogonal, which parts need not be.",),
        takes_signed=True,
    )

    def directions(self, activations, count, fitting):
        return [np.linalg.svd(matrix, full_matrices=False)[2][:count] for matrix in activations]


class Wrong(SVD):
    def directions(self, activations, count, fitting):
        return [matrix[: count - 1] for matrix in activations]


FOUND, WRONG = SVD(), Wrong()
"""


@pytest.fixture
def others(packages):
    """Install a package with two factorisations."""
    packages.install("others_of_tests", OTHERS, "atlas.factorisations", svd="FOUND", wrong="WRONG")
    packages.rediscover(FACTORISATIONS)


@pytest.mark.usefixtures("others")
def test_a_factorisation_of_another_package_is_as_good_as_ours():
    activations, _ = planted(signed=True)
    found = factorise(activations, 5, "svd")
    np.testing.assert_allclose(found.coefficients, least_squares(activations, found.directions), atol=1e-5)
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(5), atol=1e-5)
    assert "svd" in refused(activations)  # which names it among those that take signs
    with pytest.raises(ConceptError, match='"wrong" of others_of_tests 1.2 returned'):
        factorise(activations, 5, "wrong")
