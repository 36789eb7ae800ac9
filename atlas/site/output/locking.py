"""One build of a site at a time, also across containers and hosts that share the file system."""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
"""What file systems answer that know no locks."""


@contextmanager
def locked(path: Path, on_wait: Callable[[], None]) -> Iterator[bool]:
    """Hold the lock that a file stands for, waiting for it if need be; the file is removed again.

    A lock ends with its process, however that ends, so one that was killed holds up nobody.

    Args:
        on_wait: called once if somebody else holds it.

    Yields:
        Whether it is held; false where the file system has no locks.

    Raises:
        OSError: the file cannot be made.
    """
    file, held = _acquire(path, on_wait)
    try:
        yield held
    finally:
        with suppress(OSError):
            path.unlink()  # while it is still held: whoever waits for it sees that it is gone, and makes another
        os.close(file)


def _acquire(path: Path, on_wait: Callable[[], None]) -> tuple[int, bool]:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            held = _lock(file, on_wait)
            if not held or _names(path, file):
                return file, held
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _names(path: Path, file: int) -> bool:
    """Tell whether the open file is still the one of that name: its holder may have removed it meanwhile."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file))
    except FileNotFoundError:
        return False


def _lock(file: int, on_wait: Callable[[], None]) -> bool:
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno in WITHOUT_LOCKS:
            return False
        raise
    return True
