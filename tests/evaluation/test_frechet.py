"""The distance of two Gaussians in closed form, and what it may be called."""

import numpy as np
import pytest
import torch
from scipy import linalg

from atlas.errors import ScoreError
from atlas.evaluation.frechet import FULL, distance_name, frechet


def with_moments(mean, deviations, count, random):
    """Samples whose mean and (diagonal) covariance are exactly those."""
    sample = random.normal(size=(count, len(mean)))
    sample -= sample.mean(axis=0)
    white = sample @ linalg.inv(linalg.sqrtm(np.cov(sample, rowvar=False)))
    return white * np.array(deviations) + np.array(mean)


def test_it_is_the_closed_form_of_two_gaussians():
    random = np.random.default_rng(0)
    first = with_moments([1, 2, 3], [1, 2, 0.5], 3000, random)
    second = with_moments([0, 2, 5], [3, 1, 0.5], 4000, random)
    found = frechet(first, torch.tensor(second), "resnet50")
    assert found.value == pytest.approx(1 + 4 + (1 - 3) ** 2 + (2 - 1) ** 2, rel=1e-9)  # squares of means, deviations
    assert (found.pictures, found.photos, found.features, found.rank_deficient) == (3000, 4000, 3, False)
    assert found.name == "FD-resnet50"


def test_it_is_the_formula_with_full_covariances_and_symmetric():
    random = np.random.default_rng(1)
    first, second = random.normal(size=(60, 5)) @ random.normal(size=(5, 5)), random.normal(size=(90, 5))
    one, other = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    apart = first.mean(axis=0) - second.mean(axis=0)
    expected = apart @ apart + np.trace(one + other - 2 * linalg.sqrtm(one @ other).real)
    assert frechet(first, second, "any").value == pytest.approx(expected, rel=1e-9)
    assert frechet(second, first, "any").value == pytest.approx(expected, rel=1e-9)


def test_fewer_samples_than_features_are_computed_and_marked():
    random = np.random.default_rng(2)
    first, second = random.normal(size=(15, 40)), random.normal(size=(20, 40)) + 1
    found = frechet(first, second, "any")
    one, other = (each - each.mean(axis=0) for each in (first, second))
    apart = first.mean(axis=0) - second.mean(axis=0)
    root = np.linalg.svd(one @ other.T, compute_uv=False).sum() / np.sqrt(14 * 19)  # the trace of the root, without it
    expected = apart @ apart + (one**2).sum() / 14 + (other**2).sum() / 19 - 2 * root
    assert found.value == pytest.approx(expected, rel=1e-5)
    assert found.rank_deficient


def test_the_same_set_is_at_0():
    features = np.random.default_rng(3).normal(size=(50, 6))
    assert frechet(features, features, "any").value == pytest.approx(0, abs=1e-6)
    assert frechet(np.ones((3, 4)), np.ones((5, 4)), "any").value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("count", "deficient"), [(FULL, False), (FULL - 1, True)])
def test_few_are_marked(count, deficient):
    features = np.random.default_rng(4).normal(size=(count, 2))
    assert frechet(features, np.tile(features, (2, 1)), "any").rank_deficient is deficient


@pytest.mark.parametrize(
    ("network", "features", "name"),
    [
        ("inception_v3", 2048, "FID"),
        ("inception_v3.tf_in1k", 2048, "FID"),
        ("InceptionV3", 2048, "FID"),
        ("inception_v3", 768, "FD-inception_v3"),
        ("inception_v3.tf_adv_in1k", 2048, "FD-inception_v3.tf_adv_in1k"),
        ("inception_v4", 2048, "FD-inception_v4"),
        ("resnet50.a1_in1k", 2048, "FD-resnet50.a1_in1k"),
    ],
)
def test_nothing_else_is_called_fid(network, features, name):
    assert distance_name(network, features) == name


def test_what_is_not_finite_is_not_counted_and_what_remains_must_have_a_spread():
    features = np.random.default_rng(5).normal(size=(9, 3))
    broken = np.concatenate([features, [[np.nan, 0, 0]]])
    assert frechet(broken, features, "any").pictures == 9
    with pytest.raises(ScoreError, match="2 pictures, 1 of them with finite"):
        frechet(broken[-2:], features, "any")
    with pytest.raises(ScoreError, match="pictures have 3 features and photos have 2"):
        frechet(features, features[:, :2], "any")
    with pytest.raises(ScoreError, match="shape"):
        frechet(features[0], features, "any")
