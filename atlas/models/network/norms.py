"""Batch norms: which of a network's parts hold statistics of photos, and what goes into them.

A batch norm that was folded into a convolution is gone, and what it held is kept with the convolution: its result had
the mean ``bias`` and the deviation ``|weight|`` over the photos of the training.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import BatchNorm1d, BatchNorm3d


def batch_norms(module: nn.Module) -> list[nn.Module]:
    """Return the parts that hold the running mean and variance of maps' channels, such as batch norms of any make."""
    return [part for part in module.modules() if holds_statistics(part)]


def holds_statistics(part: nn.Module) -> bool:
    """Tell whether a part holds the running mean and variance of maps' channels."""
    # By what they hold, not by their type: frozen batch norms are no subclass of torch's.
    held = (getattr(part, name, None) for name in ("running_mean", "running_var"))
    return all(isinstance(one, Tensor) for one in held) and not isinstance(part, BatchNorm1d | BatchNorm3d)


@contextmanager
def norm_inputs(module: nn.Module) -> Iterator[dict[nn.Module, Tensor]]:
    """Fill the dictionary with the maps (N, C, h, w) that go into each batch norm, in the order of their first calls.

    Of a norm that is called several times, the last input is kept. The hooks are gone afterwards, whatever happened.
    """
    found: dict[nn.Module, Tensor] = {}

    def note(norm: nn.Module, given: tuple[Any, ...]) -> None:
        if given and isinstance(given[0], Tensor) and given[0].dim() == 4:
            found[norm] = given[0]

    handles = [norm.register_forward_pre_hook(note) for norm in batch_norms(module)]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


FOLDED_MEAN, FOLDED_DEVIATION = "folded_mean", "folded_deviation"
"""Buffers of a convolution that a batch norm was folded into: what its channels' mean and deviation were on photos."""

LEAST_GAIN = 0.01
"""Smallest ``|weight|`` of a batch norm by which a deviation is told; below it a channel carries next to nothing."""


def keep_statistics(convolution: nn.Module, norm: nn.BatchNorm2d) -> None:
    """Let a convolution keep the statistics of the result of the norm that is folded into it."""
    ones = torch.ones_like(norm.running_mean)  # type: ignore[arg-type]
    bias, gain = (norm.bias.detach(), norm.weight.detach().abs()) if norm.affine else (ones * 0, ones)
    convolution.register_buffer(FOLDED_MEAN, bias.clone(), persistent=False)
    convolution.register_buffer(FOLDED_DEVIATION, gain.clamp_min(LEAST_GAIN), persistent=False)
