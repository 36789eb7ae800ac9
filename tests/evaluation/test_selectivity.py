"""AUC and MAD by hand, and against scikit-learn and scipy."""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import roc_auc_score

from atlas.errors import ScoreError
from atlas.evaluation.selectivity import STRONGEST, auc, mad, selectivity


def test_by_hand():
    control, synthetic = [1.0, 2, 3, 4], [3.0, 5]
    assert auc(control, synthetic) == (2.5 + 4) / 8  # 3 is above two and equal to one; 5 is above all
    assert mad(control, synthetic) == pytest.approx((4 - 2.5) / np.sqrt(1.25))


@pytest.mark.parametrize("seed", range(4))
def test_they_are_those_of_libraries(seed):
    random = np.random.default_rng(seed)
    control, synthetic = random.normal(size=60).round(1), random.normal(1, 2, 3).round(1)  # rounded, so that some tie
    labels = np.repeat([0, 1], [60, 3])
    assert auc(control, torch.tensor(synthetic)) == pytest.approx(roc_auc_score(labels, [*control, *synthetic]))
    u = stats.mannwhitneyu(synthetic, control).statistic
    assert auc(control, synthetic) == pytest.approx(u / 180)
    assert mad(control, synthetic) == pytest.approx(stats.zmap(synthetic, control).mean())


def test_ends():
    assert auc([0, 1], [2, 3]) == 1
    assert auc([2, 3], [0, 1]) == 0
    assert auc([1, 1], [1]) == 0.5


def test_two_controls_and_a_mean_over_units():
    random = np.random.default_rng(5)
    photos = {unit: random.normal(size=200) for unit in range(3)}
    pictures = {unit: random.normal(2, 1, 3) for unit in range(3)}
    found = selectivity(photos, pictures)
    for unit in range(3):
        strongest = np.sort(photos[unit])[-STRONGEST:]
        assert found.auc_all.values[unit] == auc(photos[unit], pictures[unit])
        assert found.auc_strongest.values[unit] == auc(strongest, pictures[unit])
        assert found.mad_strongest.values[unit] == pytest.approx(mad(strongest, pictures[unit]))
    assert found.mad_all.figure().value == pytest.approx(np.mean([mad(photos[it], pictures[it]) for it in range(3)]))
    assert found.mad_all.figure().n == 3
    assert found.auc_all.figure().value > found.auc_strongest.figure().value


def test_who_has_no_score_is_told_why():
    many = np.arange(60.0)
    photos = {"few": many[:49], "dead": np.zeros(60), "nan": np.append(many, np.nan), "unshown": many}
    pictures = {"few": [70.0], "dead": [1.0], "nan": [70.0], "unseen": [1.0], "unshown": []}
    found = selectivity(photos, {unit: np.array(values) for unit, values in pictures.items()})
    assert found.auc_all.values == {"few": 1, "dead": 1}
    assert "49 photos, fewer than 50" in found.auc_strongest.left_out["few"]
    assert "no scale" in found.mad_all.left_out["dead"]
    assert "1 of 61 activations on photos are not finite" in found.auc_all.left_out["nan"]
    assert "no activations on photos" in found.auc_all.left_out["unseen"]
    assert "no activations on pictures" in found.mad_all.left_out["unshown"]
    assert found.mad_strongest.figure() is None


def test_what_is_empty_is_refused():
    with pytest.raises(ScoreError, match="on photos"):
        auc([], [1.0])
