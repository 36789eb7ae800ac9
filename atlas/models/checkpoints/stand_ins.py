"""What a training checkpoint holds besides weights, read without its libraries: classes of our own take its place.

A torch file names the classes of its objects. torch reads one only if every name is known to be harmless; for settings,
numpy numbers, paths and dates it would import and call the class that is named. Here a class of ours bears that name
instead: it takes whatever the object was made from, runs nothing of it, and keeps no more than what is plain data.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

_PACKAGES = {
    *("argparse", "collections", "copyreg", "datetime", "dateutil", "decimal", "fractions", "numpy", "pathlib"),
    *("typing", "uuid", "zoneinfo", "addict", "box", "easydict", "ml_collections", "munch", "omegaconf", "yacs"),
}
"""Packages of plain data: numbers, dates, paths, and the settings of training scripts."""

_NAMES = {
    *(f"builtins.{kind.__name__}" for kind in (bool, bytes, dict, float, frozenset, int, list, object, range, slice)),
    *("builtins.str", "builtins.tuple", "types.SimpleNamespace", "torch.torch_version.TorchVersion"),
}
_NUMERIC = re.compile(r"[fiu][1248]|b1")


class Unread:
    """In place of an object of any kind: it takes every argument and state, and keeps none."""

    def __new__(cls, *_: Any) -> "Unread":
        """Take whatever the object was made from."""
        return super().__new__(cls)

    def __init__(self, *_: Any) -> None:
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        """Drop the object's state."""


class Table:
    """In place of a dictionary of another class: a plain one, whose items torch agrees to set."""

    def __new__(cls, *_: Any) -> OrderedDict[Any, Any]:  # type: ignore[misc]
        """Return a dictionary to be filled."""
        return OrderedDict()


class UnreadList(list[Any]):
    """In place of an object that is filled like a list."""

    def __init__(self, *_: Any) -> None:
        super().__init__()


class DataType(Unread):
    """In place of ``numpy.dtype``: the code of the type, such as ``f4``, and its order of bytes."""

    def __init__(self, code: object = "", *_: Any) -> None:
        super().__init__()
        self.code = code if isinstance(code, str) else ""
        self.order = "<"

    def __setstate__(self, state: Any) -> None:
        """Take the order of bytes from numpy's (version, order, ...)."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] == ">":
            self.order = ">"


class Array(Unread):
    """In place of a numpy array: its shape, type and bytes."""

    _state: Any = None

    def __setstate__(self, state: Any) -> None:
        """Keep numpy's (version, shape, type, whether in Fortran's order, bytes)."""
        self._state = state

    def tensor(self) -> Tensor | None:
        """Return the array as a tensor, or None if it holds no plain numbers or is damaged."""
        match self._state:
            case (_, tuple() as shape, DataType() as kind, fortran, bytes() as data):
                pass
            case _:
                return None
        if not (_NUMERIC.fullmatch(kind.code) and all(isinstance(side, int) and side >= 0 for side in shape)):
            return None
        values = np.frombuffer(data[: len(data) // int(kind.code[1:]) * int(kind.code[1:])], kind.order + kind.code)
        if int(np.prod(shape, dtype=object)) != values.size:
            return None
        native = values.astype(values.dtype.newbyteorder("=")).reshape(shape, order="F" if fortran else "C")
        return torch.from_numpy(np.ascontiguousarray(native).reshape(shape))


_TABLES = {
    *("collections.defaultdict", "easydict.EasyDict", "addict.addict.Dict", "yacs.config.CfgNode", "munch.Munch"),
    *("ml_collections.config_dict.config_dict.ConfigDict", "box.box.Box"),
    "lightning.fabric.utilities.data.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning.pytorch.utilities.parsing.AttributeDict",
}
"""Settings that are dictionaries."""

_BASES: dict[str, type] = {
    **dict.fromkeys(_TABLES, Table),
    "numpy.dtype": DataType,
    "numpy.core.multiarray._reconstruct": Array,
    "numpy._core.multiarray._reconstruct": Array,
    "collections.deque": UnreadList,
}


def is_harmless(name: str) -> bool:
    """Tell whether objects of the class or function ``package.module.name`` are plain data."""
    return name in _NAMES | _TABLES or name.partition(".")[0] in _PACKAGES


def stand_ins(names: Iterable[str]) -> list[Any]:
    """Return a class of ours for each harmless name, which torch is to use in place of what bears the name."""
    made = []
    for name in filter(is_harmless, names):
        module, _, own = name.rpartition(".")
        made.append(type(own, (_BASES.get(name, Unread),), {"__module__": module, "__qualname__": own}))
    return made
