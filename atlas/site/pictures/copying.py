"""Copies of pictures that are named by their content: checked, and sharing space where the file system can."""

import os
from pathlib import Path

from atlas.core.canonical import digest_bytes


def named_digest(path: str) -> str:
    """Return the first digits of the sha256 that the path of a picture holds, as in ``ab/cdef0123.webp``."""
    return path.partition(".")[0].replace("/", "")


def copy_checked(source: Path, target: str, digest: str) -> bool:
    """Copy a file if its sha256 begins with ``digest``; tell whether it did.

    Raises:
        OSError: it is missing or cannot be read, or the copy cannot be written.
    """
    with open(source, "rb") as original:
        content = original.read()
        if not digest_bytes(content).startswith(digest):
            return False
        with open(target, "wb") as copy:
            if not _share(original.fileno(), copy.fileno(), len(content)):
                copy.seek(0)
                copy.write(content)
    return True


def _share(source: int, target: int, size: int) -> bool:
    """Let the system copy: on Btrfs, XFS and others both files then share their blocks until one is changed."""
    if not hasattr(os, "copy_file_range"):
        return False
    done = 0
    try:
        while done < size:
            copied = os.copy_file_range(source, target, size - done, done, done)
            if not copied:
                return False
            done += copied
    except OSError:  # another disk, or a file system that cannot
        return False
    return True
