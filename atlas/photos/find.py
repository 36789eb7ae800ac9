"""Finds the files of photos in what a user names on the command line."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from atlas.core.system_files import is_system
from atlas.errors import PhotoError


def find_photos(paths: Iterable[Path]) -> list[Path]:
    """Return the files named by ``paths``, and all files in the folders among them and below, each once.

    Hidden files and folders inside a folder, and a system's, are left out. Whether a file is a photo is only known once
    it is decoded. Files of a folder come sorted; symbolic links to folders are not followed, so that a loop cannot
    trap the search.

    Raises:
        PhotoError: a path does not exist, or a folder cannot be listed.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise PhotoError(f"there is no file or folder {path}", "check the path")
        found.update(dict.fromkeys(_files(path) if path.is_dir() else [path]))
    return list(found)


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not is_system(name))
        yield from (Path(parent, name) for name in sorted(files) if not is_system(name))


def _refuse(error: OSError) -> None:
    raise PhotoError(f"cannot list {error.filename}: {error.strerror}", "check who may read it") from error
