"""The one optimisation loop: gradient ascent on a batch of images, each with its own objective."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from atlas.synthesis.steps.redirect import RedirectedReLU

REDIRECT_STEPS = 16
"""Steps during which blocked ReLU gradients are redirected (Lucid's default)."""

Evaluate = Callable[[Tensor, int], Tensor]
"""(images (B, 3, H, W), step) -> objective (B,). Calls backward itself where it sums over several passes."""


Penalty = Callable[[Tensor], Tensor]
"""Images (B, 3, H, W) -> what is to be small (B,). The objective was evaluated at these images before."""


class Stopped(Exception):
    """The run was asked to stop between two steps. What was in flight is dropped and made again later."""


@dataclass(frozen=True)
class Ascent:
    """What came of a batch.

    Attributes:
        images: (B, 3, H, W) float32 sRGB in [0, 1].
        alpha: (B, H, W), sum over steps of the mean over colours of |d objective / d image| (MACO, algorithm 1); of
            redirected gradients where no other came.
        trace: (steps, B), the objective at each step, before that step's move.
        reached: (B,) bool, whether a gradient reached the image at any step, plain or redirected. Where not, the unit
            is dead.
    """

    images: Tensor
    alpha: Tensor
    trace: Tensor
    reached: Tensor


def ascend(
    parametrization: nn.Module,
    accumulate: Evaluate,
    optimizer: torch.optim.Optimizer,
    steps: int,
    *,
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
    penalty: Penalty | None = None,
    on_step: Callable[[int], None] = lambda step: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Ascent:
    """Maximise the objective of every item of a batch at once.

    Items do not touch each other: gradients, the optimiser's state and the trace are per item, so that NaN in one
    leaves the others as they would have been alone. Nothing waits for the device inside the loop, except for the
    look for blocked gradients in the first ``REDIRECT_STEPS``.

    Args:
        parametrization: calling it gives the images (B, 3, H, W) in [0, 1], which may be smaller before the last step.
        accumulate: evaluates the objective at a leaf tensor of images and adds its gradient to ``.grad``.
        optimizer: over the parametrization's parameters; it descends, the sign is turned here and nowhere else.
        steps: number of moves.
        schedule: moves the optimiser's learning rate after each step; None keeps it.
        penalty: lowered as well; neither in the trace nor in alpha, and it keeps no unit from being dead.
        on_step: told the number of finished steps after each.
        should_stop: asked before each step.

    Raises:
        Stopped: ``should_stop`` said so.
    """
    images = parametrization()
    alpha = torch.zeros_like(images[:, 0])
    rescued = torch.zeros_like(alpha)  # what alpha would be of redirected gradients
    trace = []
    for step in range(steps):
        if should_stop():
            raise Stopped
        values, gradient = _gradient(accumulate, images, step)
        strength = gradient.abs().mean(dim=1)
        passed = _reached(strength)
        alpha = _at_size(alpha, strength) + strength
        if step < REDIRECT_STEPS and not bool(passed.all()):
            with RedirectedReLU():
                _, redirected = _gradient(accumulate, images, step)
            gradient = torch.where(passed[:, None, None, None], gradient, redirected)
            rescued = _at_size(rescued, strength) + redirected.abs().mean(dim=1)
        if penalty is not None:
            gradient = gradient - _penalty_gradient(penalty, images)
        optimizer.zero_grad()
        images.backward(gradient.neg_())  # optimisers descend
        optimizer.step()
        if schedule is not None:
            schedule.step()
        images = parametrization()
        trace.append(values)
        on_step(step + 1)
    alpha, rescued = (_at_size(one, images[:, 0]) for one in (alpha, rescued))
    alpha = torch.where(_reached(alpha)[:, None, None], alpha, rescued)
    return Ascent(images.detach(), alpha, torch.stack(trace), _reached(alpha))


def _reached(strength: Tensor) -> Tensor:
    """Return whether there is any gradient in each (B, H, W). NaN counts: that item is broken, not dead."""
    return strength.flatten(1).amax(dim=1) != 0


def _at_size(strength: Tensor, like: Tensor) -> Tensor:
    """Return strengths per pixel (B, h, w) as those of pictures of another size, whose pixels are others."""
    if strength.shape == like.shape:
        return strength
    share = strength[0].numel() / like[0].numel()
    return F.interpolate(strength[:, None], like.shape[1:], mode="bilinear", align_corners=False)[:, 0] * share


def _penalty_gradient(penalty: Penalty, images: Tensor) -> Tensor:
    leaf = images.detach().requires_grad_()
    return torch.autograd.grad(penalty(leaf).sum(), leaf)[0]


def _gradient(accumulate: Evaluate, images: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Return the objective (B,) and its gradient (B, 3, H, W), each item's gradient being of its own objective."""
    leaf = images.detach().requires_grad_()
    values = accumulate(leaf, step)
    return values, torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
