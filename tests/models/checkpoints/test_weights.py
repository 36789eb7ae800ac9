"""The digest names weights, and nothing else."""

import hashlib

import networks
import numpy as np
import pytest
import torch
from torch import nn

from atlas.errors import ModelError
from atlas.models.checkpoints.weights import check_finite, digest_weights


def test_digest_is_the_documented_hash():
    layer = nn.Linear(2, 3)
    hasher = hashlib.sha256()
    for name, shape in (("bias", (3,)), ("weight", (3, 2))):
        hasher.update(f"{name}{shape}".encode())
        hasher.update(np.asarray(getattr(layer, name).detach(), dtype="<f4").tobytes())
    assert digest_weights(layer) == hasher.hexdigest()


def test_digest_ignores_counters_and_memory_layout_and_sees_everything_else():
    network = networks.Tiny()
    before = digest_weights(network)
    network.norm.num_batches_tracked += 5
    network.to(memory_format=torch.channels_last).double()
    assert digest_weights(network) == before
    network.norm.running_mean[0] += 1e-3
    changed = digest_weights(network)
    assert changed != before
    network.extra = nn.Linear(1, 1)
    assert digest_weights(network) not in (before, changed)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_must_be_finite_but_masks_may_be_infinite(value):
    network = networks.Tiny()
    network.register_buffer("mask", torch.tensor([float("-inf"), 0.0]))
    check_finite(network)
    with torch.no_grad():
        network.conv.bias[2] = value
    with pytest.raises(ModelError, match=r"conv\.bias"):
        check_finite(network)
