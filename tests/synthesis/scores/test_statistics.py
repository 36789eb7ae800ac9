"""Statistics of photos: the distance by a slow derivation, and the same of folded and of unfolded networks."""

import numpy as np
import pytest
import torch
from torch import nn

from atlas.core.job import LOGITS, Target
from atlas.models.anatomy.statistics import Normalised, normalised_maps, telling_parts
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.synthesis.scores.statistics import ScaledScore, distance_from_photos
from atlas.synthesis.scores.units import TargetObjective

CPU = torch.device("cpu")


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def model_of(network):
    return load_model(ModelSpec(name="m", source="callable", architecture=f"tiny_networks:{network}", size=32))


def test_the_distance_is_what_loops_give_and_0_where_statistics_are_those_held():
    maps = noise(6, 4, 5, 3).double()  # two items of three views
    mean, deviation = noise(4, seed=1).double(), noise(4, seed=2).double() + 0.5
    found = distance_from_photos([Normalised(maps, mean, deviation)], 2)
    for item in range(2):
        terms = []
        for channel in range(4):
            values = maps[3 * item : 3 * item + 3, channel].numpy().ravel()
            shift = (values.mean() - float(mean[channel])) / float(deviation[channel])
            terms.append(shift**2 + (values.std() / float(deviation[channel]) - 1) ** 2)
        assert float(found[item]) == pytest.approx(np.mean(terms), rel=1e-5)
    held = [Normalised(maps[:3], maps[:3].mean(dim=(0, 2, 3)), maps[:3].std(dim=(0, 2, 3), correction=0))]
    assert float(distance_from_photos(held, 1)) == pytest.approx(0, abs=1e-10)
    twice = [Normalised(maps, mean, deviation)] * 2
    torch.testing.assert_close(distance_from_photos(twice, 2), found)


def test_units_of_maps_do_not_matter():
    maps, mean, deviation = noise(4, 3, 6, 6), noise(3, seed=1), noise(3, seed=2) + 0.5
    scale = torch.tensor([0.1, 3.0, 50.0])
    scaled = Normalised(maps * scale[:, None, None], mean * scale, deviation * scale)
    expected = distance_from_photos([Normalised(maps, mean, deviation)], 2)
    torch.testing.assert_close(distance_from_photos([scaled], 2), expected)


@pytest.mark.parametrize("family", ["test_efficientnet", "test_resnet"])
def test_folded_networks_tell_the_same(family):
    model = load_model(ModelSpec(name=family, architecture=family, pretrained=False, size=64))
    with torch.no_grad():
        for part in model.module.modules():
            if hasattr(part, "running_mean"):
                part.running_mean.normal_(generator=torch.Generator().manual_seed(0), std=0.1)
                part.weight.uniform_(0.5, 1.5, generator=torch.Generator().manual_seed(1))
    views, found = noise(4, 3, 64, 64), []
    for numerics in ("float32", "float32-folded"):
        network = model.network(numerics, CPU)
        with torch.no_grad():
            parts = telling_parts(network.module, lambda network=network: network(views, LOGITS))
            with normalised_maps(parts) as seen:
                network(views, LOGITS)
        found.append((len(seen), distance_from_photos(seen, 2)))
    assert found[0][0] == found[1][0] > 0
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-3, atol=1e-5)


class _Residual(nn.Module):
    """A stem, and a block of which the second norm's result is added to in place."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.first, self.norm1 = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.second, self.norm2 = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.relu(self.norm(self.stem(x)))
        y = self.norm2(self.second(self.relu(self.norm1(self.first(x)))))
        y += x
        return self.relu(y)


def test_norms_tell_that_no_activation_follows():
    network = _Residual().eval()
    run = lambda: network(noise(2, 3, 8, 8))  # noqa: E731
    assert telling_parts(network, run) == [network.norm2]
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    assert telling_parts(plain, lambda: plain(noise(2, 3, 8, 8))) == [plain[1]]  # rather than none
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in network.modules())


def test_the_score_is_the_objective_less_the_weighted_distance_in_units_of_the_layer():
    network = model_of("tiny").network("float32-folded", CPU)
    targets = [Target(kind="logit", layer=LOGITS, unit=unit) for unit in (1, 2)]
    score = ScaledScore(network, targets, 2.0, 1.0, {}.__getitem__)
    views = noise(6, 3, 32, 32).requires_grad_()
    found = score(views)
    logits = network(views, LOGITS).detach()
    with (
        torch.no_grad(),
        normalised_maps([part for part in network.module.modules() if hasattr(part, "folded_mean")]) as seen,
    ):
        network(views, LOGITS)
    spread = logits.std(dim=1, correction=0).view(2, 3).mean(dim=1)
    expected = TargetObjective(targets, CPU)(logits) - (2.0 * spread * distance_from_photos(seen, 2))[:, None]
    torch.testing.assert_close(found.detach(), expected, rtol=1e-5, atol=1e-6)
    assert torch.equal(score(views), found)  # the weight of the first views is kept


def test_nothing_is_asked_of_a_picture_that_no_gradient_of_the_objective_reaches():
    network = model_of("with_dead_units").network("float32", CPU)
    targets = [Target(kind="channel", layer="act2", unit=unit) for unit in (0, 2)]
    views = noise(4, 3, 32, 32).requires_grad_()
    ScaledScore(network, targets, 2.0, 1.0, {}.__getitem__)(views).sum().backward()
    reached = views.grad.flatten(1).abs().amax(dim=1) > 0
    assert reached.tolist() == [False, False, True, True]


def test_of_a_network_that_runs_in_part_the_norms_of_that_part_tell():
    """Where an activation follows every norm all tell, but none that does not run for the layer."""
    network = nn.Sequential(*[part for _ in range(3) for part in (nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.ReLU())])
    parts = telling_parts(network.eval(), lambda: network[:6](noise(2, 3, 4, 4)))
    assert parts == [network[1], network[4]]
