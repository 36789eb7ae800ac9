"""Which archives a path stands for: one, all of a folder, or those of a glob or brace list."""

import glob
import os
import re
from itertools import chain, islice, product
from pathlib import Path

from atlas.core.system_files import is_system
from atlas.errors import PhotoError
from atlas.photos.readers.base import counted, is_photo, missing, some

MAX_SHARDS = 100_000
"""Archives that a brace list may name."""

_BRACES = re.compile(r"\{([^{}]*)\}")


def holds_only_shards(folder: Path) -> bool:
    """Tell whether a folder holds archives, and neither photos nor folders beside them."""
    try:
        entries = [entry for entry in os.scandir(folder) if not is_system(entry.name)]
    except OSError:
        return False
    inner = any(os.path.isdir(entry) or is_photo(entry.name) for entry in entries)
    return not inner and any(entry.name.endswith(".tar") for entry in entries)


def shards(path: Path) -> list[Path]:
    """Return the archives that a path stands for, in order.

    Raises:
        PhotoError: there are none, or some of a brace list are missing.
    """
    if os.path.isdir(path):
        found = sorted(entry for entry in path.glob("*.tar") if not is_system(entry.name))
        if not found:
            raise PhotoError(f'photos: there is no .tar in "{path}"', "name the folder of the archives")
        return found
    if os.path.exists(path):
        if is_photo(path.name):
            raise PhotoError(f'photos: "{path}" is a single photo', "name the folder that it lies in")
        return [path]
    patterns = _expanded(str(path))
    matches = [_matching(Path(pattern)) for pattern in patterns]
    absent = [os.path.basename(pattern) for pattern, match in zip(patterns, matches, strict=True) if not match]
    if len(absent) == len(patterns):
        raise missing(path)
    if absent:
        raise PhotoError(
            f'photos: {counted(len(absent), "archive")} of "{path}" missing: {some(absent)}',
            "get the rest, or name only those that are there",
        )
    return list(dict.fromkeys(found for match in matches for found in match))


def _matching(pattern: Path) -> list[Path]:
    """Return what a glob matches; signs in a folder that is there are no part of it."""
    if os.path.exists(pattern):
        return [pattern]
    folder = next(parent for parent in pattern.parents if os.path.isdir(parent))
    return [folder / name for name in sorted(glob.glob(str(pattern.relative_to(folder)), root_dir=folder))]


def _expanded(text: str) -> list[str]:
    """Return the paths of a brace list: ``a-{08..10}`` is a-08, a-09 and a-10, ``{a,b}`` is a and b; also nested."""
    texts = [text]
    while True:
        inner = dict.fromkeys(islice(chain.from_iterable(map(_expanded_once, texts)), MAX_SHARDS + 1))
        if len(inner) > MAX_SHARDS:
            raise PhotoError(f'photos: "{text}" names more than {MAX_SHARDS:,} archives', "check its numbers")
        if list(inner) == texts:
            return texts
        texts = list(inner)


def _expanded_once(text: str) -> list[str]:
    """Return the paths of a brace list of which the innermost braces are expanded."""
    parts = _BRACES.split(text)
    choices = [_choices(part) if number % 2 else [part] for number, part in enumerate(parts)]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MAX_SHARDS:
        raise PhotoError(f'photos: "{text}" names {count:,} archives, more than {MAX_SHARDS:,}', "check its numbers")
    return ["".join(chosen) for chosen in product(*choices)]


def _choices(inside: str) -> list[str]:
    """Return what may stand for one pair of braces. A range, or one with a step, keeps the first number's width."""
    match = re.fullmatch(r"(\d{1,9})\.\.(\d{1,9})(?:\.\.(\d{1,9}))?", inside, re.ASCII)
    if match is None:
        return inside.split(",") if "," in inside else ["{" + inside + "}"]
    first, last, step = int(match[1]), int(match[2]), max(1, int(match[3] or 1))
    if abs(last - first) // step >= MAX_SHARDS:
        raise PhotoError(f'photos: "{{{inside}}}" names more than {MAX_SHARDS:,} archives', "check its numbers")
    numbers = range(first, last + 1, step) if last >= first else range(first, last - 1, -step)
    return [f"{number:0{len(match[1])}d}" for number in numbers]
