"""Points of channels, the class with most of them, and what another model finds; ranks."""

import numpy as np
import pytest

from atlas.analyses.class_relatedness import NONE, assigned, points, relatedness
from atlas.analyses.ranks import ranks
from atlas.core.figures import share
from atlas.errors import ScoreError


def test_points_are_sums_over_the_photos_of_a_class_and_add_up():
    values, classes = np.array([[1.0, -1.0], [2.0, 5.0], [4.0, -3.0]]), np.array([2, 0, 2])
    expected = np.array([[2.0, 0.0, 5.0], [5.0, 0.0, -4.0]])
    np.testing.assert_array_equal(points(values, classes, 3), expected)
    parts = points(values[:1], classes[:1], 3) + points(values[1:], classes[1:], 3)
    np.testing.assert_array_equal(parts, expected)
    assert assigned(expected).tolist() == [2, 0]


def test_a_channel_that_works_for_no_class_has_none():
    assert assigned(np.array([[0.0, -1.0], [-2.0, -1.0], [0.0, 0.1]])).tolist() == [NONE, NONE, 1]


def test_the_share_that_has_the_class_among_the_first():
    classes = {0: 3, 1: 4, 2: 3, 5: NONE, 6: 9, 7: 4}
    seen = {0: np.array([1, 2, 3]), 1: np.array([3, 1, 2]), 2: np.array([3, 2, 1]), 5: np.array([1, 2, 3]),
            6: np.array([1, 2, 3])}  # fmt: skip
    found = relatedness(classes, seen, known={3: 0, 4: 1}, first=2)
    assert found.channels == {0: True, 1: True, 2: False}  # 5 has no class, 6 one that is unknown, 7 no picture
    assert found.related == share([True, True, False])
    assert found.chance == pytest.approx(2 / 3)


def test_a_model_with_no_more_classes_than_are_asked_for_tells_nothing():
    found = relatedness({0: 0}, {0: np.array([3, 2, 1])}, {0: 0}, first=3)
    assert (found.related, found.chance) == (None, 1)
    assert relatedness({0: 0}, {0: np.array([3, 2, 1])}, {0: 0}, first=2).related == share([False])


def test_without_a_channel_to_ask_about_there_is_no_share():
    assert relatedness({0: NONE}, {0: np.array([1])}, {}).related is None
    with pytest.raises(ScoreError, match="no channel has a picture"):
        relatedness({0: 1}, {}, {1: 0})
    with pytest.raises(ScoreError, match="NaN"):
        points(np.array([[np.nan]]), np.array([0]), 1)


def test_ranks_count_from_the_strongest_and_favour_no_tie():
    assert ranks(np.array([[0.1, 3.0, -2.0], [1.0, 1.0, 0.0], [5.0, 5.0, 5.0]])).tolist() == [
        [2, 1, 3],
        [2, 2, 3],
        [3, 3, 3],
    ]


def test_what_is_not_a_number_ranks_last():
    assert ranks(np.array([[np.nan, 1.0, 2.0], [np.nan, np.nan, -np.inf]])).tolist() == [[3, 2, 1], [3, 3, 3]]
