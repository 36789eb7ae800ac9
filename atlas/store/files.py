"""Atomic files: a name either holds all of its bytes or does not exist."""

import errno
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

from atlas.core.data_files import regular_bytes
from atlas.errors import StoreError

TEMPORARY_PREFIX = ".tmp-"
MAX_FILE = 1 << 30
"""Largest file in bytes that is read; statistics of a large model have some dozens of millions."""
ABANDONED = 3600.0
"""Age in seconds at which a temporary file is nobody's any more: writing one takes seconds."""


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


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` through a temporary file in the same folder, synced before the rename.

    Raises:
        StoreError: the folder cannot be made or written; no partial file remains.
    """
    with explained("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_beside(path)
        try:
            with open(temporary, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


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
    return path.with_name(f"{TEMPORARY_PREFIX}{new_writer()}")


def is_abandoned(temporary: Path) -> bool:
    """Tell whether a temporary file's writer is gone: it ran here and is dead, or the file is old.

    A process is looked up only if it ran on this host and in this container; elsewhere its number means another one.
    """
    if is_gone(temporary.name.removeprefix(TEMPORARY_PREFIX)):
        return True
    with suppress(OSError):
        return time.time() - temporary.lstat().st_mtime > ABANDONED
    return False


def new_writer() -> str:
    """Return a name for one who writes here: it tells the host, its container and this process, and is given once."""
    return f"{_here()}-{os.getpid()}-{uuid4().hex}"


def is_gone(writer: str) -> bool:
    """Tell whether a writer's process ran here, and has ended; of one elsewhere nothing is known."""
    known = re.fullmatch(r"(.+)-(\d+)-[0-9a-f]{32}", writer)
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


def _sync_folder(folder: Path) -> None:
    """Make a rename durable. Windows cannot open folders; there the rename alone must do."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
