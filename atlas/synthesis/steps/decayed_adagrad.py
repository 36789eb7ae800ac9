"""Algorithm 1 of natural pre-images: AdaGrad that forgets, with momentum (Mahendran and Vedaldi 2016, section 3.4)."""

from collections.abc import Iterable

import torch
from torch import nn


class DecayedAdaGrad(torch.optim.Optimizer):
    """``G <- rho G + g^2``, ``mu <- rho mu - g / (1 / lr + sqrt(G))``, ``x <- x + mu``, value by value.

    The projection that ends a step of Algorithm 1 is a post-step hook
    (:meth:`atlas.synthesis.scores.naturalness.BallPixels.project`).

    Args:
        parameters: tensors; each value is moved on its own, so that items of a batch do not touch each other.
        lr: eta_0, the learning rate where gradients are small.
        momentum: rho, of both sums.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, momentum: float = 0.9) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move every parameter."""
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient, state = parameter.grad, self.state[parameter]
                if not state:
                    state["squares"], state["move"] = torch.zeros_like(gradient), torch.zeros_like(gradient)
                state["squares"].mul_(group["momentum"]).addcmul_(gradient, gradient)
                damping = state["squares"].sqrt().add_(1 / group["lr"])
                state["move"].mul_(group["momentum"]).addcdiv_(gradient, damping, value=-1)
                parameter.add_(state["move"])
