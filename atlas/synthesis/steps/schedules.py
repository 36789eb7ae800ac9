"""Schedules: runs in several parts, each with a fresh optimiser and a learning rate of its own."""

import math
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

import torch
from torch.optim.lr_scheduler import LambdaLR

Curve = Callable[[int, int], float]
"""(step within a part, steps of the part) -> the share of the learning rate."""


def in_parts(
    optimizer: torch.optim.Optimizer, parts: Sequence[int], curve: Curve, rates: Sequence[float] | None = None
) -> LambdaLR:
    """Let an optimiser begin anew, without memory of its moves, at the start of each part.

    Args:
        optimizer: one whose memory is in its ``state``, as all of torch's.
        parts: steps of each part.
        curve: of the learning rate within a part.
        rates: of each part, by which its curve is multiplied; None for 1.
    Returns:
        What moves the learning rate; step it after each step of the optimiser.
    """
    starts = [0, *accumulate(parts)]
    taken = 0

    def forget(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken in starts:
            optimizer.state.clear()

    def share(step: int) -> float:
        part = max(index for index, start in enumerate(starts[:-1]) if start <= step)
        rate = 1.0 if rates is None else rates[part]
        return rate * curve(min(step - starts[part], parts[part] - 1), parts[part])

    optimizer.register_step_post_hook(forget)
    return LambdaLR(optimizer, share)


def warm_cosine(warmup: int) -> Curve:
    """Return a linear rise over ``warmup`` steps and a cosine to 0 after it (DeepInversion's ``lr_cosine_policy``).

    Of a short part the rise takes a tenth at most.
    """

    def curve(step: int, steps: int) -> float:
        rise = min(warmup, steps // 10)
        if step < rise:
            return (step + 1) / rise
        return 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))

    return curve


def constant(step: int, steps: int) -> float:
    """Return 1: the rate stays as it is."""
    return 1.0


def even_parts(steps: int, count: int) -> list[int]:
    """Return the lengths of ``count`` parts, as even as can be, of ``steps`` steps; of few steps the first go without.

    The last part never goes without.
    """
    ends = [steps * (index + 1) // count for index in range(count)]
    return [end - start for start, end in pairwise([0, *ends])]
