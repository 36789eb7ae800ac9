"""The command line in processes of their own, which may be interrupted and killed.

They are forked from a server that has imported everything once, so that each starts in a moment.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["atlas.jobs.run", "atlas.models.load", "atlas.store.integrity"])
PATIENCE = 120
"""Seconds after which a process that should have ended is given up; a slow machine needs a few."""


def _run(folder: Path, log: Path, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.update(environment)
    for number, suffix in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(log.with_suffix(suffix), os.O_CREAT | os.O_WRONLY | os.O_TRUNC), number)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a shell; the server ignores it
    sys.argv = ["atlas", *arguments]
    from atlas.cli import main

    main()


class Running:
    """``atlas arguments...`` in a folder, started, perhaps with more in its environment."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        logs = folder.with_name(f"{folder.name}-logs")
        logs.mkdir(exist_ok=True)
        self._log = logs / f"{len(list(logs.iterdir()))}.log"
        self._process = CONTEXT.Process(target=_run, args=(folder, self._log, arguments, environment), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process.pid is not None
        return self._process.pid

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Return as soon as the condition holds, or the process has ended."""
        ends = time.monotonic() + PATIENCE
        while self._process.is_alive() and not condition():
            assert time.monotonic() < ends, self.printed("out") + self.printed("err")
            time.sleep(0.002)

    def send(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self._process.is_alive():
            os.kill(self.pid, number)

    def status(self) -> int | None:
        """Wait for the end and return the exit status; the negative number of the signal that ended it."""
        self._process.join(PATIENCE)
        assert "Traceback" not in self.printed("out") + self.printed("err"), self.printed("err")
        return self._process.exitcode

    def printed(self, stream: str) -> str:
        """Return what was written to ``out`` or ``err`` so far."""
        path = self._log.with_suffix(f".{stream}")
        return path.read_text(encoding="utf-8") if path.exists() else ""
