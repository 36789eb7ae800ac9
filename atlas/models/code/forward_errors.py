"""Why a network's forward failed on an image, and what to do about it: one table of causes and remedies."""

import inspect
import re
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from atlas.models.code.foreign import text_of

_CAUSES: tuple[tuple[str, str], ...] = (
    (
        r'is missing the required "forward" function',
        "return a network with a forward of its own, such as the one inside a trainer's module or a list of layers",
    ),
    (
        r"scalar types?:? .*\b(Long|Int)\b|tensors used as indices",
        "it takes numbers of words, not images; name a network for images, or the part of it that takes them",
    ),
    (
        r"\b(Half|BFloat16|Double|double|float16)\b|same dtype|expected scalar type|dtype mismatch|not implemented for",
        "atlas computes in float32: take .half(), .double() and .to(dtype) out of the forward, or cast to the type of "
        "the weights, as in x.to(self.conv.weight.dtype)",
    ),
    (
        r"CUDA|cuda|same device|NVIDIA|HIP|MPS backend",
        "make new tensors where the input is, with device=x.device, instead of .cuda(); atlas moves the network itself",
    ),
    (
        r"new\(\): invalid data type|too many indices|only integers, slices|indices must be integers|"
        r"not subscriptable|attribute 'keys'",
        "its forward takes a dictionary or a list: wrap it in a module whose forward takes images (N, C, H, W) alone, "
        "and makes that of them",
    ),
    (
        r"more than 1 (value|spatial element) per channel when training",
        "its forward switches to training mode; leave modes to the caller",
    ),
    (
        r"allocate|out of memory|MemoryError",
        "it needs more memory than there is; set a smaller size",
    ),
    (
        r"No such file|FileNotFoundError",
        "open files when the network is made, not in its forward, or by a path that begins with Path(__file__).parent",
    ),
    (
        r"ImportError|ModuleNotFoundError|No module named",
        "install what its forward imports",
    ),
    (
        r"shapes cannot be multiplied|must match the (existing )?size|[Ii]nput (image )?(height|width|size)|input size|"
        r"size of tensor|is invalid for input of size|[Kk]ernel size can't be greater|[Oo]utput size is too small|"
        r"divisible|size mismatch|Sizes of tensors must match|doesn't match model|Padding size should be less",
        "set the model's size to what it was made for",
    ),
)
"""What the exception says (its type and message), to what to do about it; the first that matches counts."""

_CHANNELS = re.compile(r"to have (\d+) channels, but got (\d+) channels")


def forward_remedy(module: nn.Module, inputs: Tensor) -> Callable[[BaseException], str]:
    """Return what tells, of an exception of ``module(inputs)``, what to do about it.

    Args:
        inputs: (N, C, H, W), what the forward was called with.
    """

    def remedy(error: BaseException) -> str:
        said = f"{type(error).__name__}: {text_of(error)}"
        if isinstance(error, TypeError) and (wanted := _other_arguments(module, inputs)):
            return (
                f"its forward takes ({wanted}): wrap it in a module whose forward takes images alone and fills in the "
                "others"
            )
        if (counts := _CHANNELS.search(said)) and int(counts[2]) == inputs.shape[1] and counts[1] in ("1", "3"):
            return f"set the model's channels: channels = {counts[1]}"
        for pattern, cure in _CAUSES:
            if re.search(pattern, said):
                return cure
        shape = ", ".join(map(str, inputs.shape))
        return f"make module(torch.randn({shape})) work in a Python session first, in float32 and after module.eval()"

    return remedy


def _other_arguments(module: nn.Module, inputs: Tensor) -> str:
    """Return the parameters of a forward that cannot be called with images alone, or nothing."""
    function: Any = module.forward
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(inputs)
    except TypeError:
        return ", ".join(map(str, signature.parameters))
    return ""
