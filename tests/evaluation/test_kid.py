"""The kernel distance against loops, against torchmetrics, and in the mean over samples."""

import numpy as np
import pytest
import torch
from torchmetrics.image.kid import poly_mmd

from atlas.errors import ScoreError
from atlas.evaluation.kid import SUBSET, discrepancy, kernel, kid


def by_loops(first, second):
    """The unbiased estimator, pair by pair."""

    def k(x, y):
        return (x @ y / len(x) + 1) ** 3

    n, m = len(first), len(second)
    own = sum(k(first[i], first[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    others = sum(k(second[i], second[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    across = sum(k(x, y) for x in first for y in second) / (n * m)
    return own + others - 2 * across


def test_it_is_the_estimator_pair_by_pair():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(7, 4)), random.normal(0.5, 1, (11, 4))
    found = kid(first, torch.tensor(second))
    assert found.figure.value == pytest.approx(by_loops(first, second), rel=1e-12)
    assert (found.figure.n, found.photos) == (7, 11)
    assert found.figure.low <= found.figure.value <= found.figure.high


def test_of_equal_numbers_it_is_torchmetrics():
    random = np.random.default_rng(1)
    first, second = random.normal(size=(30, 16)), random.normal(0.2, 1, (30, 16))
    expected = float(poly_mmd(torch.tensor(second), torch.tensor(first)))
    assert kid(first, second).figure.value == pytest.approx(expected, rel=1e-9)


def test_a_set_with_itself_is_below_0_by_what_the_pairs_with_themselves_add():
    features = np.random.default_rng(2).normal(size=(20, 5))
    k = kernel(features, features)
    off = (k.sum() - np.trace(k)) / (20 * 19)
    assert kid(features, features).figure.value == pytest.approx(2 * off - 2 * k.mean())
    assert kid(features, features).figure.value < 0


def test_it_is_right_in_the_mean_whatever_n():
    random = np.random.default_rng(3)
    few = np.mean([kid_value(random.normal(size=(5, 3)), random.normal(size=(8, 3))) for _ in range(1500)])
    assert few == pytest.approx(0, abs=0.05)
    shifted = [kid_value(random.normal(1, 1, (5, 3)), random.normal(size=(8, 3))) for _ in range(1500)]
    many = kid_value(random.normal(1, 1, (1500, 3)), random.normal(size=(1500, 3)))
    assert np.mean(shifted) == pytest.approx(many, rel=0.15)


def kid_value(first, second):
    once = np.ones((1, len(first))), np.ones((1, len(second)))
    return float(discrepancy(kernel(first, first), kernel(second, second), kernel(first, second), *once)[0])


def test_an_item_drawn_twice_forms_no_pair_with_itself():
    random = np.random.default_rng(4)
    first, second = random.normal(size=(4, 3)), random.normal(size=(3, 3))
    times, others = np.array([[2.0, 1, 0, 1]]), np.array([[1.0, 1, 1]])
    drawn = [0, 0, 1, 3]
    k = kernel(first, first)
    pairs = [k[i, j] for a, i in enumerate(drawn) for b, j in enumerate(drawn) if a != b and i != j]
    across = kernel(first[drawn], second).mean()
    whole = kernel(second, second)
    expected = np.mean(pairs) + (whole.sum() - np.trace(whole)) / 6 - 2 * across
    found = discrepancy(k, whole, kernel(first, second), times, others)
    assert found[0] == pytest.approx(expected)


def test_the_interval_covers_the_distance_about_as_often_as_it_says():
    random = np.random.default_rng(5)
    truth = kid_value(random.normal(1, 1, (2500, 3)), random.normal(size=(2500, 3)))
    covered, widths, values = [], [], []
    for seed in range(40):
        figure = kid(random.normal(1, 1, (40, 3)), random.normal(size=(40, 3)), seed).figure
        covered.append(figure.low <= truth <= figure.high)
        widths.append(figure.high - figure.low)
        values.append(figure.value)
    assert np.mean(covered) >= 0.83
    assert np.mean(widths) < 6 * np.std(values)  # it is about 4 deviations wide, and covers no more by being wider


def test_a_seed_repeats_and_large_sets_are_drawn_from():
    random = np.random.default_rng(6)
    photos, pictures = random.normal(size=(SUBSET + 50, 2)), random.normal(size=(10, 2))
    found = kid(pictures, photos, seed=1)
    assert found.photos == SUBSET
    assert found == kid(pictures, photos, seed=1)
    assert found.figure.value != kid(pictures, photos, seed=2).figure.value


def test_two_of_each_are_enough_and_one_is_not():
    random = np.random.default_rng(7)
    features = random.normal(size=(2, 3))
    figure = kid(features, features + 1).figure
    assert np.isfinite([figure.low, figure.high]).all()
    with pytest.raises(ScoreError, match="1 pictures"):
        kid(features[:1], features)
    with pytest.raises(ScoreError, match="3 photos, 1 of them"):
        kid(features, np.concatenate([features[:1], np.full((2, 3), np.nan)]))


def test_identical_pictures_are_finite():
    random = np.random.default_rng(8)
    same, photos = np.tile(random.normal(size=(1, 3)), (6, 1)), random.normal(size=(9, 3))
    assert kid(same, photos).figure.value == pytest.approx(by_loops(same, photos))
