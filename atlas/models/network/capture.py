"""Watching modules at work: all of them once (the dry forward), or some of them, stopping when they are done."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from atlas.models.network.output import first_tensor, replace_first_tensor

Watcher = Callable[[str, Any], None]


class Reached(BaseException):
    """All that was wanted has happened. Not an Exception, so that a forward with ``except Exception`` lets it pass."""


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


@contextmanager
def tapping(
    module: nn.Module, calls: Mapping[str, int], stop: bool, copies: bool = True
) -> Iterator[dict[str, Tensor | None]]:
    """Fill the dictionary with what the modules at some paths return.

    A module that one forward pass calls several times (a shared ReLU) is tapped at its last call. What runs later may
    change a tensor in place, so all are copied but the one after which nothing runs. The hooks are gone afterwards,
    whatever happened.

    Args:
        calls: path to the number of times that the module is called.
        stop: raise :class:`Reached`, which ends here, when all of them have finished.
        copies: False gives the very tensors that later modules go on with, so that gradients of what comes later reach
            them; it must be known that nothing changes them in place.

    Yields:
        Path to the first tensor of the module's last output (None if it holds none); modules that were called less
        often are absent.
    """
    found: dict[str, Tensor | None] = {}
    remaining = dict(calls)

    def note(path: str, output: Any) -> None:
        remaining[path] -= 1
        if remaining[path] == 0:
            tensor = first_tensor(output)
            over = stop and len(found) + 1 == len(calls)
            found[path] = tensor.clone() if copies and tensor is not None and not over else tensor
            if over:
                raise Reached

    handles = []
    try:
        for path in calls:
            hook = module.get_submodule(path).register_forward_hook
            handles.append(hook(lambda _, __, output, path=path: note(path, output)))
        yield found
    except Reached:
        pass
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def substituting(module: nn.Module, path: str, calls: int, activation: Tensor) -> Iterator[None]:
    """Let the module at ``path`` return ``activation`` as the first tensor of its last output, whatever it gets."""
    remaining = calls

    def substitute(_: nn.Module, __: Any, output: Any) -> Any:
        nonlocal remaining
        remaining -= 1
        return replace_first_tensor(output, activation.clone()) if remaining == 0 else output

    handle = module.get_submodule(path).register_forward_hook(substitute)
    try:
        yield
    finally:
        handle.remove()
