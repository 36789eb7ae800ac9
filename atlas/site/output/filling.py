"""Filling a site's folder file by file, where it cannot be put in place whole: a mount, a parent without rights.

At every moment the stamp lists all that atlas wrote or is about to write, so a build that is killed is completed by the
next one, and nothing of anybody else's is touched.
"""

import errno
import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from atlas.site.output.keeping import folders_of, is_same, refuse
from atlas.site.output.stamp import PREFIX, Entry, Stamp


def fill(staged: Path, site: Path, stamp: Stamp, old: dict[str, Entry], written: Collection[str]) -> None:
    """Move a staged site's files into the folder of the old one: first what pages need, then pages, the home page last.

    Args:
        staged: where the files of ``stamp`` are. old, written: those of the old site that are known to be atlas's.

    Raises:
        SiteError: something that is not atlas's stands in a place. OSError: a file cannot be written.
    """
    files = stamp.files if isinstance(stamp.files, dict) else {}
    refuse([path for path in _places(files) if _is_taken(site, staged, path, path in files, written)], site)
    stale = set(written) - set(files)
    unfinished = dict.fromkeys(stale, Entry(0, 0, "")) | old | files
    Stamp(files=unfinished).write(site)
    for path in folders_of(files) & set(written):  # where the old site had a file
        os.unlink(site / path)
    made: set[str] = set()
    for path in sorted(files, key=_turn):
        folder = os.path.dirname(site / path)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        _move(staged / path, site / path)
    for path in stale:
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(site / path)
    for path in sorted(folders_of(stale) - folders_of(files), reverse=True):
        with suppress(OSError):  # not empty: something of somebody's is in it
            os.rmdir(site / path)
    stamp.write(site)


def _places(files: Collection[str]) -> list[str]:
    return [*files, *folders_of(files)]


def _is_taken(site: Path, staged: Path, path: str, is_file: bool, written: Collection[str]) -> bool:
    """Tell whether something that is not atlas's stands where a file or a folder of the site shall be."""
    place = site / path
    if is_file:
        return place.is_dir() or (path not in written and os.path.lexists(place) and not is_same(place, staged / path))
    return os.path.lexists(place) and not place.is_dir() and path not in written


def _turn(path: str) -> tuple[bool, int, str]:
    """Order files so that a page comes after what it needs, and after the pages below it."""
    return path.endswith(".html"), -path.count("/"), path


def _move(source: Path, target: Path) -> None:
    """Put a file in the place of another one, in one step also from another disk."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        temporary = target.with_name(f"{PREFIX}{target.name}")
        shutil.copy2(source, temporary)
        os.replace(temporary, target)
