"""A pretend accelerator: tensors that say they are elsewhere, and are computed on the CPU all the same.

What a card does without a word is told here: a tensor of the host that meets one of the device is refused; what makes
the host wait for the device, or copies to it, is noted with the line that asked for it; what would be a kernel is
counted. It is torch's own way for backends in Python
(``torch.utils.backend_registration._setup_privateuseone_for_python_backend``), with a dispatch mode in place of
registered kernels, and holds values, so that pictures can be compared with those of the CPU.
"""

import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

import atlas

NAME = "pretend"
PACKAGE = str(Path(atlas.__file__).parent)

_ENTERED: list[object] = []
"""What is in the mode now: outside of it there is no such device, so that other code does not choose it by itself."""

_MODULE = SimpleNamespace(
    get_amp_supported_dtype=lambda: [torch.bfloat16, torch.float16],
    _is_in_bad_fork=lambda: False,
    manual_seed_all=lambda seed: None,
    get_rng_state=lambda device: torch.empty(0, dtype=torch.uint8),
    set_rng_state=lambda state, device: None,
    device_count=lambda: min(1, len(_ENTERED)),
    is_available=lambda: bool(_ENTERED),
    current_device=lambda: 0,
    is_initialized=lambda: True,
    _lazy_init=lambda: None,
)
_setup_privateuseone_for_python_backend(NAME, backend_module=_MODULE)
DEVICE = torch.device(NAME, 0)

aten = torch.ops.aten
AUTOCAST = "AutocastPrivateUse1"
HALVED = ("conv2d", "linear", "matmul", "mm", "addmm", "bmm", "baddbmm", "scaled_dot_product_attention")
"""What autocast computes in half precision (some of torch's list for CUDA; the rest stays as it is)."""
FULL = (
    "layer_norm",
    "group_norm",
    "softmax.int",
    "log_softmax.int",
    "norm.Scalar",
    "sum",
    "prod.dim_int",
    "pow.Tensor_Scalar",
)
"""What it computes in float32 (as before)."""


def _casting(name: str, dtype: torch.dtype) -> Any:
    """Return an operation of torch as autocast runs it."""
    packet, _, overload = name.partition(".")
    operation = getattr(getattr(aten, packet), overload or "default")

    def fit(each: Any) -> Any:
        return each.to(dtype) if isinstance(each, Tensor) and each.is_floating_point() else each

    def cast(*args: Any, **kwargs: Any) -> Any:
        with torch._C._ExcludeDispatchKeyGuard(torch._C.DispatchKeySet(getattr(torch._C.DispatchKey, AUTOCAST))):
            return operation(*tree_map(fit, args), **tree_map(fit, kwargs))

    return cast


_OTHERS, _LISTED = torch.library.Library("_", "IMPL", AUTOCAST), torch.library.Library("aten", "IMPL", AUTOCAST)
_OTHERS.fallback(torch.library.fallthrough_kernel)
for _name in (*HALVED, *FULL):
    _LISTED.impl(_name, _casting(_name, torch.bfloat16 if _name in HALVED else torch.float32))

WAITING = {
    *(aten._local_scalar_dense.default, aten.equal.default, aten.nonzero.default, aten.masked_select.default),
    *(aten._linalg_check_errors.default, aten._unique2.default, aten.unique_consecutive.default),
    *(aten.repeat_interleave.Tensor, aten.bincount.default, aten.is_nonzero.default),
}
"""What a card is waited for in, whatever it is given: its result, or the size of it, is needed by the host."""

UNSTEADY = {
    *("grid_sampler_2d_backward", "_adaptive_avg_pool2d_backward", "adaptive_max_pool2d_backward"),
    *("max_pool2d_with_indices_backward", "upsample_linear1d_backward", "upsample_bilinear2d_backward"),
    *("_upsample_bilinear2d_aa_backward", "upsample_bicubic2d_backward", "_upsample_bicubic2d_aa_backward"),
    *("reflection_pad2d_backward", "replication_pad2d_backward", "scatter_add", "scatter_add_", "scatter_reduce"),
    *("index_add", "index_add_", "put_", "histc", "cumsum", "kthvalue", "embedding_dense_backward"),
}
"""What adds up in any order on a card (the list of ``torch.use_deterministic_algorithms``)."""

FREE = {
    *(aten.detach.default, aten._unsafe_view.default, aten.alias.default, aten.lift_fresh.default),
    *(aten.empty.memory_format, aten.empty_strided.default, aten.empty_like.default, aten.new_empty.default),
    *(aten._reshape_alias.default, aten.new_empty_strided.default),
}
"""What starts no kernel, besides views."""

