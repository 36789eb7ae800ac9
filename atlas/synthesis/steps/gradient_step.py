"""The plain gradient step of Algorithm 1 of Zhu and Cangelosi, made the same length for every unit and model."""

from collections.abc import Iterable

import torch
from torch import nn

FAINTEST = 1e-30
"""Root mean square below which a gradient counts as none, so that 0 is not divided by 0."""


class NormalisedStep(torch.optim.Optimizer):
    """``z <- z - lr * g / rms(g)``, the root mean square taken over each item of the batch on its own.

    The paper gives no step size, and none could fit all units: gradients of a logit and of an early channel differ by
    orders of magnitude. DeepDream divides by the gradient's mean size for the same reason (Mordvintsev et al. 2015).

    Args:
        parameters: tensors whose first dimension is the batch.
        lr: root mean square of a step, in the parameters' own unit.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move every parameter against its gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad.flatten(1)
                size = gradient.square().mean(dim=1, keepdim=True).sqrt().clamp_min(FAINTEST)
                parameter.sub_((gradient / size).view_as(parameter), alpha=group["lr"])
