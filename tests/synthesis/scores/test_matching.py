"""Sort matching against slow derivations in float64, and what it must not depend on."""

import numpy as np
import pytest
import torch

from atlas.core.model_card import LayerInfo
from atlas.errors import ModelError
from atlas.models.load import load_model
from atlas.models.network.passes import VIEWS_PER_PASS
from atlas.models.spec import ModelSpec
from atlas.synthesis.scores.classes import total_variation
from atlas.synthesis.scores.matching import (
    MANY,
    MatchScore,
    StageMaps,
    ascending,
    balance,
    channel_values,
    mean_sorted,
    quantiles,
    some_of,
    sort_matching,
)

CPU = torch.device("cpu")
LAYERS = ["act", "act2"]


@pytest.fixture(scope="module")
def network():
    model = load_model(ModelSpec(name="tiny", source="callable", architecture="tiny_networks:tiny", size=32))
    return model.network("float32", CPU)


def noise(*shape, seed=0, dtype=torch.float32):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def slow_loss(maps, references):
    """Algorithm 1 of the paper by loops: of one item (C, P), to reference maps (N, C, P)."""
    channels, positions = len(maps), len(maps[0])
    total = 0.0
    for channel in range(channels):
        target = [sum(sorted(one[channel])[k] for one in references) / len(references) for k in range(positions)]
        for position in range(positions):
            value = maps[channel][position]
            rank = sum(other < value for other in maps[channel])
            total += (value - target[rank]) ** 2
    return total / (channels * positions)


def test_the_loss_is_algorithm_1_by_loops():
    maps, references = noise(3, 4, 20, dtype=torch.float64), noise(5, 4, 20, seed=1, dtype=torch.float64)
    targets = references.sort(dim=2).values.mean(dim=0).expand(3, -1, -1)
    slow = [slow_loss(one.tolist(), references.tolist()) for one in maps]
    assert sort_matching(maps, targets).tolist() == pytest.approx(slow, rel=1e-12)


def test_a_permuted_reference_has_loss_and_gradient_0():
    reference = noise(1, 4, 30)
    shuffled = torch.stack(
        [channel[torch.randperm(30, generator=torch.Generator().manual_seed(1))] for channel in reference[0]]
    )[None]
    shuffled.requires_grad_()
    loss = sort_matching(shuffled, reference.sort(dim=2).values)
    loss.sum().backward()
    assert loss.item() == 0
    assert shuffled.grad.abs().max() == 0
    assert sort_matching(shuffled.detach() + 0.5, reference.sort(dim=2).values).item() == pytest.approx(0.25, rel=1e-5)


def test_the_gradient_is_that_of_autograd_with_ranks_held_fixed():
    maps = noise(2, 3, 25, dtype=torch.float64).requires_grad_()
    targets = noise(2, 3, 25, seed=1, dtype=torch.float64).sort(dim=2).values
    weights = torch.tensor([1.0, 3.0])
    (sort_matching(maps, targets) * weights).sum().backward()
    again = maps.detach().clone().requires_grad_()
    ranks = again.detach().argsort(dim=2).argsort(dim=2)  # as the authors write it
    (((again - targets.gather(2, ranks)) ** 2).mean(dim=(1, 2)) * weights).sum().backward()
    torch.testing.assert_close(maps.grad, again.grad, rtol=1e-12, atol=0)


