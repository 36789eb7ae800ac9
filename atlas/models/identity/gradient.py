"""One backward pass when a model is loaded: a network that lets no gradient through has nothing to render.

Without it, every unit of a network whose forward runs under ``no_grad`` would be called dead.
"""

import json
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from atlas.errors import ModelError
from atlas.models.checkpoints.weights import infinite_buffers
from atlas.models.code.foreign import foreign_code
from atlas.models.identity.gradient_loss import cause_of_loss
from atlas.models.network.examine import Observation
from atlas.models.network.output import choices_with_gradient

_STEPS = frozenset({"Ceil", "Floor", "Heaviside", "Round", "Sgn", "Sign", "Trunc"})
"""Operations whose derivative is 0 wherever there is one, as torch names them in its graph."""


@torch.enable_grad()  # type: ignore[untyped-decorator]
def image_gradient(module: nn.Module, seen: Observation, logits: Tensor | None) -> Tensor:
    """Return the gradient of a dry forward's output to its images: of a weighted sum of all logits.

    Where there are no logits, of the last layer through which a gradient passes. A gradient of zeros is no error, as
    ReLUs may block it for these images, unless something is in its way that blocks it for all.

    Raises:
        ModelError: no gradient passes; says why, as far as that can be told.
    """
    output = seen.last if logits is None else logits
    what = "any of its layers" if logits is None else "its output"
    if output is None or not output.requires_grad:
        raise _lost(module, seen, what, connected=False)
    gradient = _backward(output, seen.images)
    if gradient is None:
        raise _lost(module, seen, what, connected=True)
    if not (gradient.any() and gradient.isfinite().all() and output.isfinite().all()):
        _check_blocked(module, output, gradient)
    return gradient


def _backward(output: Tensor, images: Tensor) -> Tensor | None:
    """Return the gradient of a weighted sum of an output; the weights differ, as those of a softmax sum to 1.

    If some unit's backward raises, it is the first unit's: one that cannot be rendered keeps no other from it.
    """
    weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(0)).to(output.dtype)
    failed = "no gradient passes from its output to the image: its backward failed"
    with suppress(ModelError), foreign_code(failed):
        # Not autograd.grad, which reentrant checkpoints refuse.
        output.backward(weights if output.shape[1:] != (1,) else torch.ones_like(output), retain_graph=True)
        return images.grad
    images.grad = None
    with foreign_code(failed, "let its forward use operations that torch can differentiate"):
        first = torch.zeros_like(output)
        first[:, 0] = 1
        output.backward(first)
    return images.grad


def _lost(module: nn.Module, seen: Observation, what: str, connected: bool) -> ModelError:
    cause, remedy = cause_of_loss(module, seen.images, connected)
    if others := choices_with_gradient(seen.output):
        remedy += f"; or choose another of its outputs: output = {json.dumps(others[0])}"
    return ModelError(f"no gradient passes from {what} to the image: {cause}", remedy)


def _check_blocked(module: nn.Module, output: Tensor, gradient: Tensor) -> None:
    """Look for what makes a gradient zero, or not a number, whatever the image.

    Raises:
        ModelError: there is something.
    """
    if infinite := infinite_buffers(module):
        raise ModelError(
            f"no gradient passes from its output to the image, and buffers are infinite: {', '.join(infinite[:5])}",
            "use another checkpoint, or mask with a large finite number",
        )
    if not gradient.any() and (steps := _steps_in_the_way(output)):
        raise ModelError(
            f"no gradient passes from its output to the image: it rounds ({', '.join(sorted(steps)).lower()})",
            "use the network before it was quantised or binarised, or one with a straight-through gradient",
        )


def _steps_in_the_way(output: Tensor) -> set[str]:
    """Return the names of operations, as in ``Round``, without which there is no way from an output to the images."""
    found: set[str] = set()
    seen: set[Any] = set()
    waiting: list[Any] = [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        name = node.name().partition("Backward")[0]
        if node.name().endswith("AccumulateGrad"):  # the images: all weights are frozen
            return set()
        if name in _STEPS:
            found.add(name)
        else:
            waiting += [below for below, _ in node.next_functions]
    return found
