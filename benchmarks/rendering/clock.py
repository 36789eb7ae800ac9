"""Clocks: seconds of a step, and those of them that pass inside the network.

The network's share is taken at four boundaries, in the real loop, without changing what is computed:

- forward: from the hook before the module's forward to the hook after it, so without normalisation, without the choice
  of a layer's activation, without anything of atlas;
- backward: from the hook on the gradient of the module's output, which autograd calls when that gradient is complete
  and before any of the module's own nodes run, to the hook on the gradient of the module's input, which it calls when
  the last of them is done. The module is one stretch of the graph between the two, so nothing else runs in between.

On an accelerator the marks are events in the stream, read only after the run, so that the host never waits for them.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

Mark = TypeVar("Mark")


class Timer(Protocol[Mark]):
    """A source of time."""

    def mark(self) -> Mark:
        """Return this moment."""
        ...

    def between(self, start: Mark, end: Mark) -> float:
        """Return the seconds between two moments."""
        ...


class HostTimer:
    """Time as the host sees it."""

    def mark(self) -> float:
        """Return this moment."""
        return perf_counter()

    def between(self, start: float, end: float) -> float:
        """Return the seconds between two moments."""
        return end - start


class CudaTimer:
    """Time as the current CUDA stream sees it."""

    def mark(self) -> torch.cuda.Event:
        """Return the moment when the stream has done all that it was given so far."""
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def between(self, start: torch.cuda.Event, end: torch.cuda.Event) -> float:
        """Return the seconds between two moments, waiting for the later one."""
        end.synchronize()
        return start.elapsed_time(end) / 1000


def timer_for(device: str) -> Timer[Any]:
    """Return the timer of a device."""
    return CudaTimer() if device.startswith("cuda") else HostTimer()


class StepClock(Generic[Mark]):
    """Seconds per step: tell it how many steps are done, it leaves out the first ``warmup`` of every ``steps``."""

    def __init__(self, timer: Timer[Mark], steps: int, warmup: int) -> None:
        self._timer = timer
        self._steps = steps
        self._warmup = warmup
        self._start: Mark | None = None
        self._spans: list[tuple[Mark, Mark]] = []

    @property
    def running(self) -> bool:
        """Whether the current step is timed."""
        return self._start is not None

    @property
    def counted(self) -> int:
        """How many steps were timed."""
        return len(self._spans) * (self._steps - self._warmup)

    def __call__(self, done: int) -> None:
        """Note that ``done`` steps of the current batch are done."""
        if done == self._warmup:
            self._start = self._timer.mark()
        elif done == self._steps and self._start is not None:
            self._spans.append((self._start, self._timer.mark()))
            self._start = None

    def seconds(self) -> float:
        """Return the mean over the timed steps."""
        return sum(self._timer.between(*span) for span in self._spans) / self.counted


class NetworkClock(Generic[Mark]):
    """Seconds inside a module's forward and backward while ``running`` says so."""

    def __init__(self, module: nn.Module, timer: Timer[Mark], running: Callable[[], bool]) -> None:
        self._timer = timer
        self._running = running
        self._forward: list[list[Mark]] = []
        self._backward: list[list[Mark]] = []
        module.register_forward_pre_hook(self._before)
        module.register_forward_hook(self._after)

    def _before(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if self._running() and inputs[0].requires_grad:
            inputs[0].register_hook(lambda gradient: self._backward[-1].append(self._timer.mark()))
            self._forward.append([self._timer.mark()])

    def _after(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if self._running() and output.requires_grad:
            self._forward[-1].append(self._timer.mark())
            output.register_hook(lambda gradient: self._backward.append([self._timer.mark()]))

    def seconds(self) -> tuple[float, float]:
        """Return the sums over all timed passes, forward and backward."""
        forward, backward = (
            sum(self._timer.between(start, end) for start, end in spans) for spans in (self._forward, self._backward)
        )
        return forward, backward
