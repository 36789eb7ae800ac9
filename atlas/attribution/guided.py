"""Guided backpropagation (Springenberg et al. 2015): gradients that go back through activations only where positive."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from atlas.attribution.layerwise import ACTIVATIONS, OUT_OF_PLACE


class GuidedBackpropagation(TorchFunctionMode):
    """While active, no negative gradient enters an activation such as ReLU or GELU from behind.

    What the activation itself does to the rest is kept: a ReLU lets it through where its input is positive.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Guide calls of activations; let all others through."""
        named = dict(kwargs or {})
        if func not in ACTIVATIONS:
            return OUT_OF_PLACE.get(func, func)(*args, **named)
        named.pop("inplace", None)
        kept = tuple(one for one in args if not isinstance(one, bool))
        result = ACTIVATIONS[func](*kept, **named)
        if isinstance(result, Tensor) and result.requires_grad:
            return _Positive.apply(result)
        return result


class _Positive(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0].clamp(min=0)
