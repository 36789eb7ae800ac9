"""Importance of concepts, by both measures, on networks whose answer is known."""

import numpy as np
import pytest
import torch

from atlas.craft.importance import share_importance, sobol_importance
from atlas.craft.reconstruct import masked_logits, pooled
from atlas.craft.sobol import jansen, sobol_masks
from atlas.errors import ConceptError

PHOTOS, SIDE, CONCEPTS, CHANNELS = 3, 4, 5, 12


def concepts(seed=0):
    generator = np.random.default_rng(seed)
    coefficients = generator.gamma(1, size=(PHOTOS, SIDE, SIDE, CONCEPTS)).astype(np.float32)
    directions = np.abs(generator.normal(size=(CONCEPTS, CHANNELS))).astype(np.float32)
    return coefficients, directions / np.linalg.norm(directions, axis=1, keepdims=True)


def linear_head(weights, bias=3.0):
    return lambda maps: maps.mean(dim=(2, 3)) @ torch.as_tensor(weights, dtype=torch.float32) + bias


def convolutional_tail(seed=0):
    """A tail for which positions matter, with an in-place ReLU as many networks have."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tail = torch.nn.Sequential(
            torch.nn.ReLU(inplace=True), torch.nn.Conv2d(CHANNELS, 6, 3, padding=1), torch.nn.Tanh(), torch.nn.Flatten()
        )
    return lambda maps: tail(maps).square().sum(dim=1)


def parts(coefficients, directions, weights):
    """Each concept's part of the logit of a linear head, (p, r)."""
    return coefficients.astype(float).mean(axis=(1, 2)) * (directions.astype(float) @ weights)


def test_on_a_linear_head_the_index_is_the_share_of_variance():
    # Uniform masks give a concept's part t a variance of t^2 / 12, and there are no interactions.
    coefficients, directions = concepts()
    weights = np.random.default_rng(1).normal(size=CHANNELS)
    squares = parts(coefficients, directions, weights) ** 2
    found = sobol_importance(coefficients, directions, linear_head(weights), designs=2048)
    np.testing.assert_allclose(found.per_photo, squares / squares.sum(axis=1, keepdims=True), atol=0.02)
    np.testing.assert_allclose(found.mean, found.per_photo.mean(axis=0))
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()


def test_through_any_tail_it_is_the_plain_loop_over_designs():
    coefficients, directions = concepts()
    tail, masks = convolutional_tail(), sobol_masks(CONCEPTS, 8, seed=5)
    for row, strengths in zip(
        sobol_importance(coefficients, directions, tail, designs=8, seed=5).per_photo, coefficients, strict=True
    ):
        values = [tail(torch.tensor((strengths * mask) @ directions).permute(2, 0, 1)[None]).item() for mask in masks]
        np.testing.assert_allclose(row, jansen(np.array(values), CONCEPTS), rtol=1e-3)


@pytest.mark.parametrize("measure", [sobol_importance, share_importance])
def test_a_concept_that_the_head_ignores_has_none(measure):
    coefficients, directions = concepts()
    directions[2] = 0
    found = measure(coefficients, directions, convolutional_tail())
    assert np.array_equal(found.per_photo[:, 2], np.zeros(PHOTOS))
    assert (np.delete(found.mean, 2) > 0).any()


@pytest.mark.parametrize("measure", [sobol_importance, share_importance])
def test_the_batch_does_not_matter(measure):
    coefficients, directions = concepts()
    for tail in (convolutional_tail(), linear_head(np.linspace(0, 1, CHANNELS))):
        one, many = (measure(coefficients, directions, tail, batch=batch).per_photo for batch in (1, 1000))
        np.testing.assert_allclose(one, many, rtol=1e-3, atol=1e-6)


def test_no_more_maps_are_made_at_once_than_the_batch():
    coefficients, directions = concepts()
    sizes = []

    def logit(maps):
        sizes.append(len(maps))
        return maps.sum(dim=(1, 2, 3))

    sobol_importance(coefficients, directions, logit, designs=4, batch=7)
    assert max(sizes) == 7
    assert sum(sizes) == PHOTOS * 4 * (CONCEPTS + 1)


