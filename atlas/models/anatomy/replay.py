"""Replay: a forward pass whose beginning is played from a tape, up to one layer whose output is supplied.

While the layer runs, some modules are running around it (those that contain it); all others that finished before it
are on the tape, outermost calls only. In a replay those return what they returned then, at no cost, and the code of
the modules around the layer runs on it as always: it adds shortcuts, flattens, and calls what comes after the layer.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from atlas.errors import ModelError
from atlas.models.network.capture import Reached
from atlas.models.network.output import first_tensor, map_tensors, replace_first_tensor

TAPED = 2
"""Images on a tape; only one is kept, but with two an output whose first axis is not the batch gives itself away."""

_REMEDY = "choose another layer, for instance the output of a whole block"


@dataclass(frozen=True)
class Step:
    """A call on the tape: of a module that runs around the layer, or of one that returns ``output``."""

    module: nn.Module
    around: bool
    output: Any = None


def record(module: nn.Module, path: str, calls: int, inputs: Tensor) -> "Tape":
    """Run ``module`` until the module at ``path`` has finished for the ``calls``-th time, and note what was called.

    Args:
        inputs: a batch of ``TAPED``.

    Raises:
        ModelError: it was called less often.
    """
    layer, remaining = module.get_submodule(path), calls
    frames: list[list[Step]] = [[]]  # the calls below each running module, finished ones and the running one

    def enter(part: nn.Module, _: Any) -> None:
        frames.append([Step(part, around=True)])

    def leave(part: nn.Module, _: Any, output: Any) -> None:
        nonlocal remaining
        frames.pop()
        frames[-1].append(Step(part, around=False, output=map_tensors(output, _first)))
        remaining -= part is layer
        if remaining == 0:
            raise Reached

    handles = []
    try:
        for part in {part for name, part in module.named_modules() if name}:
            handles += [part.register_forward_pre_hook(enter), part.register_forward_hook(leave)]
        with torch.no_grad():
            module(inputs)
    except Reached:
        return Tape(_first(inputs), [step for frame in frames for step in frame])
    finally:
        for handle in handles:
            handle.remove()
    raise ModelError(f'layer "{path}" was not called {calls} times, as it was on the dry run', _REMEDY)


def _first(tensor: Tensor) -> Tensor:
    """Return a copy of a batch's first item; of all of a tensor that is no batch."""
    return (tensor[:1] if tensor.dim() > 0 and tensor.shape[0] == TAPED else tensor).clone()


class Tape:
    """What happened up to a layer; the last step is the layer itself.

    Args:
        inputs: (1, C, H, W), of the module.
        steps: in the order of their calls.
    """

    def __init__(self, inputs: Tensor, steps: Sequence[Step]) -> None:
        self._outputs = [inputs, *(step.output for step in steps)]
        self._steps = steps
        self._written: set[int] | None = None
        layer = first_tensor(self._outputs[-1])
        self._dtype = torch.float32 if layer is None else layer.dtype

    def play(self, run: Callable[[Tensor], Tensor], activation: Tensor) -> Tensor:
        """Return what ``run`` makes of the inputs while the modules on the tape return what they returned then.

        Args:
            run: calls the module.
            activation: (N, ...), what the layer shall return first, in its own layout.

        Raises:
            ModelError: the modules were not called in the order of the tape.
        """
        given = self._given(activation)
        versions = [_versions(output) for output in given] if self._written is None else []
        played = 0

        def next_output(part: nn.Module) -> Any:
            nonlocal played
            if played == len(self._steps):
                return None
            step = self._steps[played]
            if step.module is not part:
                raise ModelError("the forward of this model does not call the same modules for all images", _REMEDY)
            played += 1
            return None if step.around else (given[played],)

        with _replacing({step.module for step in self._steps}, next_output):
            result = run(given[0])
        if played < len(self._steps):
            raise ModelError("the forward of this model does not call the layer for all images", _REMEDY)
        if versions:
            after = [_versions(output) for output in given]
            self._written = {index for index, before in enumerate(versions) if before != after[index]}
        return result

    def copy_all(self) -> None:
        """Let every output be a batch in memory of its own, for code that cannot do with one that is only expanded."""
        self._written = set(range(len(self._outputs)))

    def _given(self, activation: Tensor) -> list[Any]:
        """Return what every step returns to a batch: expanded, or where later code writes into it, copied.

        Until the first replay has shown into which, all are copied.
        """
        given = []
        for index, output in enumerate(self._outputs):
            own = self._written is None or index in self._written
            if index == len(self._steps):
                output = replace_first_tensor(output, activation.to(self._dtype))
            given.append(map_tensors(output, partial(_spread, count=len(activation), own=own)))
        return given


def _spread(tensor: Tensor, count: int, own: bool) -> Tensor:
    """Return one item as a batch of ``count``; what is no batch of one, as it is."""
    if tensor.dim() > 0 and tensor.shape[0] == 1:
        tensor = tensor.expand(count, *tensor.shape[1:])
    return tensor.clone() if own else tensor


def _versions(output: Any) -> list[int]:
    """Return how often the tensors of an output were written to."""
    versions: list[int] = []

    def note(tensor: Tensor) -> Tensor:
        versions.append(tensor._version)
        return tensor

    map_tensors(output, note)
    return versions


@contextmanager
def _replacing(modules: set[nn.Module], output_of: Callable[[nn.Module], Any]) -> Iterator[None]:
    """Let modules return ``output_of(module)[0]`` instead of running, wherever that is not None."""
    before = {module: module.__dict__.get("forward") for module in modules}
    # Torch's own transformer layers call none of their modules when they need no gradient, unless one has a hook.
    hooks = [module.register_forward_hook(lambda *_: None) for module in modules]

    def replacement(module: nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
        def replaced(*arguments: Any, **named: Any) -> Any:
            output = output_of(module)
            return forward(*arguments, **named) if output is None else output[0]

        return replaced

    try:
        for module in modules:
            module.__dict__["forward"] = replacement(module, module.forward)
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for module, forward in before.items():
            if forward is None:
                module.__dict__.pop("forward", None)
            else:
                module.__dict__["forward"] = forward
