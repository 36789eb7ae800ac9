"""Watching modules at work: all of them once (the dry forward), or one of them, stopping there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from atlas.models.output import first_tensor

Watcher = Callable[[str, Any], None]


class _Reached(BaseException):
    """The layer has finished. Not an Exception, so that a forward with ``except Exception`` cannot swallow it."""


@contextmanager
def watching(module: nn.Module, watcher: Watcher) -> Iterator[None]:
    """Call ``watcher(path, output)`` whenever a named module below ``module`` finishes."""
    handles = []
    try:
        for path, part in module.named_modules():
            if path:
                handles.append(part.register_forward_hook(lambda _, __, output, path=path: watcher(path, output)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def run_until(module: nn.Module, path: str, calls: int, inputs: Tensor) -> Tensor | None:
    """Run ``module`` only until the module at ``path`` has finished for the ``calls``-th time; return its output.

    A module that one forward pass calls several times (a shared ReLU) is tapped at its last call. Nothing after it
    runs, so nothing can change the activation in place. The hook is gone afterwards, whatever happened.

    Returns:
        The first tensor of the output, or None if the module was called less often.
    """
    found: list[Tensor | None] = []
    remaining = calls

    def stop(_: nn.Module, __: Any, output: Any) -> None:
        nonlocal remaining
        remaining -= 1
        if remaining == 0:
            found.append(first_tensor(output))
            raise _Reached

    handle = module.get_submodule(path).register_forward_hook(stop)
    try:
        module(inputs)
    except _Reached:
        return found[0]
    finally:
        handle.remove()
    return None
