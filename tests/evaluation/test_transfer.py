"""Shares of pictures that a judge recognises, by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from atlas.core.figures import share
from atlas.core.job import Target
from atlas.core.model_card import ClassLabel
from atlas.errors import ScoreError
from atlas.evaluation.class_match import ClassMatch, match_labels
from atlas.evaluation.scores.base import PROBABILITIES, Evidence
from atlas.evaluation.scores.transfer import TRANSFER
from atlas.evaluation.transfer import own, transfer

SAME = ClassMatch({index: index for index in range(6)}, {}, 6)
KEYS = [(0, 0), (1, 0), (2, 0)]
P = np.array([[0.4, 0.1, 0.1, 0.2, 0.15, 0.05], [0.3, 0.2, 0.1, 0.1, 0.05, 0.25], [0.3, 0.2, 0.01, 0.19, 0.15, 0.15]])


def test_top_one_and_top_five_by_hand():
    verdicts = transfer(P, [0, 1, 2], SAME, KEYS)
    assert [verdict.rank for verdict in verdicts.of.values()] == [1, 3, 6]
    assert verdicts.top(1) == share([True, False, False])
    assert verdicts.top(5) == share([True, True, False])
    assert verdicts.score().value == pytest.approx((0.4 + 0.2 + 0.01) / 3)
    assert verdicts.of[(1, 0)].first == ((0, 0.3), (5, 0.25))


def test_arrays_of_torch_give_the_same():
    assert transfer(torch.tensor(P), [0, 1, 2], SAME, KEYS) == transfer(P, [0, 1, 2], SAME, KEYS)


def test_a_judge_of_other_classes_judges_among_its_own():
    model = [ClassLabel(name=name) for name in ("ant", "bee", "cow")]
    judge = [ClassLabel(name=name) for name in ("cow", "dog", "ant")]
    verdicts = transfer(
        np.array([[0.1, 0.2, 0.7], [0.2, 0.2, 0.6], [0.6, 0.3, 0.1]]), [0, 1, 2], match_labels(model, judge), KEYS
    )
    assert [verdict.rank for verdict in verdicts.of.values()] == [1, 1]
    assert list(verdicts.left_out) == [(1, 0)]
    assert '"bee"' in verdicts.left_out[(1, 0)]
    assert verdicts.classes == 3
    assert verdicts.top(1).n == 2
    assert verdicts.top(5) is None  # of three classes, every one is among the first five


def test_a_judge_that_says_the_same_of_everything_recognises_nothing():
    verdicts = transfer(np.full((3, 6), 1 / 6), [0, 1, 2], SAME, KEYS)
    assert verdicts.top(1).value == verdicts.top(5).value == 0


def test_what_is_not_finite_is_left_out_and_counted():
    broken = P.copy()
    broken[1, 4] = np.nan
    verdicts = transfer(broken, [0, 1, 2], SAME, KEYS)
    assert list(verdicts.of) == [(0, 0), (2, 0)]
    assert "not finite" in verdicts.left_out[(1, 0)]
    none = transfer(np.full((3, 6), np.nan), [0, 1, 2], SAME, KEYS)
    assert none.top(1) is None and none.score() is None


def test_the_models_own_answers():
    verdicts = own(P, [0, 1, 9], KEYS)
    assert verdicts.top(1) == share([True, False])
    assert verdicts.of[(0, 0)].first == ((0, 0.4), (3, 0.2))
    assert "no class 9" in verdicts.left_out[(2, 0)]


def test_what_is_wrong_is_named():
    with pytest.raises(ScoreError, match="no probability"):
        transfer(P * 10, [0, 1, 2], SAME, KEYS)
    with pytest.raises(ScoreError, match="6 probabilities and has 5"):
        transfer(P, [0, 1, 2], ClassMatch({}, {}, 5), KEYS)
    with pytest.raises(ScoreError, match="3 probabilities of 2 pictures"):
        transfer(P, [0, 1], SAME, KEYS[:2])
    with pytest.raises(ScoreError, match="two pictures have the key"):
        transfer(P, [0, 1, 2], SAME, [(0, 0), (1, 0), (0, 0)])


def test_a_judge_of_one_class_tells_nothing_and_says_so():
    aims = [Target(kind="logit", layer="logits", unit=0)]
    evidence = Evidence({PROBABILITIES: np.ones((1, 1))}, aims, [0], ClassMatch({0: 0}, {}, 1), False, "", {}, (), ())
    with pytest.raises(ScoreError, match="the judge has one class, which it always ranks first"):
        TRANSFER.measure(evidence)
    assert TRANSFER.measure(replace(evidence, own=True)).columns == []
