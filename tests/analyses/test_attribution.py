"""Channel attribution: values sum to the logit's change, whatever the layer, and name the right channels."""

import numpy as np
import pytest
import tiny_networks
import torch
from torch import nn

from atlas.analyses.attribution import attribute, heat_maps, leading
from atlas.core.figures import mean, share
from atlas.errors import ScoreError


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def tail_of_tiny():
    network = tiny_networks.tiny().double().eval()

    def logits(activation, prefix):
        assert prefix is None
        return network.head(network.act2(network.body(activation)).mean(dim=(2, 3)))

    return logits


class Normed(nn.Module):
    """A transformer's end: class token and patches are normed, mixed and read."""

    def __init__(self, width=6, classes=4):
        super().__init__()
        self.norm = nn.LayerNorm(width, dtype=torch.float64)
        self.read = nn.Linear(width, classes, dtype=torch.float64)
        with torch.no_grad():
            self.read.weight.copy_(normal(classes, width, seed=5))
            self.read.bias.zero_()

    def __call__(self, activation, prefix):
        tokens = torch.cat([prefix, activation.flatten(2).transpose(1, 2)], dim=1)
        weights = (tokens @ tokens[:, 0, :, None] / 6).softmax(dim=1)
        return self.read(self.norm((weights * tokens).sum(dim=1) + tokens[:, 0]))


def test_values_sum_to_the_logits_change_of_a_network():
    logits, activation, classes = tail_of_tiny(), 3 * normal(4, 12, 5, 6).abs(), torch.tensor([1, 7, 7, 0])
    found = attribute(logits, activation, classes)
    rise = (logits(activation, None) - logits(torch.zeros_like(activation), None)).gather(1, classes[:, None])[:, 0]
    torch.testing.assert_close(found.rise, rise)
    assert found.is_exact.all()
    torch.testing.assert_close(
        found.values.sum(dim=1), rise, rtol=0, atol=0.01 * found.values.abs().sum(1).max().item()
    )
    torch.testing.assert_close(found.maps.sum(dim=(2, 3)), found.values)
    torch.testing.assert_close(found.moved, activation.sum(dim=(2, 3)))


def test_more_steps_come_nearer():
    logits, activation, classes = tail_of_tiny(), 3 * normal(2, 12, 5, 6).abs(), torch.tensor([1, 7])
    gaps = [attribute(logits, activation, classes, steps=n, most_steps=n).gap.abs().max() for n in (4, 400)]
    assert gaps[1] < gaps[0] / 10


def test_of_a_linear_layer_they_are_weight_times_activation():
    weights, activation = normal(5, 3, seed=1), normal(2, 3)
    found = attribute(lambda a, _: a @ weights.T, activation, torch.tensor([4, 0]), baseline=torch.ones(1, 3))
    torch.testing.assert_close(found.values, (activation - 1) * weights[[4, 0]])
    assert found.maps.shape == (2, 3)
    assert found.steps.tolist() == [32, 32]


def test_no_photos_values_depend_on_others():
    logits, activation, classes = tail_of_tiny(), 3 * normal(5, 12, 4, 4).abs(), torch.tensor([1, 7, 7, 0, 3])
    together = attribute(logits, activation, classes, steps=2)
    for place in range(5):
        alone = attribute(logits, activation[place : place + 1], classes[place : place + 1], steps=2)
        torch.testing.assert_close(alone.values[0], together.values[place])
        assert alone.steps[0] == together.steps[place]
    assert len(set(together.steps.tolist())) > 1


def test_class_tokens_are_part_of_the_layer():
    """A head that reads the class token alone gives all values to it, and none to a place in the photo."""
    weights, prefix, activation = normal(3, 6), normal(2, 1, 6), normal(2, 6, 2, 2, seed=1)
    found = attribute(lambda a, p: p[:, 0] @ weights.T, activation, torch.tensor([0, 2]), prefix)
    torch.testing.assert_close(found.values, prefix[:, 0] * weights[[0, 2]])
    assert not found.maps.any()


