"""Aumann-Shapley values: integrated gradients on a hidden layer (Sundararajan et al. 2017; Shi et al. 2023)."""

from collections.abc import Callable

import torch
from torch import Tensor


def aumann_shapley(
    function: Callable[[Tensor], Tensor], activation: Tensor, steps: int, baseline: Tensor | None = None
) -> Tensor:
    """Return what each entry of an activation contributed to the rise of a function from a baseline.

    ``(a - b) * integral over t from 0 to 1 of grad f(b + t (a - b))``, by the midpoint rule. The values of an item sum
    to f(a) - f(b), up to the rule's error of order ``1 / steps ** 2``.

    Args:
        function: activations (N, ...) -> (N,), no item of which depends on another.
        activation: (N, ...).
        steps: points along the way; they go through the function one after another, so that memory holds one batch.
        baseline: of the activation's shape or one that expands to it; None is 0. Where the function norms its input,
            it hardly changes on the way from 0 but at the very beginning, where the rule does not look: a mean over
            photos is a better baseline there.

    Returns:
        Of the activation's shape; 0 where the function does not depend on it.

    Raises:
        ValueError: no steps.
    """
    if steps < 1:
        raise ValueError(f"{steps} steps: an integral takes one or more")
    start = torch.zeros_like(activation) if baseline is None else baseline.expand_as(activation)
    change = (activation - start).detach()
    total = torch.zeros_like(change)
    for step in range(steps):
        point = (start + (step + 0.5) / steps * change).detach().requires_grad_()
        with torch.enable_grad():
            value = function(point).sum()
        if value.requires_grad:
            (slope,) = torch.autograd.grad(value, point, allow_unused=True, materialize_grads=True)
            total += slope
    return change * total / steps
