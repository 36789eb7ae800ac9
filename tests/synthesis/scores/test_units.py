import pytest
import torch

from atlas.core.job import Target
from atlas.synthesis.scores.units import FARTHEST, TargetObjective, spread_of_units

CPU = torch.device("cpu")


def test_channel_is_the_signed_mean_over_positions_by_loops():
    maps = torch.rand(6, 5, 4, 3, generator=torch.Generator().manual_seed(0))
    targets = [Target(kind="channel", layer="x", unit=unit, sign=sign) for unit, sign in [(0, 1), (4, -1), (2, 1)]]
    values = TargetObjective(targets, CPU)(maps)
    for row in range(6):
        target = targets[row // 2]
        total = sum(float(maps[row, target.unit, i, j]) for i in range(4) for j in range(3)) / 12
        assert float(values[row // 2, row % 2]) == pytest.approx(target.sign * total, abs=1e-6)


def test_neuron_is_one_position_and_the_central_one_by_default():
    maps = torch.arange(2 * 2 * 5 * 5.0).reshape(2, 2, 5, 5)
    targets = [
        Target(kind="neuron", layer="x", unit=1, position=(0, 3)),
        Target(kind="neuron", layer="x", unit=0, sign=-1),
    ]
    values = TargetObjective(targets, CPU)(maps)
    assert values.tolist() == [[float(maps[0, 1, 0, 3])], [-float(maps[1, 0, 2, 2])]]


def test_logit_and_vector_layers_are_read_as_they_are():
    logits = torch.rand(4, 7, generator=torch.Generator().manual_seed(0))
    values = TargetObjective([Target(kind="logit", layer="logits", unit=unit) for unit in (6, 2)], CPU)(logits)
    assert torch.equal(values, torch.stack([logits[:2, 6], logits[2:, 2]]))


def test_the_spread_is_the_standard_deviation_over_units_and_one_that_explodes_does_not_set_it():
    activation = torch.randn(3, 40, 4, 5, generator=torch.Generator().manual_seed(0))
    pooled = activation.mean(dim=(2, 3))
    spread = spread_of_units(activation, "channel")
    assert spread.numpy() == pytest.approx(pooled.std(dim=1, correction=0).numpy(), rel=1e-5)
    assert torch.equal(spread_of_units(pooled, "logit"), pooled.std(dim=1, correction=0))
    assert torch.equal(spread_of_units(activation, "neuron"), activation.flatten(1).std(dim=1, correction=0))
    exploded = pooled.clone()
    exploded[:, 7] = -1e18
    assert (spread_of_units(exploded, "logit") < FARTHEST * spread).all()
    sparse = torch.zeros(1, 40)
    sparse[0, 3] = 2.0
    assert spread_of_units(sparse, "logit").item() == pytest.approx(sparse.std(correction=0).item())
