"""The C allocator's habit of returning memory, switched off where it costs a third of the time.

glibc gives every freed large block back to the system and takes it again a moment later: 95,000 page faults a step at
batch 16, 1.3 to 1.7 times the time at batch 8 and above on a CPU.
"""

import ctypes
import os
import sys

KEEP = 2**30
"""Blocks below this many bytes stay in the process once freed."""

ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": str(KEEP),
    "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
    "MALLOC_TOP_PAD_": str(2**26),
    "MALLOC_ARENA_MAX": "1",  # other arenas, those of threads, cannot hold blocks so large and give them back again
}
"""The same for a process that is yet to start."""

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8  # <malloc.h>


def keep_freed_memory() -> None:
    """Tell this process' glibc to keep what is freed. Does nothing with another C library."""
    if not sys.platform.startswith("linux") or "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""):
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_THRESHOLD, KEEP)
    libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
    libc.mallopt(_M_TOP_PAD, 2**26)
    libc.mallopt(_M_ARENA_MAX, 1)
