"""Zero-shot classification by hand."""

import numpy as np
import pytest

from atlas.core.figures import share
from atlas.errors import ScoreError
from atlas.evaluation.zero_shot import class_embeddings, zero_shot


def test_an_embedding_is_the_mean_of_directions_at_length_1():
    found = class_embeddings([np.array([[3.0, 0], [0, 0.5]]), np.array([[0, -7.0]])])
    np.testing.assert_allclose(found, [[np.sqrt(0.5), np.sqrt(0.5)], [0, -1]])


def test_the_nearest_class_by_cosine_is_first():
    angles = np.deg2rad([0, 40, 80, 120, 160, 200])
    classes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    pictures = np.array([[5.0, 0.1], [0.0, 0.2], [1.0, 0.0]])
    verdicts = zero_shot(pictures, classes * 3, [0, 1, 5], ["a", "b", "c"])
    assert [verdict.rank for verdict in verdicts.of.values()] == [1, 3, 6]
    assert verdicts.top(1) == share([True, False, False])
    assert verdicts.top(5) == share([True, True, False])
    assert verdicts.of["b"].first[0] == (2, pytest.approx(np.cos(np.deg2rad(10))))
    assert verdicts.of["c"].score == pytest.approx(np.cos(np.deg2rad(200)))


def test_who_has_no_class_or_no_features_is_left_out():
    verdicts = zero_shot(np.array([[1.0, 0], [0, 0], [np.nan, 1]]), np.eye(2), ["no such class", 0, 1], [0, 1, 2])
    assert verdicts.of == {}
    assert verdicts.left_out[0] == "no such class"
    assert "not finite" in verdicts.left_out[1] and "not finite" in verdicts.left_out[2]
    assert verdicts.top(1) is None


@pytest.mark.parametrize(
    ("prompts", "said"),
    [
        ([], "without classes"),
        ([np.eye(2), np.empty((0, 2))], "class 1"),
        ([np.array([[np.nan, 1.0]])], "class 0"),
        ([np.zeros((3, 2))], "class 0"),
        ([np.array([[1.0, 0], [-1, 0]])], "cancel"),
    ],
)
def test_prompts_without_an_embedding_are_refused(prompts, said):
    with pytest.raises(ScoreError, match=said):
        class_embeddings(prompts)


def test_two_kinds_of_embeddings_are_refused():
    with pytest.raises(ScoreError, match="pictures have 3 features and classes have 2"):
        zero_shot(np.eye(3), np.eye(2), [0, 0, 0], [0, 1, 2])
    with pytest.raises(ScoreError, match="not finite, or zero"):
        zero_shot(np.eye(2), np.zeros((2, 2)), [0, 0], [0, 1])