def test_from_the_mean_over_photos_values_sum_up_behind_a_norm():
    logits, activation, prefix = Normed(), normal(6, 6, 3, 3) + 1, normal(6, 2, 6, seed=1) + 1
    means = activation.mean(dim=0, keepdim=True), prefix.mean(dim=0, keepdim=True)
    classes = torch.arange(6) % 4
    found = attribute(logits, activation, classes, prefix, *means)
    assert found.is_exact.all()
    rise = (logits(activation, prefix) - logits(*(m.expand(6, *m.shape[1:]) for m in means))).gather(
        1, classes[:, None]
    )
    torch.testing.assert_close(found.rise, rise[:, 0])


def test_from_nothing_values_behind_a_norm_are_told_to_miss_the_change():
    """The norm answers the same to an activation and to a thousandth of it, so slopes on the way are 0."""
    weights = normal(4, 6, seed=5)
    found = attribute(
        lambda a, _: torch.nn.functional.layer_norm(a, (6,)) @ weights.T, 100 * normal(5, 6), torch.arange(5) % 4
    )
    assert found.rise.abs().min() > 0.1
    assert not found.is_exact.any()
    assert (found.steps == 256).all()


def test_a_logit_that_does_not_depend_on_the_layer_has_values_of_zero():
    found = attribute(lambda a, _: torch.zeros(len(a), 3), normal(2, 4), torch.tensor([0, 1]))
    assert not found.values.any()
    assert found.is_exact.all()


def test_a_photo_that_breaks_the_model_costs_no_other_its_values():
    activation = normal(3, 4)
    activation[1, 2] = float("nan")
    found = attribute(lambda a, _: a, activation, torch.tensor([2, 2, 2]))
    assert found.values[1].isnan().all()
    assert found.is_exact.tolist() == [True, False, True]


def test_heat_maps_are_those_of_the_channels_at_the_photos_size():
    maps = normal(4, 2, 3).float()
    torch.testing.assert_close(heat_maps(maps, [3, 1], (2, 3)), maps[[3, 1]])
    found = heat_maps(maps, [3, 1], (8, 12))
    assert found.shape == (2, 8, 12)
    torch.testing.assert_close(
        found[:, [0, 0, -1, -1], [0, -1, 0, -1]], maps[[3, 1]][:, [0, 0, -1, -1], [0, -1, 0, -1]]
    )
    with pytest.raises(ScoreError, match="no heat maps"):
        heat_maps(normal(4), [0], (8, 12))


def test_leading_channels_by_hand():
    values = np.array([[4.0, -2.0, 1.0, 0.0], [2.0, -4.0, 3.0, 0.0]])
    moved = np.array([[-1.0, 1.0, 2.0, 1.0], [-3.0, 1.0, -1.0, 1.0]])
    first, second = leading(values, moved, 2)
    assert [first.index, second.index] == [0, 2]
    assert first.value == mean([4.0, 2.0])
    assert first.share.value == pytest.approx(3 / 8)
    assert second.share.value == pytest.approx(2 / 8)
    assert (first.share.low, first.share.high, first.share.n) == pytest.approx((2 / 9, 4 / 7, 2))  # of either photo
    assert (first.side, second.side) == (-1, 1)
    assert first.leads == share([True, True])
    (only,) = leading(values, moved, 1)
    assert only.leads == share([True, False])
    (against,) = leading(values, moved, 3, against=True)
    assert (against.index, against.value.value, against.leads) == (1, -3, share([True, True]))


def test_channels_without_a_value_lead_nowhere():
    assert leading(np.zeros((2, 3)), np.zeros((2, 3)), 2) == []
    with pytest.raises(ScoreError):
        leading(np.array([[np.nan]]), np.zeros((1, 1)), 1)
    with pytest.raises(ScoreError):
        leading(np.zeros((0, 3)), np.zeros((0, 3)), 1)
