"""Paths as people write them into TOML: a backslash, a drive or a variable in one is named before it misleads."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from atlas.config.problems import KeyPath, Problem, shown
from atlas.photos.spec import READERS, address_of

_ESCAPES = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r", "\x1b": "e"}
_VARIABLE = re.compile(r"\$\{?\w+\}?|%\w+%")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def path_problems(
    table: Mapping[str, Any], folder: Path, models: Mapping[KeyPath, type[BaseModel]]
) -> Iterator[Problem]:
    """Yield what is wrong with the paths of a configuration as such; whether they lead anywhere is not looked at.

    Args:
        folder: what relative paths are relative to.
        models: path without list indices to the model of the table there, whose fields say which values are paths.
    """
    for keys, model in models.items():
        if len(keys) != 1:
            continue
        key = keys[0]
        content = table.get(str(key))
        blocks = content if isinstance(content, list) else [content]
        fields = model.model_fields.items()
        names = [name for name, field in fields if Path in (field.annotation, *get_args(field.annotation))]
        for number, block in enumerate(blocks):
            place = (key, number) if isinstance(content, list) else (key,)
            for name in names:
                text = block.get(name) if isinstance(block, dict) else None
                if not isinstance(text, str) or (keys == ("photos",) and name == "path" and _is_read(text)):
                    continue
                if problem := path_problem(text, folder):
                    yield Problem((*place, name), f"{shown(text)} {problem}")


def _is_read(text: str) -> bool:
    """Tell whether a photo reader of some package reads a text as an address."""
    address = address_of(Path(text))
    return bool(address) and any(address.partition(":")[0] in reader.schemes for _, reader in READERS)


def path_problem(text: str, folder: Path) -> str:
    """Return what is wrong with a path, or nothing.

    Args:
        folder: what it is relative to.
    """
    if any((not sign.isprintable() and sign in _ESCAPES) or ord(sign) < 32 for sign in text):
        meant = "".join(f"\\{_ESCAPES[sign]}" if sign in _ESCAPES else sign for sign in text)
        return f"holds control characters: in double quotes a backslash begins an escape; write '{_forward(meant)}'" + (
            f", or '{meant}' in single quotes" if os.name == "nt" else ""
        )
    if re.match(r"[a-z][a-z0-9+.-]+://", text):
        return "is an address, not a file; download it, and name the file"
    try:
        there = os.path.lexists(Path(folder, Path(text).expanduser()))
    except RuntimeError:
        return "begins with a user who has no home here"
    if there:
        return ""
    if os.name != "nt" and _WINDOWS.match(text):
        return "is a path of Windows; this system has no drives: write where the file is here"
    if os.name != "nt" and "\\" in text:
        return f'has backslashes; folders are separated by "/": write "{_forward(text)}"'
    if _VARIABLE.search(text):
        return "holds a variable, which is not filled in; write the path itself (~ is the home folder)"
    return ""


def _forward(text: str) -> str:
    return re.sub(r"\\+", "/", text)
