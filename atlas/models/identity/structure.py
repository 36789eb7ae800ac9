"""Structure: what a network's modules are and how they are set, in the order in which they run.

Weights do not tell a ReLU from a tanh. What is noted must be the same on every machine and in every version of torch,
so it is the arguments that a module was made with, as far as it keeps them, they differ from their defaults and are
plain values or functions; never what torch adds, or what changes while a network is used.
"""

import inspect
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import nn

from atlas.core.canonical import digest

Call = tuple[str, str, dict[str, Any]]
"""Path, class and settings of a module that ran."""

_OF_NO_CONSEQUENCE = frozenset({"inplace", "device", "dtype"})
"""Arguments that say where or in whose memory something is computed, and not what."""

_OPAQUE = object()
"""Stands for a value that need not say the same everywhere."""


def call_of(path: str, module: nn.Module) -> Call:
    """Return what is noted of a module that runs."""
    return path, type(module).__name__, settings(module)


def digest_structure(calls: Sequence[Call]) -> str:
    """Return the sha256 over modules in the order in which they ran, as often as they did."""
    return digest([list(call) for call in calls])


def settings(module: nn.Module) -> dict[str, Any]:
    """Return the arguments that a module was made with and keeps, but for defaults; and the functions that it keeps."""
    kept = vars(module)
    found = {
        name: _plain(kept[name])
        for name, default in _arguments(type(module))
        if name in kept and _plain(kept[name]) != default
    }
    if not type(module).__module__.startswith("torch."):
        # What torch or a wrapper puts there (forward, _compiled_call_impl, _old_forward) is no setting.
        own = {name: value for name, value in kept.items() if name[0] != "_" and not hasattr(nn.Module, name)}
        found |= {name: _plain(value) for name, value in own.items() if _is_function(value)}
    return {name: value for name, value in found.items() if value is not _OPAQUE}


def _arguments(kind: type) -> tuple[tuple[str, Any], ...]:
    """Return the arguments of a class with their defaults; those that it passes on with ``**`` are its parents'."""
    found: dict[str, Any] = {}
    for each in kind.__mro__:
        if each is nn.Module:
            break
        if "__init__" not in vars(each):
            continue
        arguments = _signature(vars(each)["__init__"])
        for name, argument in arguments.items():
            found.setdefault(name, _plain(argument.default))
        if not any(argument.kind is argument.VAR_KEYWORD for argument in arguments.values()):
            break
    return tuple((name, default) for name, default in found.items() if name not in _OF_NO_CONSEQUENCE)


def _signature(function: Any) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # of a function that tells none
        return {}


def _plain(value: Any) -> Any:
    """Return a value as JSON that says the same everywhere, or else ``_OPAQUE``."""
    if isinstance(value, str):
        return _OPAQUE if "/" in value or "\\" in value else value  # a path: the same model may lie elsewhere
    if isinstance(value, float):
        short = float(f"{value:.6g}")  # rates spread over blocks have other last digits elsewhere
        return repr(value) if not math.isfinite(value) else int(short) if short.is_integer() else short
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, list | tuple):
        parts = [_plain(one) for one in value]
        return _OPAQUE if any(one is _OPAQUE for one in parts) else parts
    if isinstance(value, partial):
        named = sorted(value.keywords.items())
        return _plain((value.func, *value.args, *(part for pair in named for part in pair)))
    return value.__name__ if _is_function(value) else _OPAQUE


def _is_function(value: Any) -> bool:
    return inspect.isroutine(value) or isinstance(value, partial)
