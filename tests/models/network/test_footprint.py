"""What a view takes of memory: an oracle of tensors that autograd is known to keep, and how many views that makes."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from networks import SIDE

from atlas.models.network import network as network_module
from atlas.models.network.footprint import LARGEST_PASS, SHARE, bytes_of_view, views_that_fit
from atlas.models.network.passes import VIEWS_PER_PASS

FLOAT = 4
MEBIBYTE = 2**20


def pictures(count: int) -> torch.Tensor:
    return torch.zeros(count, 3, 5, 7)


def test_what_autograd_keeps_is_counted_once_and_weights_are_not():
    weight = torch.randn(105, 1000)

    def forward(views):
        kept = views.exp().sigmoid()  # each keeps what it returns
        return (kept.flatten(1) @ weight) * 2 + kept.sum()  # the product keeps the weight, the others nothing

    assert bytes_of_view(forward, pictures) == 2 * 3 * 5 * 7 * FLOAT


def test_what_needs_no_way_back_takes_nothing():
    assert bytes_of_view(lambda views: views.detach().exp(), pictures) == 0


@given(st.integers(1, 2**33), st.integers(1, 2**38))
def test_a_pass_is_a_power_of_two_that_fits(view, memory):
    count = views_that_fit(view, memory)
    assert 1 <= count <= LARGEST_PASS and count & (count - 1) == 0
    assert count == 1 or count * view <= SHARE * memory
    assert count == LARGEST_PASS or 2 * count * view > SHARE * memory - view


def test_large_networks_get_small_passes():
    card = 80 * 2**30
    assert [views_that_fit(size * MEBIBYTE, card) for size in (1, 82, 224)] == [512, 256, 128]


@pytest.fixture
def tiny(odd):
    model = odd("Tiny")
    return model, model.network(model.numerics_for("logits"), torch.device("cpu"))


def test_on_a_cpu_a_pass_is_always_as_large(tiny):
    assert tiny[1].views_at_once(["logits"], (SIDE, SIDE)) == VIEWS_PER_PASS["cpu"]


def test_on_an_accelerator_it_follows_from_what_a_view_takes_measured_once(tiny, monkeypatch):
    model, network = tiny
    counted = []
    real = network_module.bytes_of_view
    monkeypatch.setattr(network_module, "bytes_of_view", lambda *rest: counted.append(1) or real(*rest))
    taken = network.bytes_of_view(["logits", "conv"], (SIDE, SIDE))
    assert taken > 0
    monkeypatch.setattr(network_module, "memory_of", lambda device: 10 * int(taken / SHARE))
    assert [network.views_at_once(["logits"], (SIDE, SIDE)) for _ in range(3)] == [8, 8, 8]
    assert len(counted) == 1
    assert model.view_bytes == {model.numerics_for("logits"): {("logits", SIDE, SIDE): taken}}


def test_a_deeper_layer_and_a_larger_view_take_more(tiny):
    network = tiny[1]
    early, late = (network.bytes_of_view([layer], (SIDE, SIDE)) for layer in ("act", "logits"))
    assert early < late < network.bytes_of_view(["logits"], (2 * SIDE, 2 * SIDE))
