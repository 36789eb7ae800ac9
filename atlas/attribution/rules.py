"""Rules of layer-wise relevance propagation, each as the gradient of a stand-in with the value of the operation.

On the way back, autograd carries ``c = R / a``: relevance over activation. What is linear in its input then needs no
rule of its own (``R = a * c`` is shared out in proportion, the LRP-0 rule), and every rule below is a stand-in: an
expression with the operation's value whose gradient shares relevance out as the rule says. None of them mixes the items
of a batch.

Sources: Bach et al. 2015 (LRP), Montavon et al. 2017 (the z+ rule), Ali et al. 2022 (attention); the constants and the
rules for norms, pools and shortcuts are those of VITAL (Gorgun et al. 2025).
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

EPSILON = 1e-5
"""Added to what is divided by, away from 0 (VITAL's authors)."""

Operation = Callable[..., Any]


def z_plus(
    operation: Operation,
    value: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    *,
    rectified: bool = False,
    **options: Any,
) -> Tensor:
    """Share relevance out in proportion to positive contributions, ``R_i = sum over j of (x_i w_ij)+ / z_j R_j``.

    ``z_j = sum_i (x_i w_ij)+ + b_j``. For inputs that are never negative this is the rule with weights clamped to 0 and
    the bias kept; a negative input contributes through its negative weights.

    Args:
        operation: a convolution or linear map, called as ``operation(value, weight, bias, **options)``.
        weight: (outputs, inputs, ...), with as many further dimensions as the values have positions.
        rectified: no value is negative, as behind a ReLU.
    """
    result: Tensor
    if not value.requires_grad:
        result = operation(value, weight, bias, **options)
        return result
    with torch.no_grad():
        result = operation(value, weight, bias, **options)
    positive = operation(value.clamp(min=0), weight.clamp(min=0), None, **options)
    # Where it is not known, a CPU looks. To wait for a card in each layer would cost more than to add zeros there.
    if not rectified and (value.device.type != "cpu" or bool((value < 0).any())):
        positive = positive + operation(value.clamp(max=0), weight.clamp(max=0), None, **options)
    whole = positive.detach()
    if bias is not None:
        whole = whole + bias.view(-1, *(1,) * (weight.dim() - 2))
    return _standing_in(positive, result, whole)


def passed(operation: Operation, value: Tensor, *arguments: Any, **options: Any) -> Tensor:
    """Let relevance pass unchanged, entry by entry, through a norm or activation: ``operation(value, ...)``."""
    with torch.no_grad():
        result: Tensor = operation(value, *arguments, **options)
    if not value.requires_grad:
        return result
    tiny = torch.finfo(value.dtype).tiny
    ratio = torch.where(value.abs() > tiny, result / value, 0.0)
    return _exactly(value * ratio.nan_to_num(0.0, 0.0, 0.0).detach(), result)


def split(main: Tensor, shortcut: Tensor) -> Tensor:
    """Share relevance out to the two parts of a sum by their sizes, ``|main| / (|main| + |shortcut|)``."""
    sizes = main.abs() + shortcut.abs()
    return _standing_in(sizes, main.detach() + shortcut.detach(), sizes.detach())


def gated(operation: Operation, one: Tensor, other: Tensor) -> Tensor:
    """Give all relevance of a product to the larger of its factors, or half to each if they are equally large.

    The smaller, which is spread over the other, is a gate such as a squeeze-and-excitation's: it says how much of
    something there shall be, not what.
    """
    if one.numel() > other.numel():
        return operation(one, other.detach())  # type: ignore[no-any-return]
    if one.numel() < other.numel():
        return operation(one.detach(), other)  # type: ignore[no-any-return]
    return (operation(one, other.detach()) + operation(one.detach(), other)) / 2  # type: ignore[no-any-return]


def pooled(
    value: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """Share the relevance of a maximum out as if it were the mean of its window; the arguments are max_pool2d's."""
    operation: Operation = F.max_pool2d
    result: Tensor = operation(value, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    if not value.requires_grad or return_indices or dilation not in (1, (1, 1), [1, 1]):
        return result
    finite = value.nan_to_num(neginf=0.0)  # some pad with -inf
    mean = F.avg_pool2d(finite, kernel_size, stride, padding, ceil_mode)
    return _standing_in(mean, result, mean.detach()) if mean.shape == result.shape else result


def _standing_in(linear: Tensor, result: Tensor, whole: Tensor) -> Tensor:
    """Return ``result`` with the gradient of ``linear * result / whole``."""
    away = torch.where(whole < 0, -EPSILON, EPSILON).to(whole.dtype)
    return _exactly(linear * (result.detach() / (whole + away)), result)


def _exactly(surrogate: Tensor, result: Tensor) -> Tensor:
    """Return ``result`` to the last bit, with the gradient of a stand-in."""
    return _Replaced.apply(surrogate, result.detach())  # type: ignore[no-any-return, no-untyped-call]


class _Replaced(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, surrogate: Tensor, result: Tensor) -> Tensor:
        return result.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None
