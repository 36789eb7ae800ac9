"""Two folders change places in one step, where the system can do that."""

import ctypes
import errno
import os
import re
import sys
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2
RENAME_SWAP = 2
"""The same on macOS."""
UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What is answered where two folders cannot change places: NFS among others."""


def exchange(new: Path, site: Path, aside: Path) -> Path | None:
    """Put ``new`` in the place of ``site``.

    In one step if possible: then the old site is where the new one was. Else in two, the first of which moves the old
    site to ``aside``; whoever is killed in between leaves it there.

    Returns:
        Where the old site is now; None if there was none.

    Raises:
        OSError: they cannot be renamed; both are where they were.
    """
    if not os.path.lexists(site):
        os.rename(new, site)
        return None
    try:
        _exchange(os.fsencode(new), os.fsencode(site))
        return new
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
    os.rename(site, aside)
    try:
        os.rename(new, site)
    except BaseException:
        os.rename(aside, site)
        raise
    return aside


def _exchange(one: bytes, other: bytes) -> None:
    library = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    if hasattr(library, "renameat2"):
        failed = library.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE)  # type: ignore[union-attr]
    elif sys.platform == "darwin":
        failed = library.renamex_np(one, other, RENAME_SWAP)  # type: ignore[union-attr]
    else:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def holds_mounts(folder: Path) -> bool:
    """Tell whether a folder is a mount point or has one in it: such a folder cannot be put elsewhere.

    Args:
        folder: absolute, without links.
    """
    try:
        table = Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        return os.path.ismount(folder)
    escaped = (line.split()[4] for line in table.splitlines())
    points = (re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), point) for point in escaped)
    return any(Path(os.fsdecode(point)).is_relative_to(folder) for point in points)
