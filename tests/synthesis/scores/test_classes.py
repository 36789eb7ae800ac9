"""DeepInversion's loss and Plug-In Inversion's, term by term against slow derivations in float64."""

import numpy as np
import pytest
import torch
from torch import nn

from atlas.models.load import load_model
from atlas.models.network.norms import batch_norms, norm_inputs
from atlas.models.spec import ModelSpec
from atlas.synthesis.scores.classes import (
    ClassEntropy,
    DeepInversionScore,
    moments,
    statistics_distance,
    total_variation,
)

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def tiny():
    return load_model(ModelSpec(name="tiny", source="callable", architecture="tiny_networks:tiny", size=32))


@pytest.fixture
def network(tiny):
    return tiny.network("float32", CPU)


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def held_by(*images):
    """Return a network whose batch norms hold the mean of the statistics of some images, all of one kind."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 4, 3), nn.BatchNorm2d(4))
    network = network.double().eval()
    with torch.no_grad():
        for norm in batch_norms(network):  # the first before the second, whose input depends on it
            with norm_inputs(network) as seen:
                network(torch.cat(images))
            maps = seen[norm].numpy()
            norm.running_mean.copy_(torch.from_numpy(maps.mean(axis=(0, 2, 3))))
            norm.running_var.copy_(torch.from_numpy(maps.var(axis=(0, 2, 3))))
    return network


def distances(network, images, first=10.0):
    with norm_inputs(network) as seen:
        network(images)
    return statistics_distance(seen, first)


def test_the_distance_is_0_on_the_data_whose_statistics_batch_norms_hold():
    image = noise(1, 3, 12, 12).double()
    network = held_by(image)
    assert distances(network, image).item() == pytest.approx(0, abs=1e-6)
    assert distances(network, noise(1, 3, 12, 12, seed=1).double()).item() > 0.01


def test_statistics_are_of_each_image_alone():
    images = noise(4, 3, 12, 12).double()
    network = held_by(noise(1, 3, 12, 12, seed=5).double())
    together = distances(network, images)
    alone = torch.cat([distances(network, image[None]) for image in images])
    torch.testing.assert_close(together, alone)
    assert together.std() > 1e-4


def test_the_distance_is_that_of_the_definition():
    network, images = held_by(noise(1, 3, 12, 12, seed=5).double()), noise(2, 3, 12, 12).double()
    with norm_inputs(network) as seen:
        network(images)
    expected = np.zeros(2)
    for weight, norm in zip((10, 1), (network[1], network[4]), strict=True):
        for item, maps in enumerate(seen[norm].detach().numpy()):
            means = [channel.mean() - held for channel, held in zip(maps, norm.running_mean.numpy(), strict=True)]
            spreads = [
                ((channel - channel.mean()) ** 2).sum() / channel.size - held
                for channel, held in zip(maps, norm.running_var.numpy(), strict=True)
            ]
            expected[item] += weight * (np.sqrt(np.square(means).sum()) + np.sqrt(np.square(spreads).sum()))
    # The maps enter in float32.
    np.testing.assert_allclose(statistics_distance(seen, 10.0).detach().numpy(), expected, rtol=1e-5)


def test_moments_and_their_gradient_are_those_of_the_definition():
    maps = (noise(3, 4, 50).double() * 2 + 100).requires_grad_()  # a mean far above the deviation
    mean, variance = moments(maps)
    np.testing.assert_allclose(mean.detach(), maps.detach().numpy().mean(axis=2), rtol=1e-14)
    np.testing.assert_allclose(variance.detach(), maps.detach().numpy().var(axis=2), rtol=1e-12)
    assert torch.autograd.gradcheck(moments, maps)
    single = moments(maps.detach().float())[1]
    np.testing.assert_allclose(single, variance.detach(), rtol=1e-4)


def test_total_variation_by_loops():
    images = noise(2, 3, 5, 6).double()
    expected = []
    for image in images.numpy():
        sums = dict.fromkeys([(0, 1), (1, 0), (1, 1), (1, -1)], 0.0)
        for (down, across), row, column in ((step, y, x) for step in sums for y in range(5) for x in range(6)):
            if row + down < 5 and 0 <= column + across < 6:
                difference = image[:, row + down, column + across] - image[:, row, column]
                sums[down, across] += float((difference**2).sum())
        expected.append(sum(np.sqrt(value) for value in sums.values()))
    np.testing.assert_allclose(total_variation(images).numpy(), expected, rtol=1e-12)


def test_entropy_is_that_of_the_softmax_per_view(network):
    views = noise(6, 3, 32, 32)
    score = ClassEntropy(network, [4, 7])(views)
    probabilities = np.exp(network(views, "logits").detach().double().numpy())
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    expected = np.log([[probabilities[view, 4] for view in range(3)], [probabilities[view, 7] for view in (3, 4, 5)]])
    np.testing.assert_allclose(score.detach().numpy(), expected, atol=1e-5)


def test_the_score_is_minus_the_weighted_sum_of_its_terms(network):
    views = noise(4, 3, 32, 32)
    inputs = network.inputs(views)
    terms = [
        statistics_distance({network.module.norm: network.module.stem(inputs)}, 3.0),
        total_variation(inputs),
        inputs.flatten(1).norm(dim=1),
    ]
    weights = (0.5, 0.25, 2.0)
    expected = ClassEntropy(network, [1, 2])(views).flatten()
    expected = expected - sum(weight * term for weight, term in zip(weights, terms, strict=True))
    found = DeepInversionScore(network, [1, 2], weights[0], 3.0, *weights[1:])(views)
    torch.testing.assert_close(found.flatten(), expected, rtol=1e-5, atol=1e-5)


def test_timms_norms_with_activation_inside_are_seen():
    model = load_model(ModelSpec(name="m", architecture="tf_efficientnet_lite0", pretrained=False))
    network = model.network(model.numerics_for("logits", keep_norms=True), CPU)
    assert "BatchNormAct2d" in {type(norm).__name__ for norm in batch_norms(network.module)}
    with norm_inputs(network.module) as seen, torch.no_grad():
        network(noise(2, 3, 32, 32), "logits")
    assert list(seen) == batch_norms(network.module)
    assert all(maps.shape[:2] == (2, norm.num_features) for norm, maps in seen.items())


def test_norms_are_found_by_what_they_hold():
    class Frozen(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("running_mean", torch.zeros(3))
            self.register_buffer("running_var", torch.ones(3))

    kept = [nn.BatchNorm2d(3), Frozen()]
    others = [nn.BatchNorm1d(3), nn.LayerNorm(3), nn.InstanceNorm2d(3), nn.BatchNorm2d(3, track_running_stats=False)]
    assert batch_norms(nn.ModuleList([*kept, *others])) == kept


def test_the_hooks_are_gone_after_an_error(network):
    with pytest.raises(RuntimeError, match="on purpose"), norm_inputs(network.module):
        raise RuntimeError("on purpose")
    assert not network.module.norm._forward_pre_hooks


def test_folded_numerics_hold_no_norms_and_are_never_chosen_where_norms_are_kept(tiny):
    assert tiny.numerics_for("logits") == "float32-folded"
    assert batch_norms(tiny.network("float32-folded", CPU).module) == []
    assert tiny.numerics_for("logits", keep_norms=True) == "float32"
    assert tiny.numerics_for("logits", "bfloat16", keep_norms=True) == "bfloat16"
    assert tiny.offers == {"batch norm"}
