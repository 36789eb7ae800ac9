"""What stands in a site's folder and is not atlas's: it goes along to the new site, and is never removed."""

import errno
import filecmp
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from atlas.errors import SiteError
from atlas.site.output.stamp import PREFIX

LISTED = 5
"""Paths that a message names before it only counts."""


class Foreign(NamedTuple):
    """Something that atlas did not write: where it is, relative to the site, and whether it is a folder."""

    path: str
    is_folder: bool


def foreign(site: Path, written: Collection[str]) -> Iterator[Foreign]:
    """Yield what atlas did not write, a folder before what is in it.

    Args:
        written: the paths of the files that it wrote. Their folders are its own, too.
    """
    own = folders_of(written)

    def walk(prefix: str) -> Iterator[Foreign]:
        try:
            with os.scandir(site / prefix) as found:
                listing = sorted(found, key=lambda entry: entry.name)
        except FileNotFoundError:  # removed meanwhile
            return
        for entry in listing:
            path = prefix + entry.name
            if entry.name.startswith(PREFIX):
                continue
            if entry.is_dir(follow_symlinks=False):
                if path not in own:
                    yield Foreign(path, True)
                yield from walk(f"{path}/")
            elif path not in written:
                yield Foreign(path, False)

    yield from walk("")


def folders_of(paths: Collection[str]) -> set[str]:
    """Return every folder that holds one of the paths."""
    folders: set[str] = set()
    for path in paths:
        while (path := path.rpartition("/")[0]) and path not in folders:
            folders.add(path)
    return folders


def carry(site: Path, new: Path, written: Collection[str]) -> None:
    """Put what is not atlas's into the new site as well. Files are the same ones under a second name, not copies.

    Raises:
        SiteError: the new site has something else in a place.
        OSError: something cannot have a second name, for example on another disk.
    """
    collisions: list[str] = []
    folders: list[str] = []
    for path, is_folder in foreign(site, written):
        target = new / path
        if path.startswith(tuple(f"{collision}/" for collision in collisions)):
            continue
        if is_folder and not os.path.lexists(target):
            os.mkdir(target)
            folders.append(path)
        elif not is_folder and not os.path.lexists(target):
            with suppress(FileNotFoundError):  # removed meanwhile
                os.link(site / path, target, follow_symlinks=False)
        elif target.is_dir() and (site / path).is_dir():
            if not is_folder:  # somebody moved a folder of the site elsewhere and left a link: it is filled there
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        elif is_folder or not is_same(site / path, target):
            collisions.append(path)
    for path in reversed(folders):
        make_alike(site / path, new / path)
    refuse(collisions, site)


def refuse(collisions: Collection[str], site: Path) -> None:
    """Raise the SiteError for things that stand where the new site has something; return if there are none."""
    if collisions:
        raise SiteError(
            f"not written by atlas, but in {site} where the new site has something else: {in_words(collisions)}; "
            "nothing was changed",
            "move it elsewhere, or rename it, and build again",
        )


def is_same(one: Path, other: Path) -> bool:
    """Tell whether two files hold the same bytes."""
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def in_words(paths: Collection[str]) -> str:
    """Return the first few paths, and how many more there are."""
    listed = sorted(paths)
    more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
    return ", ".join(listed[:LISTED]) + more


def make_alike(source: Path, target: Path) -> None:
    """Give a folder the owner, the rights and the times of another one."""
    status = os.stat(source)
    made = os.stat(target)
    if (status.st_uid, status.st_gid) != (made.st_uid, made.st_gid):
        os.chown(target, status.st_uid, status.st_gid)
    shutil.copystat(source, target)


def retire(old: Path, site: Path, written: Collection[str], new: Collection[str]) -> None:
    """Remove an old site that a new one has replaced, but hand over what was put there meanwhile.

    What cannot be handed over, because the new site has a page in its place, stays where it is.

    Args:
        written, new: the files of the old and of the new site that atlas wrote.
    """
    for folder in (old, *(old / path for path in folders_of(written))):
        with suppress(OSError):  # gone, or another's
            if not folder.is_symlink():
                folder.chmod(folder.stat().st_mode | 0o700)  # nothing can be removed from one that is not to be written
    for path, is_folder in foreign(old, written):
        source, target = old / path, site / path
        if is_folder:
            if not os.path.lexists(target):
                os.mkdir(target)
                make_alike(source, target)
        elif not os.path.lexists(target):
            os.rename(source, target)
        elif os.path.samestat(os.lstat(source), os.lstat(target)) or is_same(source, target):
            os.unlink(source)
        elif path not in new and not target.is_dir():
            _keep_later(source, target)
    for top, _, names in os.walk(old, topdown=False):
        for name in names:
            path = os.path.relpath(os.path.join(top, name), old).replace(os.sep, "/")
            if path in written or name.startswith(PREFIX):
                os.unlink(os.path.join(top, name))
        with suppress(OSError):  # what is not empty stays
            os.rmdir(top)


def _keep_later(one: Path, other: Path) -> None:
    """Leave the later of two versions of somebody's file, under the other's name."""
    if os.lstat(one).st_mtime_ns > os.lstat(other).st_mtime_ns:
        os.replace(one, other)
    else:
        os.unlink(one)
