"""Batch norms: which of a network's parts hold statistics of photos, and what goes into them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import BatchNorm1d, BatchNorm3d


def batch_norms(module: nn.Module) -> list[nn.Module]:
    """Return the parts that hold the running mean and variance of maps' channels, such as batch norms of any make."""
    return [part for part in module.modules() if _holds_statistics(part)]


def _holds_statistics(part: nn.Module) -> bool:
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