@pytest.mark.parametrize("measure", [sobol_importance, share_importance])
def test_a_photo_without_concepts_has_no_importance(measure):
    coefficients, directions = concepts()
    coefficients[1] = 0
    found = measure(coefficients, directions, linear_head(np.ones(CHANNELS)))
    assert not found.per_photo[1].any()
    assert found.per_photo[0].all()


@pytest.mark.parametrize("measure", [sobol_importance, share_importance])
def test_the_same_seed_gives_the_same(measure):
    coefficients, directions = concepts()
    before = coefficients.copy()
    first, second = (measure(coefficients, directions, convolutional_tail(), seed=9) for _ in range(2))
    for name in ("per_photo", "mean", "low", "high"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
    assert np.array_equal(coefficients, before)


def test_the_share_on_a_linear_head_is_the_concepts_part_of_the_logit():
    coefficients, directions = concepts()
    weights = np.random.default_rng(1).random(CHANNELS)
    expected = parts(coefficients, directions, weights)
    found = share_importance(coefficients, directions, linear_head(weights))
    np.testing.assert_allclose(found.per_photo, expected / expected.sum(axis=1, keepdims=True), rtol=1e-4)


def test_a_concept_that_lowers_the_logit_has_no_share():
    coefficients, _ = concepts()
    directions = np.eye(CONCEPTS, CHANNELS, dtype=np.float32)
    weights = np.array([1.0, -2, 3, -4, 0.5] + [0] * (CHANNELS - CONCEPTS))
    shares = share_importance(coefficients, directions, linear_head(weights)).per_photo
    assert np.array_equal(shares > 0, np.tile(weights[:CONCEPTS] > 0, (PHOTOS, 1)))
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_the_share_follows_the_gradient_of_any_tail():
    coefficients, directions = concepts()
    tail, step = convolutional_tail(), 1e-2
    slopes = []
    for concept in range(CONCEPTS):  # d logit / d log strength, by central differences over masks around 1
        masks = np.ones((2, CONCEPTS), dtype=np.float32)
        masks[:, concept] += [step, -step]
        values = masked_logits(coefficients, directions, tail, masks)
        slopes.append((values[:, 0] - values[:, 1]) / (2 * step))
    expected = np.maximum(np.array(slopes).T, 0)
    found = share_importance(coefficients, directions, tail).per_photo
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True), atol=5e-3)


def test_pooling_first_changes_nothing_where_the_network_pools():
    coefficients, directions = concepts()
    head = linear_head(np.linspace(-1, 1, CHANNELS))
    means = pooled(coefficients, directions, head)
    assert means.shape == (PHOTOS, 1, 1, CONCEPTS)
    slow, fast = (sobol_importance(part, directions, head).per_photo for part in (coefficients, means))
    np.testing.assert_allclose(fast, slow, rtol=1e-3)
    slow, fast = (share_importance(part, directions, head).per_photo for part in (coefficients, means))
    np.testing.assert_allclose(fast, slow, rtol=1e-3)


def fixed_pooling(maps):
    return torch.nn.functional.avg_pool2d(maps, SIDE).sum(dim=(1, 2, 3))


def largest_position(maps):
    return maps.amax(dim=(2, 3)).sum(dim=1)


@pytest.mark.parametrize("logit", [convolutional_tail(), fixed_pooling, largest_position])
def test_pooling_is_left_alone_where_positions_matter_or_one_is_not_taken(logit):
    coefficients, directions = concepts()
    assert pooled(coefficients, directions, logit) is coefficients


def test_a_logit_that_is_not_finite_is_refused():
    coefficients, directions = concepts()
    with pytest.raises(ConceptError, match="not finite"):
        sobol_importance(coefficients, directions, lambda maps: maps.sum(dim=(1, 2, 3)).log() * torch.inf)


@pytest.mark.parametrize("measure", [sobol_importance, share_importance])
def test_no_photos_are_refused(measure):
    coefficients, directions = concepts()
    with pytest.raises(ConceptError, match="without photos"):
        measure(coefficients[:0], directions, linear_head(np.ones(CHANNELS)))
