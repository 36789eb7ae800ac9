"""Deletion and insertion of concepts: orders by hand, and areas of a logit that is a sum of its concepts."""

import numpy as np
import pytest
import torch

from atlas.analyses.concept_curves import curve_of, orders
from atlas.core.figures import bootstrap_interval
from atlas.craft.curves import area_under, deletion_curve, insertion_curve
from atlas.errors import ScoreError

PARTS = np.array([4.0, 1.0, 3.0, 2.0])


def linear_class(photos=6):
    """Coefficients and directions of a class whose logit is the sum of its concepts, each worth its part."""
    strengths = np.random.default_rng(0).uniform(0.5, 1.5, size=(photos, 1, 1, 1)) * np.ones((1, 1, 1, 4))
    return strengths.astype(np.float32), np.diag(PARTS).astype(np.float32)


def logit(maps):
    return maps.sum(dim=(1, 2, 3))


def test_orders_by_hand():
    per_photo = np.array([[0.5, 0.1, 0.4], [0.2, 0.9, 0.1], [0.5, 0.1, 0.4]])
    found = orders(per_photo, np.array([0.2, 0.2, 0.6]), [[0, 7], [1, 7]])
    assert found["importance"][0].tolist() == [0, 1, 2]
    assert found["reverse"][0].tolist() == [2, 1, 0]
    assert found["held out"][0].tolist() == [[1, 0, 2], [0, 2, 1], [1, 0, 2]]
    assert found["share"][0].tolist() == [2, 0, 1]
    assert [sorted(order.tolist()) for order in found["random"]] == [[0, 1, 2], [0, 1, 2]]
    assert "held out" not in orders(per_photo[:1], np.ones(3), [])


def test_of_a_sum_the_area_is_that_of_its_parts():
    """Deleting 4, 3, 2, 1 of 10 leaves 1, .6, .3, .1, 0: the area is (.5 + .6 + .3 + .1) / 4."""
    strengths, directions = linear_class()
    first = orders(np.tile(PARTS, (6, 1)), PARTS, [])["importance"]
    deleted = curve_of([deletion_curve(strengths, directions, logit, order) for order in first])
    assert deleted.area.value == pytest.approx(0.375, rel=1e-5)
    assert (deleted.area.low, deleted.area.high, deleted.area.n) == (pytest.approx(0.375), pytest.approx(0.375), 6)
    inserted = curve_of([insertion_curve(strengths, directions, logit, order) for order in first])
    assert inserted.area.value == pytest.approx(0.625, rel=1e-5)
    np.testing.assert_allclose(
        deleted.mean, strengths.mean() * 10 * np.array([1, 0.6, 0.3, 0.1, 0]), rtol=1e-5, atol=1e-5
    )
    assert (deleted.low <= deleted.mean + 1e-9).all()
    assert (deleted.mean <= deleted.high + 1e-9).all()


def test_the_reverse_order_is_worse_and_random_ones_lie_between():
    strengths, directions = linear_class()
    found = orders(np.tile(PARTS, (6, 1)), PARTS, [[seed] for seed in range(8)])
    areas = {
        name: curve_of([deletion_curve(strengths, directions, logit, each) for each in some]).area.value
        for name, some in found.items()
    }
    assert areas["importance"] == areas["held out"] == areas["share"] < areas["random"] < areas["reverse"]


def test_the_interval_is_the_bootstraps_over_photos():
    curves = torch.rand(9, 5, generator=torch.Generator().manual_seed(0)).numpy().astype(np.float64)
    curves[:, 0], curves[:, -1] = 1, 0  # then the area of a mean is the mean of areas
    found = curve_of([curves], seed=4).area
    low, high = bootstrap_interval(area_under(curves)[:, None], seed=4)
    assert found.value == pytest.approx(area_under(curves).mean())
    assert (found.low, found.high) == (pytest.approx(low[0]), pytest.approx(high[0]))


def test_what_has_no_curve_is_said():
    for curves in (np.zeros((0, 3)), np.array([[1.0, np.nan]])):
        with pytest.raises(ScoreError, match="no curve"):
            curve_of([curves])
