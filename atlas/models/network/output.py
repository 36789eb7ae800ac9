"""What modules return: tensors, alone or in containers; and which of a model's are the logits."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from torch import Tensor

from atlas.errors import ModelError, did_you_mean

_USUAL_KEY = "logits"


def first_tensor(output: Any) -> Tensor | None:
    """Return ``output`` if it is a tensor, else the first tensor of a tuple, list or mapping, else None."""
    if isinstance(output, Tensor):
        return output
    values = output.values() if isinstance(output, Mapping) else output if isinstance(output, list | tuple) else ()
    return next((value for value in values if isinstance(value, Tensor)), None)


_ONLY_ONE = "leave output out"


def map_tensors(output: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Return ``output`` with every tensor in its tuples, lists and mappings replaced by what ``function`` makes of it.

    Containers are copied, also those of other libraries' kinds; objects that are no containers are kept as they are.
    """
    if isinstance(output, Tensor):
        return function(output)
    if isinstance(output, Mapping):
        copied: Any = copy.copy(output)
        for key, value in output.items():
            copied[key] = map_tensors(value, function)
        return copied
    if isinstance(output, list | tuple):
        values = [map_tensors(value, function) for value in output]
        return type(output)(*values) if hasattr(output, "_fields") else type(output)(values)
    return output


def replace_first_tensor(output: Any, tensor: Tensor) -> Any:
    """Return ``output`` with the tensor that :func:`first_tensor` finds in it replaced."""
    first = first_tensor(output)
    return map_tensors(output, lambda value: tensor if value is first else value)


def select_logits(output: Any, choice: str | int | None, batch: int) -> Tensor | None:
    """Return the logits (N, K) in a model's output, or None if it has none.

    Without a choice these are: the tensor itself; the first 2-D tensor of a tuple or list; under ``logits`` of a
    mapping (or an object's attribute), else its only 2-D tensor.

    Args:
        output: what the forward pass of ``batch`` images returned.
        choice: the configuration's ``output``: a key or an index.

    Raises:
        ModelError: several tensors of a mapping could be meant, or the choice is absent or no (N, K) tensor.
    """
    if choice is not None:
        return _chosen(output, choice, batch)
    if isinstance(output, Tensor):
        return output if _is_logits(output, batch) else None
    if isinstance(output, list | tuple) and not hasattr(output, _USUAL_KEY):
        return next((value for value in output if _is_logits(value, batch)), None)
    candidates = {key: value for key, value in _named(output).items() if _is_logits(value, batch)}
    if len(candidates) > 1 and _USUAL_KEY not in candidates:
        raise ModelError(
            f"the model returns several tensors that could be its logits: {_list(candidates)}",
            f'say which with `output = "{next(iter(candidates))}"`',
        )
    return candidates.get(_USUAL_KEY, next(iter(candidates.values()), None))


def choices_with_gradient(output: Any) -> list[str | int]:
    """Return the keys or indices of tensors (N, K) in a model's output that a gradient passes from."""
    named: dict[Any, Any] = dict(enumerate(output)) if isinstance(output, list | tuple) else _named(output)
    batch = next((len(value) for value in named.values() if isinstance(value, Tensor) and value.ndim), 0)
    return [key for key, value in named.items() if _is_logits(value, batch) and value.requires_grad]


def _chosen(output: Any, choice: str | int, batch: int) -> Tensor:
    value: Any
    if isinstance(choice, int):
        items: Sequence[Any] = output if isinstance(output, list | tuple) else ()
        if not -len(items) <= choice < len(items):
            shape = f"{len(items)} items" if items else f"a {type(output).__name__}"
            remedy = f"keys: {_list(named)}" if (named := _named(output)) else _ONLY_ONE
            raise ModelError(f"output = {choice}, but the model returns {shape}", remedy)
        value = items[choice]
    else:
        named = _named(output)
        if choice not in named:
            hint = did_you_mean(choice, named) or (f"keys: {_list(named)}" if named else _ONLY_ONE)
            raise ModelError(f'output = "{choice}", but the model returns {_list(named) or "a tensor"}', hint)
        value = named[choice]
    if not _is_logits(value, batch):
        what = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        raise ModelError(f"output = {choice!r} is {what}, not (batch, classes)", "choose a 2-D tensor")
    return value


def _named(output: Any) -> dict[str, Any]:
    """Return what has a name in ``output``: items of a mapping, fields of a named tuple or of an object."""
    if isinstance(output, Mapping):
        return {str(key): value for key, value in output.items()}
    if isinstance(output, tuple) and hasattr(output, "_asdict"):
        return dict(output._asdict())
    return dict(vars(output)) if hasattr(output, "__dict__") and not isinstance(output, Tensor) else {}


def _is_logits(value: Any, batch: int) -> TypeGuard[Tensor]:
    return isinstance(value, Tensor) and value.ndim == 2 and value.shape[0] == batch and value.is_floating_point()


def _list(keys: Any) -> str:
    return ", ".join(f'"{key}"' for key in keys)
