"""Variation at three scales, by its definition."""

import pytest
import torch
import torch.nn.functional as F

from atlas.synthesis.scores.smoothness import Smoothness, variation_at_scales


def test_a_flat_picture_does_not_vary_and_an_edge_counts_alike_at_any_size():
    assert variation_at_scales(torch.full((2, 3, 16, 16), 0.3)).abs().max() == 0
    for side in (64, 256):
        edge = torch.zeros(1, 3, side, side)
        edge[..., side // 2 :, :] = 1
        expected = sum(side / (length - 1) for length in (side, side // 2, side // 4)) / 3  # of length - 1 differences
        assert float(variation_at_scales(edge)) == pytest.approx(expected, rel=1e-5)


def test_fine_grain_counts_at_the_finest_scale_alone():
    checks = (torch.arange(32)[:, None] + torch.arange(32)) % 2
    found = variation_at_scales(checks.float().expand(1, 3, 32, 32))
    assert float(found) == pytest.approx(2 * 32 / 3)


def test_the_penalty_is_weighed_by_the_scale_of_each_item():
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    penalty = Smoothness(0.5, lambda: torch.tensor([0.0, 4.0]))(images)
    torch.testing.assert_close(penalty, torch.tensor([0.0, 2.0]) * variation_at_scales(images))


@pytest.mark.parametrize(("height", "width"), [(16, 16), (13, 14)])
def test_value_and_gradient_are_those_of_autograd(height, width):
    images = torch.rand(2, 3, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    ours, slow = images.clone().requires_grad_(), images.clone().requires_grad_()
    level, terms = slow, []
    for _ in range(3):
        terms += [level.diff(dim=axis).abs().mean(dim=(1, 2, 3)) for axis in (2, 3)]
        level = F.avg_pool2d(level, 2)
    expected, found, weights = sum(terms) * width / 3, variation_at_scales(ours), torch.tensor([1.0, 3.0])
    (expected * weights).sum().backward()
    (found * weights).sum().backward()
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours.grad, slow.grad)
