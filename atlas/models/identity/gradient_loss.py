"""Why no gradient reaches the image: told from the modules of a network, and from one forward pass that is watched."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

from atlas.errors import ModelError
from atlas.models.code.foreign import foreign_code
from atlas.models.network.output import map_tensors

_WITHOUT_TORCH = frozenset({"numpy", "tolist", "item", "__array__", "__float__", "__int__"})


def cause_of_loss(module: nn.Module, images: Tensor, connected: bool) -> tuple[str, str]:
    """Return why no gradient of the output reaches the image, and what to do.

    Args:
        images: that the forward pass takes.
        connected: torch says that there is a gradient, but then gives none.
    """
    if quantised := _quantised(module):
        return f"its layers are quantised ({', '.join(quantised[:3])})", "use the float model that it was made from"
    if connected:
        return (
            "the backward of an operation in its forward returns none",
            "let that backward return the gradient of its input",
        )
    watch, given = _Watch(), images.detach().requires_grad_().clone()
    try:
        with torch.enable_grad(), warnings.catch_warnings(record=True) as warned, foreign_code("watching"), watch:
            warnings.simplefilter("always")
            module(given)
    except ModelError:
        pass  # what was seen until then is all that can be told
    if any("requires_grad=True" in str(one.message) for one in warned):
        return (
            "it goes through a reentrant checkpoint that is given no tensor",
            "write checkpoint(..., use_reentrant=False), or switch checkpointing off",
        )
    for name, cause, remedy in _CAUSES:
        if name in watch.lost:
            return cause, remedy
    return (
        "the output is not computed from the image in a way that torch can differentiate",
        "compute it from the image by floating-point operations of torch",
    )


_CAUSES = (
    ("quantised", "it computes with quantised numbers", "use the float model that it was made from"),
    (
        "inference_mode",
        "its forward runs under torch.inference_mode",
        "take inference_mode out of the forward; atlas freezes the weights by itself",
    ),
    (
        "no_grad",
        "its forward runs under torch.no_grad, or in a reentrant checkpoint",
        "take no_grad out of the forward; atlas freezes the weights by itself",
    ),
    ("detach", "its forward cuts the gradient off (detach or .data)", "leave detach and .data out of the forward"),
    (
        "whole numbers",
        "its output comes from whole numbers or truth values (argmax, a cast, a comparison)",
        "return the scores that these were made from",
    ),
    (
        "without torch",
        "its forward leaves torch (numpy, tolist or item)",
        "compute the output from the image by operations of torch",
    ),
)
"""What is looked for, the likeliest to be meant first; many a network uses a truth value beside its gradient."""


class _Watch(TorchFunctionMode):
    """Notes at which operations a tensor that has a gradient becomes one that has none.

    Attributes:
        lost: the kinds of these operations, as ``_CAUSES`` names them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lost: set[str] = set()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function, and look at what it was given and what it gave."""
        result = func(*args, **(kwargs or {}))
        if any(one.requires_grad for one in _tensors([args, kwargs])):
            made = _tensors(result)
            if made and not any(one.requires_grad for one in made):
                self.lost.add(_kind(resolve_name(func) or "", made[0]))
            elif not made and (isinstance(result, np.ndarray) or _last_part(func) in _WITHOUT_TORCH):
                self.lost.add("without torch")
        return result


def _kind(name: str, made: Tensor) -> str:
    """Return the kind of an operation, by its name and a tensor that it made."""
    if "quantize" in name or made.is_quantized:
        return "quantised"
    if made.is_inference():
        return "inference_mode"
    if not torch.is_grad_enabled():
        return "no_grad"
    if "detach" in name or ".data" in name:
        return "detach"
    return "whole numbers" if not made.is_floating_point() else "other"


def _last_part(func: Callable[..., Any]) -> str:
    return getattr(func, "__name__", "")


def _tensors(output: Any) -> list[Tensor]:
    found: list[Tensor] = []

    def note(tensor: Tensor) -> Tensor:
        found.append(tensor)
        return tensor

    map_tensors(output, note)
    return found


def _quantised(module: nn.Module) -> list[str]:
    """Return the paths of modules that compute with quantised weights, the outermost ones."""
    found: list[str] = []
    for path, part in module.named_modules():
        own = "quantized" in type(part).__module__ or any(_is_quantised(weight) for weight in part.parameters(False))
        if own and not any(path.startswith(f"{outer}.") for outer in found):
            found.append(path or type(part).__name__)
    return found


def _is_quantised(weight: Tensor) -> bool:
    return weight.is_quantized or "torchao" in type(weight).__module__
