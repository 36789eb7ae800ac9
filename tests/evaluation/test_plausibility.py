"""Distances to photos against scikit-learn, and the ratio against what it must be."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from atlas.core.job import Target
from atlas.errors import ScoreError
from atlas.evaluation.plausibility import left_out_distances, left_out_ratios, plausibility
from atlas.evaluation.scores.base import Evidence, features_at
from atlas.evaluation.scores.plausibility import PLAUSIBILITY


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.mark.parametrize("k", [1, 5])
def test_distances_are_those_of_a_library(random, k):
    photos, pictures = random.normal(1, 1, (30, 8)), random.normal(0, 3, (4, 8))
    found = plausibility(pictures, [7] * 4, [(7, seed) for seed in range(4)], {7: photos}, k)
    library = NearestNeighbors().fit(normalize(photos))
    expected = library.kneighbors(normalize(pictures), k)[0][:, -1]
    others = library.kneighbors(normalize(photos), k + 1)[0][:, -1]
    np.testing.assert_allclose(list(found.distances.values.values()), expected, atol=1e-9)
    np.testing.assert_allclose(list(found.ratios.values.values()), expected / others.mean(), rtol=1e-9)
    assert found.photos == {7: 30}


@pytest.mark.parametrize("k", [1, 5])
def test_the_ratio_of_left_out_photos_is_1_in_the_mean(random, k):
    photos = random.normal(1, 1, (20, 8))
    ratios = left_out_ratios(photos, k)
    assert ratios.mean() == pytest.approx(1)
    by_hand = []
    for index in range(20):
        others = np.delete(normalize(photos), index, axis=0)
        by_hand.append(np.sort(np.linalg.norm(others - normalize(photos)[index], axis=1))[k - 1])
    np.testing.assert_allclose(np.sort(ratios), np.sort(np.array(by_hand) / np.mean(by_hand)), rtol=1e-9)


def test_no_length_of_the_features_counts(random):
    photos, picture = random.normal(1, 1, (10, 8)), random.normal(1, 1, (1, 8))
    plain = plausibility(picture, [0], [0], {0: photos})
    longer = plausibility(torch.tensor(picture * 1e-30), [0], [0], {0: photos * random.uniform(1, 9, (10, 1))})
    assert longer.ratios.values[0] == pytest.approx(plain.ratios.values[0])


def test_each_picture_is_measured_against_its_own_class(random):
    near, far = random.normal(0, 0.1, (10, 8)) + 1, random.normal(0, 0.1, (10, 8)) - 1
    found = plausibility(np.ones((2, 8)), [0, 1], ["near", "far"], {0: near, 1: far})
    assert found.ratios.values["near"] < 1.5
    assert found.ratios.values["far"] > 5


def test_a_copy_of_a_photo_is_at_0_and_photos_twice_count_once(random):
    photos = random.normal(1, 1, (10, 8))
    found = plausibility(photos[:1], [0], [0], {0: photos})
    assert found.distances.values[0] == 0
    picture = random.normal(1, 1, (1, 8))
    twice = plausibility(picture, [0], [0], {0: np.concatenate([photos, photos, photos[:3]])}, k=5)
    assert twice == plausibility(picture, [0], [0], {0: photos}, k=5)


def test_who_has_no_score_is_told_why(random):
    photos = random.normal(1, 1, (5, 8))
    pictures = np.concatenate([np.full((1, 8), np.nan), np.zeros((1, 8)), random.normal(1, 1, (4, 8))])
    keys = ["nan", "zero", "no photos", "empty", "five", "fine"]
    known = {0: photos, 2: np.empty((0, 8)), 3: random.normal(1, 1, (7, 8))}
    found = plausibility(pictures, [0, 0, 1, 2, 0, 3], keys, known, k=5)
    assert "not finite" in found.distances.left_out["nan"]
    assert "all zero" in found.distances.left_out["zero"]
    assert "class 1 has no judging photos" in found.distances.left_out["no photos"]
    assert "no judging photo of class 2 has features" in found.distances.left_out["empty"]
    assert set(found.distances.values) == {"five", "fine"}
    assert set(found.ratios.values) == {"fine"}  # of five photos, none has a fifth other
    assert "5 different judging photos; 6 would" in found.ratios.left_out["five"]
    fewer = plausibility(pictures[5:], [0], ["one"], {0: photos[:4]}, k=5)
    assert "4 different judging photos, fewer than 5" in fewer.distances.left_out["one"]
    assert fewer.ratios.figure() is None


def test_photos_that_tell_nothing_are_not_told_as_photos_that_are_not_there(random):
    pictures = {features_at("act"): random.normal(1, 1, (4, 8)).astype(np.float32)}
    targets = [Target(kind="logit", layer="logits", unit=index) for index in range(4)]
    photos = {
        0: {features_at("act"): random.normal(1, 1, (3, 8)).astype(np.float32)},
        1: {features_at("act"): np.zeros((3, 8), np.float32)},
        2: {},
    }
    evidence = Evidence(pictures, targets, [0] * 4, None, False, "", photos, ("act",), (1,))
    assert PLAUSIBILITY.measure(evidence).left_out == [
        "3 pictures left out: no judging photo of class 1 has features that are finite and not all zero; "
        "none of the judging photos of class 2 could be read; class 3 has no judging photos"
    ]


def test_photos_without_finite_features_do_not_judge(random):
    photos = random.normal(1, 1, (6, 8))
    broken = np.concatenate([photos, np.full((2, 8), np.inf), np.zeros((1, 8))])
    picture = random.normal(1, 1, (1, 8))
    assert plausibility(picture, [0], [0], {0: broken}) == plausibility(picture, [0], [0], {0: photos})


def test_one_photo_alone_gives_a_distance_and_no_ratio(random):
    found = plausibility(random.normal(1, 1, (1, 8)), [0], [0], {0: np.ones((4, 8))})
    assert found.photos == {0: 1}
    assert list(found.distances.values) == [0]
    assert "1 different judging photo;" in found.ratios.left_out[0]
    assert left_out_ratios(np.ones((4, 8))).size == 0


def test_what_is_wrong_is_named(random):
    photos = random.normal(1, 1, (5, 8))
    with pytest.raises(ScoreError, match="number 0"):
        plausibility(photos, [0] * 5, range(5), {0: photos}, k=0)
    with pytest.raises(ScoreError, match="number 0"):
        left_out_distances(photos, 0)
    with pytest.raises(ScoreError, match="pictures have 7 features"):
        plausibility(photos[:, :7], [0] * 5, range(5), {0: photos})
