import pytest
import torch
from torch import nn

from atlas.synthesis.steps.gradient_step import NormalisedStep


def stepped(gradient, lr=0.5):
    parameter = nn.Parameter(torch.zeros_like(gradient))
    parameter.grad = gradient.clone()
    NormalisedStep([parameter], lr=lr).step()
    return parameter.detach()


def test_each_item_moves_against_its_gradient_by_the_rate():
    gradient = (
        torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0)) * torch.tensor([1e-6, 1, 1e6])[:, None, None]
    )
    moved = stepped(gradient)
    for item in range(3):
        assert float(moved[item].square().mean().sqrt()) == pytest.approx(0.5, rel=1e-5)
        torch.testing.assert_close(
            torch.cosine_similarity(moved[item].flatten(), gradient[item].flatten(), 0), torch.tensor(-1.0)
        )


def test_no_gradient_is_no_step_and_nan_stays_with_its_item():
    gradient = torch.ones(3, 4)
    gradient[0], gradient[1, 2] = 0, float("nan")
    moved = stepped(gradient)
    assert moved[0].tolist() == [0.0] * 4
    assert moved[1].isnan().all()
    assert moved[2].tolist() == [-0.5] * 4
