"""Atomic files: a name either holds all of its bytes or does not exist."""

import ctypes
import errno
import os
import re
import socket
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

from atlas.core.data_files import regular_bytes
from atlas.errors import StoreError

TEMPORARY_PREFIX = ".tmp-"
MAX_FILE = 1 << 30
"""Largest file in bytes that is read; statistics of a large model have some dozens of millions."""
MANY = 8
"""Files from which on one call for the whole disk is cheaper than one for each."""
ABANDONED = 3600.0
"""Age in seconds at which a temporary file is nobody's any more: writing one takes seconds."""
_WRITER = re.compile(r"([^/\0]+)-(\d+)-[0-9a-f]{32}")


@contextmanager
def explained(action: str, path: Path) -> Iterator[None]:
    """Turn an OSError in the body into a StoreError that says what could not be done, where and what helps."""
    try:
        yield
    except OSError as error:
        remedies = {
            errno.ENOSPC: "free some space on that disk, then run the same command again: nothing finished is lost",
            errno.EDQUOT: "your disk quota is used up: free some space, then run the same command again",
            errno.EACCES: "check who may write there, or set another path",
            errno.EPERM: "check who may write there, or set another path",
            errno.ENOENT: "check the path",
            errno.EISDIR: "a folder stands where a file is needed: move it, or set another path",
            errno.EROFS: "that disk is read-only: set another path",
            errno.ENOTDIR: "a file stands where a folder is needed: move it, or set another path",
            errno.EEXIST: "a file stands where a folder is needed: move it, or set another path",
        }
        reason = os.strerror(error.errno) if error.errno else str(error)
        remedy = remedies.get(error.errno or 0, "check the disk and run the same command again")
        raise StoreError(f"cannot {action} {path}: {reason}", remedy) from error


def read_bytes(path: Path) -> bytes:
    """Return the content of a file of the store.

    Raises:
        StoreError: it is missing, no regular file (a pipe is not waited for), too large, or cannot be read.
    """
    with explained("read", path):
        return regular_bytes(path, MAX_FILE)


def write_atomic(path: Path, data: bytes, incoming: Path | None = None) -> None:
    """Write ``data`` to ``path`` through a temporary file, synced before the rename.

    Args:
        incoming: the folder of that file, on the same disk; that of ``path`` unless given.

    Raises:
        StoreError: the folder cannot be made or written; no partial file remains.
    """
    with explained("write", path):
        for folder in filter(None, (path.parent, incoming)):
            folder.mkdir(parents=True, exist_ok=True)
        temporary = temporary_in(incoming or path.parent)
        try:
            temporary.write_bytes(data)
            sync([temporary])
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync([path.parent])


def write_changed(path: Path, data: bytes) -> None:
    """Write a file unless it holds these bytes already; one that was damaged is thereby mended."""
    try:
        stored = read_bytes(path) == data
    except StoreError:  # it is missing or damaged, which writing it ends or explains
        stored = False
    if not stored:
        if os.path.isdir(path):
            with explained("write", path):
                remove(path)
        write_atomic(path, data)


def remove(path: Path) -> None:
    """Remove what stands in the place of a file or folder of the store: a file, link or pipe; an empty folder.

    A folder with content is somebody's, and is set aside under another name beside it.
    """
    if not os.path.lexists(path):
        return
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    try:
        path.rmdir()
    except OSError:
        path.rename(path.with_name(f"{path.name}.aside-{uuid4().hex[:8]}"))


def temporary_beside(path: Path) -> Path:
    """Return a new name in the same folder: no other process has it, on whatever host or in whatever container."""
    return temporary_in(path.parent)


def temporary_in(folder: Path) -> Path:
    """Return a new name in a folder, likewise."""
    return folder / f"{TEMPORARY_PREFIX}{new_writer()}"


def is_abandoned(temporary: Path) -> bool:
    """Tell whether a temporary file's writer is gone: it ran here and is dead, or the file is old.

    A process is looked up only if it ran on this host and in this container; elsewhere its number means another one.
    """
    if is_gone(temporary.name.removeprefix(TEMPORARY_PREFIX)):
        return True
    with suppress(OSError):
        return is_old(temporary)
    return False


def is_old(path: Path) -> bool:
    """Tell whether a file has not been written for so long that nobody writes it any more.

    Raises:
        OSError: it is gone.
    """
    return time.time() - path.lstat().st_mtime > ABANDONED


def new_writer() -> str:
    """Return a name for one who writes here: it tells the host, its container and this process, and is given once."""
    return f"{_here()}-{os.getpid()}-{uuid4().hex}"


def is_writer(name: str) -> bool:
    """Tell whether a name is one that :func:`new_writer` gives, here or elsewhere."""
    return _WRITER.fullmatch(name) is not None


def is_gone(writer: str) -> bool:
    """Tell whether a writer's process ran here, and has ended; of one elsewhere nothing is known."""
    known = _WRITER.fullmatch(writer)
    return known is not None and known[1] == _here() and not _is_alive(int(known[2]))


@cache
def _here() -> str:
    """Return the name of this host and, where the system tells, of the space that its process numbers belong to."""
    with suppress(OSError):
        space = re.sub(r"\D", "", os.readlink("/proc/self/ns/pid"))
        return f"{socket.gethostname()}.{space}"
    return socket.gethostname()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sync(paths: Collection[Path]) -> None:
    """Make files and folders of one disk durable: each, or where there are many, all that is unwritten at once.

    Windows cannot open folders; there the rename alone must do.
    """
    if len(paths) > MANY and (syncfs := _syncfs()) is not None:
        with _opened(next(iter(paths))) as descriptor:
            if syncfs(descriptor) == 0:
                return
    for path in paths:
        if os.name == "posix" or not path.is_dir():
            with _opened(path) as descriptor:
                os.fsync(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@cache
def _syncfs() -> Callable[[int], int] | None:
    """Return what makes a whole disk durable, where the system has that; Python itself does not name it."""
    return getattr(ctypes.CDLL(None), "syncfs", None) if os.name == "posix" else None
