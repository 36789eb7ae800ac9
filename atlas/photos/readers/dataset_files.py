"""The files of a Hugging Face dataset saved on disk: all of them its own, which its JSON cannot promise.

A dataset comes from elsewhere, and names files: its splits' folders, its tables, pictures that it does not hold itself.
What lies outside its folder, be it by an absolute path, by ``..`` or through a link, is not its business.
"""

import os
import stat
from pathlib import Path
from typing import Any

from atlas.core.data_files import read_json
from atlas.errors import PhotoError

INFO, STATE, SPLITS = "dataset_info.json", "state.json", "dataset_dict.json"
MAX_FILES = 100_000
"""Tables, or splits, that a dataset may consist of."""


def check_files(root: Path) -> None:
    """Refuse a dataset that names a file which is not its own.

    Raises:
        PhotoError: it does; names the file.
        DataFileError: a JSON of its cannot be read.
    """
    if (root / SPLITS).exists():
        for name in _names(_json(root, root / SPLITS), "splits"):
            _check_tables(root, root / name)
    if (root / INFO).exists() or not (root / SPLITS).exists():
        _check_tables(root, root)


def own_file(root: Path, name: str) -> Path:
    """Return the regular file that a dataset names, by its path or relative to the folder ``root``.

    Raises:
        ValueError: it is not within the folder, or no regular file.
        OSError: it cannot be looked at.
    """
    path = root / name
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise ValueError(f'"{name[:200]}" is not within the folder of the dataset')
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError(f'"{name[:200]}" is no regular file')
    return path


def is_own(root: Path, name: str) -> bool:
    """Tell whether a name is that of a regular file within a dataset's folder."""
    try:
        return own_file(root, name).is_file()
    except (OSError, ValueError):
        return False


def _check_tables(root: Path, folder: Path) -> None:
    _json(root, folder / INFO)
    for name in _names(_json(root, folder / STATE), "_data_files"):
        _own(root, folder / name)


def _own(root: Path, path: Path) -> Path:
    try:
        return own_file(root, str(path.relative_to(root)))
    except ValueError as error:
        raise PhotoError(
            f'photos: the dataset "{root}" cannot be read: {error}', "copy it there, or save the dataset again"
        ) from error


def _json(root: Path, path: Path) -> Any:
    return read_json(_own(root, path), "file of a dataset", "save it again")


def _names(content: Any, key: str) -> list[str]:
    """Return the names of files or folders that a JSON lists: plain ones, without a path."""
    entries = content.get(key) if isinstance(content, dict) else None
    if not isinstance(entries, list) or len(entries) > MAX_FILES:
        raise ValueError(f"it has no list of {key.strip('_')}")
    names = []
    for entry in entries:
        name = entry.get("filename") if isinstance(entry, dict) else entry
        if not isinstance(name, str) or name in ("", ".", "..") or any(mark in name for mark in "/\\:\0"):
            raise ValueError(f'"{str(name)[:200]}" is no plain name of a file in its folder')
        names.append(name)
    return names