PRODUCTS = {
    *(aten.convolution.default, aten.convolution_backward.default, aten.mm.default, aten.addmm.default),
    *(aten.bmm.default, aten.baddbmm.default),
}


class There(Tensor):
    """A tensor of the pretend accelerator.

    Attributes:
        held: its values, on the CPU.
    """

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> "There":
        """Wrap a tensor of the CPU."""
        own: There = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, held.size(), held.stride(), held.storage_offset(), dtype=held.dtype, layout=held.layout, device=DEVICE
        )
        own.held = held
        return own

    def tolist(self) -> Any:
        """Return the values, as a copy that the host waits for."""
        return self.cpu().tolist()

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        return f"There({self.held})"

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Refuse: there is no accelerator but within :class:`Pretend`."""
        raise RuntimeError(f"{function} of the pretend accelerator outside of its mode")


class Pretend(TorchDispatchMode):
    """The accelerator at work.

    Attributes:
        kernels: operations that would run there, by name; views and other metadata are none.
        waits: operation and line of atlas, of what the host would wait for.
        made: dtypes of floating results. multiplied: dtypes of what matrix products and convolutions take.
    """

    def __init__(self) -> None:
        super().__init__()
        self.forget()

    def __enter__(self) -> "Pretend":
        """Begin; tensors made of Python's numbers are then made on the host and copied, as for a card."""
        self._lifted = torch._C._only_lift_cpu_tensors()
        torch._C._set_only_lift_cpu_tensors(True)
        _ENTERED.append(self)
        return super().__enter__()

    def __exit__(self, *raised: Any) -> None:
        """End."""
        super().__exit__(*raised)
        _ENTERED.pop()
        torch._C._set_only_lift_cpu_tensors(self._lifted)

    def forget(self) -> None:
        """Begin to count anew."""
        self.kernels: Counter[str] = Counter()
        self.waits: Counter[str] = Counter()
        self.made: set[torch.dtype] = set()
        self.multiplied: set[torch.dtype] = set()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation where its tensors are."""
        kwargs = dict(kwargs or {})
        given = [each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
        there = [each for each in given if isinstance(each, There)]
        wanted = torch.device(kwargs["device"]) if kwargs.get("device") is not None else None
        if not there and (wanted is None or wanted.type != NAME):
            return function(*args, **kwargs)
        self._look(function, given, there, wanted)
        if wanted is not None:
            kwargs["device"] = torch.device("cpu")
        result = function(*tree_map(_held, args), **tree_map(_held, kwargs))
        if wanted is not None and wanted.type == "cpu":
            return result
        result = tree_map(lambda each: There(each) if isinstance(each, Tensor) else each, result)
        self.made |= {each.dtype for each in tree_leaves(result) if isinstance(each, Tensor) and _is_float(each)}
        return return_and_correct_aliasing(function, args, kwargs, result) if there else result

    def _look(self, function: Any, given: list[Tensor], there: list[Tensor], wanted: torch.device | None) -> None:
        """Note what a card would do, and refuse what it would not.

        Raises:
            RuntimeError: tensors of host and device met.
        """
        copies = function in (aten._to_copy.default, aten.copy_.default)
        here = [each for each in given if not isinstance(each, There)]
        if copies and (here or (wanted is not None and wanted.type == "cpu")):
            if max(each.dim() for each in given) > 0 or not here:
                self.waits[f"{function} {_place()}"] += 1
        elif any(each.dim() > 0 for each in here):
            shapes = [(each.device.type, tuple(each.shape)) for each in given]
            raise RuntimeError(f"{function}: tensors of host and device meet: {shapes}")
        masked = function in (aten.index.Tensor, aten.index_put_.default, aten.index_put.default)
        if function in WAITING or (masked and any(each.dtype == torch.bool for each in given[1:])):
            self.waits[f"{function} {_place()}"] += 1
        if not function.is_view and function not in FREE:
            self.kernels[str(function)] += 1
        if function in PRODUCTS:
            self.multiplied |= {each.dtype for each in given if _is_float(each)}


def _held(each: Any) -> Any:
    return each.held if isinstance(each, There) else each


def _is_float(tensor: Tensor) -> bool:
    return tensor.dtype.is_floating_point or tensor.dtype.is_complex


def _place() -> str:
    """Return the innermost line of atlas that is being run."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGE):
            return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        frame = frame.f_back
    return "outside atlas"
