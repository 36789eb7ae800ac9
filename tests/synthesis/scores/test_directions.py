"""Directions: every value and gradient against the formula written out in float64."""

import math
from hashlib import sha256

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.job import Target
from atlas.errors import ModelError
from atlas.synthesis.scores.units import Directions, TargetObjective

CPU = torch.device("cpu")


def stored(*vectors):
    """Return the inputs by digest, in order."""
    blobs = [np.asarray(vector, dtype="<f4").tobytes() for vector in vectors]
    return {sha256(blob).hexdigest(): blob for blob in blobs}


def targets(inputs, power=2.0, signs=None):
    signs = signs or [1] * len(inputs)
    return [
        Target(kind="direction", layer="x", unit=7, sign=sign, direction=digest, cosine_power=power)
        for digest, sign in zip(inputs, signs, strict=True)
    ]


def by_hand(maps, vector, power, sign):
    """Return (a.v) max(cos(a, v), .1)^p of one view (C, h, w) by loops; a negative target is the opposite direction."""
    length = math.sqrt(sum(float(value) ** 2 for value in vector))
    v = [sign * float(value) / length for value in vector]
    a = [sum(map(float, channel.flatten())) / channel.numel() for channel in maps]
    dot = sum(x * y for x, y in zip(a, v, strict=True))
    norm = math.sqrt(sum(x * x for x in a))
    return dot * max(dot / norm if norm else 0.0, 0.1) ** power


def in_float64(maps, vector, power, sign):
    """Return the same as a tensor that knows its gradient."""
    v = sign * torch.as_tensor(vector, dtype=torch.float64)
    v = v / v.norm()
    a = maps.mean(dim=(1, 2))
    dot = a @ v
    return dot * torch.clamp(dot / a.norm(), min=0.1) ** power


@given(
    seed=st.integers(0, 2**31 - 1),
    units=st.integers(1, 6),
    views=st.integers(1, 3),
    power=st.sampled_from([0.0, 1.0, 2.0, 3.5]),
    sign=st.sampled_from([1, -1]),
    shift=st.floats(-1, 1),
)
def test_value_and_gradient_are_those_of_the_formula(seed, units, views, power, sign, shift):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(2, units))
    inputs = stored(*vectors)
    maps = torch.from_numpy(random.normal(size=(2 * views, units, 2, 3)) + shift).float()
    leaf = maps.clone().requires_grad_()
    values = TargetObjective(targets(inputs, power, [sign, 1]), CPU, inputs.__getitem__)(leaf)
    values.sum().backward()
    assert values.shape == (2, views)
    for row in range(2 * views):
        item, view = divmod(row, views)
        vector, direction = vectors[item].astype(np.float32), [sign, 1][item]
        assert float(values[item, view].detach()) == pytest.approx(
            by_hand(maps[row], vector, power, direction), rel=1e-4, abs=1e-5
        )
        exact = maps[row].double().requires_grad_()
        in_float64(exact, vector, power, direction).backward()
        assert torch.allclose(leaf.grad[row].double(), exact.grad, rtol=1e-3, atol=1e-4)


def test_only_the_direction_of_a_vector_counts():
    maps = torch.rand(1, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    once, scaled = stored([1.0, -2.0, 0.5]), stored([100.0, -200.0, 50.0])
    first, second = (TargetObjective(targets(one), CPU, one.__getitem__)(maps) for one in (once, scaled))
    assert torch.allclose(first, second)


def test_an_activation_along_the_direction_is_its_length():
    """Where a = 3 v the cosine is 1, so the objective is |a| whatever the power."""
    inputs = stored([3.0, 4.0])
    maps = 3 * torch.tensor([0.6, 0.8]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    for power in (0.0, 2.0, 8.0):
        assert float(TargetObjective(targets(inputs, power), CPU, inputs.__getitem__)(maps)) == pytest.approx(3.0)
    dots, cosines = Directions(targets(inputs), CPU, inputs.__getitem__).project(-maps)
    assert (float(dots), float(cosines)) == pytest.approx((-3.0, -1.0))


def test_below_the_floor_the_dot_product_alone_pulls():
    """At a right angle the gradient is v times 0.1 ** p, not zero."""
    inputs = stored([0.0, 2.0])
    leaf = torch.tensor([[[[5.0]], [[0.0]]]], requires_grad=True)
    TargetObjective(targets(inputs), CPU, inputs.__getitem__)(leaf).sum().backward()
    assert leaf.grad.flatten().tolist() == pytest.approx([0.0, 0.01])


@pytest.mark.parametrize("power", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_activations_of_zero_have_a_finite_gradient_towards_the_direction(power, sign):
    inputs = stored([0.6, -0.8])
    leaf = torch.zeros(1, 2, 3, 3, requires_grad=True)
    values = TargetObjective(targets(inputs, power, [sign]), CPU, inputs.__getitem__)(leaf)
    values.sum().backward()
    assert float(values.detach()) == 0
    expected = sign * 0.1**power / 9
    assert torch.allclose(leaf.grad[0, :, 0, 0], torch.tensor([0.6, -0.8]) * expected)


def test_vectors_of_a_layer_without_positions():
    inputs = stored([1.0, 1.0], [1.0, -1.0])
    activation = torch.tensor([[2.0, 0.0], [1.0, 3.0]])
    dots, cosines = Directions(targets(inputs), CPU, inputs.__getitem__).project(activation)
    half = math.sqrt(0.5)
    assert dots.flatten().tolist() == pytest.approx([2 * half, -2 * half])
    assert cosines.flatten().tolist() == pytest.approx([half, -2 * half / math.sqrt(10)])


@pytest.mark.parametrize("data", [b"", b"\0\0\0", bytes(8), np.array([1, np.nan], dtype="<f4").tobytes()])
def test_what_is_no_vector_is_refused(data):
    inputs = {sha256(data).hexdigest(): data}
    with pytest.raises(ModelError, match="of class 7 is no direction"):
        TargetObjective(targets(inputs), CPU, inputs.__getitem__)


def test_a_vector_of_another_layer_is_refused_with_both_numbers():
    inputs = stored([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ModelError, match='3 values, but layer "x" has 2 units'):
        TargetObjective(targets(inputs), CPU, inputs.__getitem__)(torch.ones(2, 2, 1, 1))
    with pytest.raises(ValueError, match="load_input"):
        TargetObjective(targets(inputs), CPU)
