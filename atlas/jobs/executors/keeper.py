"""Ends what is left of a Ray session once the process that started it is gone, however that went.

A script of its own that needs the standard library only: ``keeper.py FOLDER MARK``. Its standard input is a pipe that
the driver holds; when the driver closes it or dies, even by kill -9, every process that has the mark in its environment
is ended, and the session's folder is removed. Processes are told by that mark alone, which no other session has. Ray
does the like for the processes that a driver starts itself, but their children, its agents and workers, stay for half
a minute, sometimes.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PATIENCE = 10.0
"""Seconds for which it looks for processes that were just being started."""
QUIET_ROUNDS = 3
"""It ends once it has found none so many times in a row: one may start another while it is looked for."""


def main(folder: str, mark: str) -> None:
    """Wait for the end of the driver, then clear up after it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it outlives the driver; nothing it waits for lasts
    sys.stdin.buffer.read()
    until, quiet = time.monotonic() + PATIENCE, 0
    while quiet < QUIET_ROUNDS and time.monotonic() < until:
        quiet = 0 if end_all(mark.encode()) else quiet + 1
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def end_all(mark: bytes) -> int:
    """Kill all processes of this user that began with ``mark`` in their environment; return how many there were."""
    found = 0
    for pid in _processes():
        with suppress(OSError):  # it ended meanwhile, or is another user's
            handle = os.pidfd_open(pid)  # names this process even if its number is given to another
            try:
                if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    found += 1
            finally:
                os.close(handle)
    return found


def _processes() -> Iterator[int]:
    """Yield the numbers of all processes but this one; none where there is no /proc, and Ray clears up by itself."""
    if hasattr(os, "pidfd_open") and Path("/proc/self/environ").exists():
        yield from (int(name) for name in os.listdir("/proc") if name.isdecimal() and int(name) != os.getpid())


if __name__ == "__main__":
    main(*sys.argv[1:3])
