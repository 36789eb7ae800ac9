"""Layer-wise relevance propagation through any network of torch, by what it computes rather than by its modules.

The project's own, because the maintained library for this, zennit (0.5.1), attaches rules to modules. Shortcuts that a
block adds in its own code, squeeze-and-excitation and attention are out of its reach unless each class of blocks is
rewritten for it. Measured with random weights, the relevance that arrives at the image, as a share of what was sent: of
a ResNet18 0.999 with zennit's own rewriting for ResNets, of timm's tf_efficientnet_lite0 512 (twice as much after each
of its shortcuts), of a vision transformer not a number. Here functions are intercepted, so that timm's fused norms
and activations, inline shortcuts and attention need nothing special, no module gets a hook, and nothing is left
behind whatever happens.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from atlas.attribution.attention import attended
from atlas.attribution.rules import gated, passed, pooled, split, z_plus

CONVOLUTIONS = {torch.conv1d, torch.conv2d, torch.conv3d}
NORMS = {
    F.batch_norm,
    F.layer_norm,
    F.group_norm,
    F.instance_norm,
    torch.batch_norm,
    torch.layer_norm,
    torch.group_norm,
    *(function for function in (getattr(F, "rms_norm", None), getattr(torch, "rms_norm", None)) if function),
}
ACTIVATIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    F.relu: F.relu,
    F.relu_: F.relu,
    torch.relu: F.relu,
    torch.relu_: F.relu,
    Tensor.relu: F.relu,
    Tensor.relu_: F.relu,
    F.relu6: F.relu6,
    F.hardtanh: F.hardtanh,
    F.hardtanh_: F.hardtanh,
    F.leaky_relu: F.leaky_relu,
    F.leaky_relu_: F.leaky_relu,
    F.elu: F.elu,
    F.elu_: F.elu,
    F.selu: F.selu,
    F.gelu: F.gelu,
    F.silu: F.silu,
    F.mish: F.mish,
    F.hardswish: F.hardswish,
    torch.tanh: torch.tanh,
    Tensor.tanh: torch.tanh,
}
"""Activations, and what computes them without writing into their input."""

GATES = {torch.sigmoid, Tensor.sigmoid, F.sigmoid, F.hardsigmoid, F.softmax, torch.softmax, Tensor.softmax}
"""What only says how much of something else there is: its own input gets no relevance."""

MAXIMA = {F.max_pool2d, torch.max_pool2d}
SUMS = {torch.add, Tensor.add, Tensor.__add__, Tensor.add_, Tensor.__iadd__, Tensor.__radd__}
PRODUCTS = {torch.mul, Tensor.mul, Tensor.__mul__, Tensor.mul_, Tensor.__imul__, Tensor.__rmul__, torch.multiply}
QUOTIENTS = {torch.div, Tensor.div, Tensor.__truediv__}

OUT_OF_PLACE: dict[Callable[..., Any], Callable[..., Any]] = {
    Tensor.add_: torch.add,
    Tensor.__iadd__: torch.add,
    Tensor.mul_: torch.mul,
    Tensor.__imul__: torch.mul,
}
"""What writes into its first argument, and what does the same without: an activation must stay as it was tapped."""


class LayerwiseRelevance(TorchFunctionMode):
    """While active, gradients of what is computed are relevance over activation: see :mod:`atlas.attribution.rules`.

    Convolutions and linear maps follow the z+ rule; norms and activations pass relevance on; a sum of two parts splits
    it by their sizes; a maximum shares it out as a mean would; attention weights and gates are taken as they are. All
    else, whose gradient autograd knows, shares it out by first order.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rectified: dict[int, tuple[Tensor, int]] = {}  # by id, and the version that nothing has written into

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Replace calls of functions with a rule; let all others through."""
        kwargs = kwargs or {}
        rectified = self._is_rectified(args[0] if args else kwargs.get("input"))
        if func in CONVOLUTIONS:
            return _convolved(func, *args, rectified=rectified, **kwargs)
        if func is F.linear:
            return _mapped(*args, rectified=rectified, **kwargs)
        if func in NORMS or func in ACTIVATIONS:
            result = _passed(func, args, kwargs)
            if _rectifies(func, args, kwargs):
                self._rectified[id(result)] = result, result._version
            return result
        if func in MAXIMA:
            return pooled(*args, **kwargs)
        if func in GATES:
            return func(*args, **kwargs).detach()
        if func is F.scaled_dot_product_attention:
            query, key, *rest = args
            return func(query.detach(), key.detach(), *rest, **kwargs)
        if func is F.multi_head_attention_forward:
            return attended(func, args, kwargs)
        if func in SUMS | PRODUCTS | QUOTIENTS and len(args) == 2 and not kwargs:
            return _combined(func, *args)
        return func(*args, **kwargs)

    def _is_rectified(self, value: Any) -> bool:
        known = self._rectified.get(id(value))
        return known is not None and known[0]._version == known[1]


def _convolved(
    func: Callable[..., Any],
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    rectified: bool,
) -> Tensor:
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return z_plus(func, input, weight, bias, rectified=rectified, **options)


def _mapped(input: Tensor, weight: Tensor, bias: Tensor | None = None, *, rectified: bool) -> Tensor:
    return z_plus(F.linear, input, weight, bias, rectified=rectified)


def _rectifies(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether nothing that a function makes is negative."""
    if ACTIVATIONS.get(func) is F.hardtanh:
        return bool((args[1] if len(args) > 1 else kwargs.get("min_val", -1.0)) >= 0)
    return ACTIVATIONS.get(func) in (F.relu, F.relu6)


def _passed(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    named = dict(kwargs)
    value, *rest = args or (named.pop("input"),)
    if func in ACTIVATIONS:
        named.pop("inplace", None)
        rest = [one for one in rest if not isinstance(one, bool)]  # only whether to write into the value is a bool
    return passed(ACTIVATIONS.get(func, func), value, *rest, **named)


def _combined(func: Callable[..., Any], one: Any, other: Any) -> Any:
    """Return the sum, product or quotient of two values; a rule applies where both depend on the image."""
    if not all(isinstance(value, Tensor) and value.requires_grad for value in (one, other)):
        return OUT_OF_PLACE.get(func, func)(one, other)
    if func in SUMS:
        return split(one, other) if one.shape == other.shape else torch.add(one, other)
    if func in PRODUCTS:
        return gated(torch.mul, one, other)
    return torch.div(one, other.detach())