@pytest.mark.parametrize("count", [10, MANY // 40 + 1])
def test_the_order_is_that_of_a_stable_sort_in_both_precisions(count):
    sizes = 10.0 ** torch.arange(-20, 20).repeat(count)
    maps = torch.randn(2, 3, 40 * count, generator=torch.Generator().manual_seed(0)) * sizes
    maps[:, 1] = maps[:, 1].clamp(-1, 1).round()  # many are equal
    maps[:, 2, ::7] = float("inf")
    maps[:, 2, 3::7] = -float("inf")
    maps = maps + 0.0  # no zero is negative
    for one in (maps, maps.double()):
        assert torch.equal(ascending(one), one.sort(dim=2, stable=True).indices)
    wide = torch.randn(2, 4, 30, generator=torch.Generator().manual_seed(1)).transpose(1, 2)
    assert torch.equal(ascending(wide), wide.sort(dim=2, stable=True).indices)


@pytest.mark.parametrize(
    ("layout", "shape", "expected"),
    [("map", (2, 5, 3, 4), (2, 5, 12)), ("map_last", (2, 3, 4, 5), (2, 5, 12)), ("tokens", (2, 7, 5), (2, 5, 7))],
)
def test_channels_are_hidden_dimensions_at_all_positions_and_tokens(layout, shape, expected):
    raw = noise(*shape)
    layer = LayerInfo(name="x", module="Block", layout=layout, units=5, grid=(2, 3), prefix_tokens=1)
    values = channel_values(raw, layer)
    assert values.shape == expected
    second = raw[:, 1].flatten(1) if layout == "map" else raw[..., 1].flatten(1)
    assert torch.equal(values[:, 1], second)


def test_targets_are_the_mean_of_sorted_values_whatever_the_passes(network):
    photos = noise(VIEWS_PER_PASS["cpu"] + 3, 3, 32, 32)
    with torch.no_grad():
        taps = network.taps(photos, LAYERS)
    targets = mean_sorted(StageMaps(network, LAYERS), iter(photos), CPU, 12)
    for layer in LAYERS:
        expected = taps[layer].flatten(2).double().sort(dim=2).values.mean(dim=0)
        torch.testing.assert_close(targets[layer][0].double(), expected, rtol=1e-5, atol=1e-6)


def test_no_photos_are_an_error(network):
    with pytest.raises(ModelError, match="no reference photos"):
        mean_sorted(StageMaps(network, LAYERS), iter([]), CPU, 12)


def test_the_score_is_minus_the_weighted_sum_over_layers_and_the_penalty(network):
    views = noise(4, 3, 32, 32, seed=2).requires_grad_()
    maps_of = StageMaps(network, LAYERS)
    targets = mean_sorted(maps_of, iter(noise(3, 3, 32, 32)), CPU, 12)
    both = {layer: torch.cat([targets[layer], targets[layer] * 2]) for layer in LAYERS}
    score = MatchScore(network, maps_of, both, {"act": 2.0, "act2": 0.5}, 0.01)(views)
    taps, inputs = network.taps(views, LAYERS), network.inputs(views)
    for item, target in ((0, 0), (1, 0), (2, 1), (3, 1)):  # two views of each
        losses = []
        for layer in LAYERS:
            found = taps[layer][item].flatten(1).sort(dim=1).values
            losses.append(((found - both[layer][target]) ** 2).mean())
        penalty = total_variation(inputs[item : item + 1])[0] + inputs[item].norm()
        expected = -(2.0 * losses[0] + 0.5 * losses[1] + 0.01 * penalty)
        assert score[target, item % 2].item() == pytest.approx(expected.item(), rel=1e-4)
    score.sum().backward()
    assert (views.grad.flatten(1).abs().amax(dim=1) > 0).all()


def test_what_no_photo_excites_has_no_penalty_either(network):
    maps_of = StageMaps(network, ["act"])
    views = noise(2, 3, 32, 32).requires_grad_()
    some = maps_of(views)["act"].detach().sort(dim=2).values
    targets = {"act": torch.stack([torch.zeros_like(some[0]), some[1]])}
    score = MatchScore(network, lambda shown: {"act": maps_of(shown)["act"] * 0}, targets, {"act": 1.0}, 0.1)
    score(views).sum().backward()
    assert views.grad[0].abs().max() == 0
    assert views.grad[1].abs().max() > 0


def test_the_network_runs_no_further_than_the_last_layer(network):
    reached = []
    handle = network.module.head.register_forward_hook(lambda *_: reached.append(1))
    StageMaps(network, LAYERS)(noise(2, 3, 32, 32))
    handle.remove()
    assert not reached


def test_a_layer_with_other_positions_is_said_to_be_one(network):
    maps_of = StageMaps(network, ["act"])
    targets = mean_sorted(maps_of, iter(noise(2, 3, 32, 32)), CPU, 12)
    with pytest.raises(ModelError, match=r'layer "act" holds \(12, 144\) values of a picture'):
        MatchScore(network, maps_of, targets, {"act": 1.0}, 0.0)(noise(2, 3, 24, 24))


# --- fewer values, and weights ------------------------------------------------------------------------------------


def test_the_same_distribution_matches_itself_at_any_number_of_positions():
    many = torch.randn(1, 3, 5000, generator=torch.Generator().manual_seed(0))
    some = some_of(many, 700)
    assert some.shape == (1, 3, 625)  # every eighth
    assert torch.equal(some, many[:, :, ::8])
    goal = quantiles(many.sort(dim=2).values, some.shape[2])
    assert (goal.diff(dim=2) >= 0).all()
    loss = sort_matching(some, goal).item()
    assert loss < 0.02  # of a variance of 1; the draws are few
    assert sort_matching(some * 2, goal).item() > 0.8
    assert sort_matching(some + 1, goal).item() > 0.8
    assert some_of(many, 5000) is many and quantiles(many, 5000) is many


def test_quantiles_are_numpys():
    values = noise(1, 2, 60, dtype=torch.float64).sort(dim=2).values
    shares = (torch.arange(12) + 0.5) / 12
    for channel in range(2):
        expected = torch.tensor(np.quantile(values[0, channel], shares, method="hazen"))  # the k-th is (k + 1/2) / P
        torch.testing.assert_close(quantiles(values, 12)[0, channel], expected)


def test_balanced_layers_count_alike_whatever_their_scale(network):
    maps_of = StageMaps(network, LAYERS)
    targets = mean_sorted(maps_of, iter(noise(3, 3, 32, 32)), CPU, 12)
    views = noise(2, 3, 32, 32, seed=1)

    def score(scale):
        scaled = {layer: values * (scale if layer == "act" else 1.0) for layer, values in targets.items()}

        def shown(views):
            return {layer: maps * (scale if layer == "act" else 1.0) for layer, maps in maps_of(views).items()}

        return MatchScore(network, shown, scaled, balance(scaled), 0.0)(views)

    torch.testing.assert_close(score(100.0), score(1.0), rtol=1e-4, atol=0)
    means = {layer: values.mean().expand(2, *values.shape[1:]) for layer, values in targets.items()}
    lost = MatchScore(network, lambda _: means, targets, balance(targets), 0.0)(views)
    assert lost[0].tolist() == pytest.approx([-2.0, -2.0], rel=1e-4)  # all of the variance of two layers
    assert balance({"flat": torch.ones(2, 3, 4)})["flat"].tolist() == [0, 0]


def test_fewer_values_are_compared_if_asked(network):
    maps_of = StageMaps(network, LAYERS)
    targets = mean_sorted(maps_of, iter(noise(3, 3, 32, 32)), CPU, 12)
    views = noise(2, 3, 32, 32, seed=1)
    weights = {"act": 1.0, "act2": 1.0}
    whole, few, many = (MatchScore(network, maps_of, targets, weights, 0.0, most)(views)[0] for most in (0, 64, 10**6))
    assert torch.equal(whole, many)
    expected = torch.zeros(2)
    for layer, maps in maps_of(views).items():
        chosen = maps[:, :, :: maps.shape[2] // 64].sort(dim=2).values
        shares = (torch.arange(64) + 0.5) / 64
        goal = torch.from_numpy(np.quantile(targets[layer], shares, axis=2, method="hazen")).movedim(0, 2)
        expected -= (chosen - goal).square().mean(dim=(1, 2))
    torch.testing.assert_close(few, expected, rtol=1e-4, atol=0)
    assert not torch.equal(few, whole)
