"""The mean distance between pictures of one thing, against what it must be."""

import itertools

import pytest
import torch

from atlas.metrics.diversity import SIDE, features, layout, mean_distance


def test_distances_of_known_vectors():
    same, right, opposite = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 5.0]]), torch.tensor([[-1.0, 0.0]])
    assert mean_distance(torch.cat([same, 3 * same])) == pytest.approx(0)
    assert mean_distance(torch.cat([same, right])) == pytest.approx(1)
    assert mean_distance(torch.cat([same, opposite])) == pytest.approx(2)


def test_it_is_the_mean_over_pairs_in_any_order():
    vectors = torch.randn(5, 7, generator=torch.Generator().manual_seed(0)).double()
    pairs = [1 - float(one @ other / (one.norm() * other.norm())) for one, other in itertools.combinations(vectors, 2)]
    assert mean_distance(vectors) == pytest.approx(sum(pairs) / len(pairs))
    assert mean_distance(vectors.flip(0)) == pytest.approx(mean_distance(vectors))


def test_a_layout_forgets_brightness_and_grain():
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    assert layout(picture).shape == (1, 3 * SIDE * SIDE)
    brighter = torch.cat([layout(0.5 * picture), layout(0.5 * picture + 0.3)])
    assert mean_distance(brighter) == pytest.approx(0, abs=1e-6)
    assert features(torch.ones(2, 3, 4, 4)).shape == features(torch.ones(2, 3)).shape == (2, 3)
