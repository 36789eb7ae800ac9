import pytest
import torch
import torch.nn.functional as F
from torch import nn

from atlas.synthesis.steps.redirect import RedirectedReLU

RELUS = [nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.ReLU6(inplace=True), F.relu, torch.relu, F.relu6]


def gradient(relu, values, weights, redirected):
    leaf = torch.tensor(values, requires_grad=True)
    if redirected:
        with RedirectedReLU():
            result = relu(leaf * 1.0)
    else:
        result = relu(leaf * 1.0)
    (result * torch.tensor(weights)).sum().backward()
    return leaf.grad.tolist()


@pytest.mark.parametrize("relu", RELUS)
def test_a_blocked_sample_gets_the_gradient_that_would_wake_it(relu):
    values, weights = [[-1.0, -2.0]], [[3.0, -4.0]]
    assert gradient(relu, values, weights, redirected=False) == [[0.0, 0.0]]
    assert gradient(relu, values, weights, redirected=True) == [[3.0, 0.0]]  # -4 would push further down


@pytest.mark.parametrize("relu", RELUS)
def test_a_sample_that_passes_gradient_is_left_alone(relu):
    values, weights = [[1.0, -2.0], [-1.0, -1.0]], [[3.0, 4.0], [5.0, 6.0]]
    assert gradient(relu, values, weights, redirected=True) == [[3.0, 0.0], [5.0, 6.0]]


def test_a_saturated_relu6_may_only_be_pushed_down():
    assert gradient(F.relu6, [[7.0, 8.0]], [[3.0, -4.0]], redirected=True) == [[0.0, -4.0]]


def test_values_are_those_of_the_plain_function():
    values = torch.linspace(-2, 9, 23).reshape(1, -1)
    with RedirectedReLU():
        assert torch.equal(F.relu(values), values.clamp_min(0))
        assert torch.equal(F.relu6(values), values.clamp(0, 6))
        assert torch.equal(F.hardtanh(values, -1, 1), values.clamp(-1, 1))
