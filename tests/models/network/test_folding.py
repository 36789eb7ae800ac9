"""Folding: right where it can be, absent where it cannot."""

import networks
import pytest
import torch
from torch import nn

from atlas.core.job import Preprocessing
from atlas.models.network.folding import find_pairs, fold

CPU = torch.device("cpu")
INPUT = Preprocessing(channels=3, height=16, width=16, mean=(0.5,) * 3, std=(0.5,) * 3)


def noise():
    return torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(5))


def test_pairs_are_those_where_the_norm_gets_the_convolutions_own_output():
    assert find_pairs(networks.Tiny().eval(), noise()) == [("conv", "norm"), ("deep.0", "deep.1")]
    assert find_pairs(networks.InPlace().eval(), noise()) == [("deep.0", "deep.1")]


def test_folded_copy_agrees_and_leaves_the_original_alone():
    network = networks.Tiny().eval().requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with torch.no_grad():
        expected = network.double()(noise().double()).float()
        network.float()
        folded = fold(network, INPUT)
        assert (folded.module(noise()) - expected).norm() < 1e-5 * expected.norm()
    assert folded.lost == {"conv", "deep.0"}
    assert {name for name, _ in folded.module.named_modules()} == {name for name, _ in network.named_modules()}
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_convolution_that_is_read_elsewhere_too_is_not_folded(odd):
    assert fold(networks.Fragile().eval(), INPUT) is None
    assert odd("Fragile").numerics_for("logits") == "float32"


class WithInner(nn.BatchNorm2d):
    """Batch norm that hides dropout and an activation, in the manner of timm."""

    def __init__(self, features: int) -> None:
        super().__init__(features)
        self.drop = nn.Identity()
        self.act = nn.SiLU()

    def forward(self, inputs):
        return self.act(self.drop(super().forward(inputs)))


class Doubling(nn.BatchNorm2d):
    def forward(self, inputs):
        return 2 * super().forward(inputs)


@pytest.mark.parametrize(("kind", "folds"), [(WithInner, True), (nn.BatchNorm2d, True), (Doubling, False)])
def test_norms_with_more_inside(kind, folds):
    norm = kind(4)
    networks.randomise(norm)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), norm).eval().requires_grad_(False)
    folded = fold(network, INPUT)
    assert (folded is not None) is folds
    if folded is not None:
        assert torch.allclose(folded.module(noise()), network(noise()), atol=1e-5)
        assert [name for name, _ in folded.module.named_modules()] == [name for name, _ in network.named_modules()]


def test_computed_weights_and_shared_modules():
    normed = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)), nn.BatchNorm2d(4)).eval()
    assert fold(normed, INPUT) is None

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))
            networks.randomise(self.body[1])
            self.same = self.body[0]

        def forward(self, images):
            return self.body[1](self.same(images))

    network = Twice().eval().requires_grad_(False)
    folded = fold(network, INPUT)
    assert folded is not None
    assert folded.module.same is folded.module.body[0]
    assert torch.allclose(folded.module(noise()), network(noise()), atol=1e-5)


def test_a_network_that_cannot_be_copied_is_used_as_it_is():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval()
    network.state = iter([]).__iter__
    network.feed = (number for number in range(3))
    assert fold(network, INPUT) is None
