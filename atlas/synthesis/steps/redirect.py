"""Redirected ReLU gradients: a way out for units whose ReLUs let no gradient through.

Lucid (``lucid/misc/redirected_relu_grad.py``, Olah et al. 2017) lets the gradient of a blocked ReLU pass, except
where it would push the input further into the blocked region, and only for samples where no gradient passed at all.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

_CEILINGS: dict[Callable[..., Any], float] = {
    F.relu: float("inf"),
    F.relu_: float("inf"),
    torch.relu: float("inf"),
    torch.relu_: float("inf"),
    Tensor.relu: float("inf"),
    Tensor.relu_: float("inf"),
    F.relu6: 6.0,
}


class RedirectedReLU(TorchFunctionMode):
    """While active, every ReLU and ReLU6, module or function, has redirected gradients.

    Other activations (GELU, SiLU) leak some gradient everywhere, and hardtanh used as ReLU6 is replaced as well.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Replace calls of ReLU functions; let all others through."""
        kwargs = kwargs or {}
        if func in (F.hardtanh, F.hardtanh_):
            low, high = (*args[1:], *(kwargs[name] for name in ("min_val", "max_val") if name in kwargs), -1.0, 1.0)[:2]
            if low == 0.0:
                return _Redirected.apply(args[0], float(high))
        elif func in _CEILINGS:
            return _Redirected.apply(args[0] if args else kwargs["input"], _CEILINGS[func])
        return func(*args, **kwargs)


class _Redirected(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, ceiling: float) -> Tensor:
        ctx.save_for_backward(value)
        ctx.ceiling = ceiling
        return value.clamp(0.0, ceiling)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Gradients here are those of an objective that is maximised: a positive one pushes the input up."""
        (value,), gradient = ctx.saved_tensors, grads[0]
        plain = torch.where((value > 0) & (value < ctx.ceiling), gradient, 0.0)
        useless = ((value <= 0) & (gradient < 0)) | ((value >= ctx.ceiling) & (gradient > 0))
        redirected = torch.where(useless, 0.0, gradient)
        passed = plain.flatten(1).abs().sum(dim=1) > 0
        shape = (-1,) + (1,) * (value.dim() - 1)
        return torch.where(passed.view(shape), plain, redirected), None
