"""Atomic files: a name either holds all of its bytes or does not exist."""

import errno
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from atlas.core.data_files import regular_bytes
from atlas.errors import StoreError

TEMPORARY_PREFIX = ".tmp-"
MAX_FILE = 1 << 30
"""Largest file in bytes that is read; statistics of a large model have some dozens of millions."""


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
        StoreError: it is missing, no regular file, or cannot be read.
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
        temporary = path.parent / f"{TEMPORARY_PREFIX}{socket.gethostname()}-{os.getpid()}-{uuid4().hex}"
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


def is_abandoned(temporary: Path) -> bool:
    """Tell whether a temporary file's writer is gone. Only a writer on this host can be looked up."""
    writer = re.fullmatch(re.escape(TEMPORARY_PREFIX) + r"(.+)-(\d+)-[0-9a-f]{32}", temporary.name)
    return writer is not None and writer[1] == socket.gethostname() and not _is_alive(int(writer[2]))


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
