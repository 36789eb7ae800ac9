"""Footprint: the memory that a view takes in a network, from which follows how many of them make a pass."""

from collections.abc import Callable

import torch
from torch import Tensor

LARGEST_PASS = 512
"""Views beyond which a pass on an accelerator gains nothing."""
SHARE = 0.5
"""Of a device's memory that the activations of one pass may take; the rest is for weights, gradients on their way
back, what kernels work with, and pictures."""


def bytes_of_view(forward: Callable[[Tensor], object], views: Callable[[int], Tensor]) -> int:
    """Return how many bytes one more view adds to what a forward pass keeps for the way back.

    Three views against two: what does not depend on their number, weights above all, cancels; and a lone one takes
    other kernels.

    Args:
        forward: the pass, of views (N, 3, h, w). views: a number to so many of them.
    """
    two, three = (_saved(forward, views(count)) for count in (2, 3))
    return max(0, three - two)


def _saved(forward: Callable[[Tensor], object], views: Tensor) -> int:
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        held = forward(views.requires_grad_())  # until it is counted: freed storages would give their places to others
    del held
    return sum(kept.values())


def views_that_fit(bytes_a_view: int, memory: int) -> int:
    """Return how many views make a pass on a device of so many bytes: a power of two, so that like cards take like
    passes, and what rounding makes of them."""
    room = min(LARGEST_PASS, int(SHARE * memory) // max(1, bytes_a_view))
    return 1 << max(0, room.bit_length() - 1)


def memory_of(device: torch.device) -> int | None:
    """Return the bytes of an accelerator's memory; None where there is no telling, or no need."""
    return torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else None
