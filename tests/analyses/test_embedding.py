"""The map of pictures among photos: neighbours stay together, the frame is stable, few points are borne."""

import numpy as np
import pytest

from atlas.analyses.embedding import embed, framed, trustworthiness
from atlas.errors import ScoreError


def clusters(count=12, kinds=3, seed=0):
    generator = np.random.default_rng(seed)
    centres = 4 * generator.normal(size=(kinds, 20))
    kind = np.repeat(np.arange(kinds), count)
    return centres[kind] + generator.normal(size=(kinds * count, 20)), kind


def test_each_points_nearest_is_of_its_cluster_and_the_seed_decides():
    features, kind = clusters()
    places = embed(features, seed=3)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 10 * np.eye(len(places))
    assert (kind[apart.argmin(axis=1)] == kind).all()
    np.testing.assert_array_equal(places, embed(features, seed=3))
    assert trustworthiness(features, places) > 0.8
    shuffled = np.random.default_rng(0).permutation(places)
    assert trustworthiness(features, shuffled) < 0.6


def test_the_length_of_features_does_not_matter():
    features, _ = clusters(4)
    scales = 2.0 ** np.arange(12)[:, None]
    np.testing.assert_array_equal(embed(features), embed(scales * features))


@pytest.mark.parametrize("count", range(9))
def test_few_points_have_a_place_in_the_frame(count):
    places = embed(clusters(3)[0][:count])
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    if count > 1:
        np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-9)
        assert np.abs(places).max() == pytest.approx(1)
    if count > 3:
        assert len(np.unique(places.round(6), axis=0)) == count


@pytest.mark.parametrize("count", [3, 12])
def test_equal_features_lie_together(count):
    assert not embed(np.ones((count, 4))).any()
    assert not embed(np.zeros((count, 4))).any()
    twice = np.repeat(clusters(4)[0], 2, axis=0)
    places = embed(twice)
    assert np.isfinite(places).all()
    assert np.linalg.norm(places[::2] - places[1::2], axis=1).max() < 0.3


def test_the_frame_takes_turns_mirrors_shifts_and_scales_away():
    places = np.random.default_rng(1).gamma(1, size=(30, 2)) * [3, 1]
    turn = np.array([[np.cos(2), -np.sin(2)], [np.sin(2), np.cos(2)]])
    frame = framed(places)
    for moved in (places @ turn, places * [1, -1], 7 * places + [5, -2]):
        np.testing.assert_allclose(framed(moved), frame, atol=1e-9)
    assert frame[:, 0].std() >= frame[:, 1].std()
    assert ((frame**3).sum(axis=0) >= 0).all()


def test_points_on_a_line_and_one_feature_are_borne():
    line = np.linspace(1, 2, 10)[:, None] * np.array([[1.0, 0.0]]) + [0, 1]
    assert np.isfinite(embed(line)).all()
    assert np.isfinite(embed(np.linspace(-1, 2, 10)[:, None])).all()


def test_what_is_not_finite_is_named():
    features, _ = clusters(2)
    features[4, 1] = np.nan
    with pytest.raises(ScoreError, match=r"items \[4\]"):
        embed(features)


def test_too_few_points_have_no_trustworthiness():
    assert trustworthiness(np.eye(2), np.eye(2)) is None


def test_points_that_are_where_they_were_are_trustworthy():
    three = np.array([[1.0, 0], [1, 0.5], [0, 1]])
    assert trustworthiness(three, three) == 1
