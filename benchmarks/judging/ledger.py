"""Ledger: rows of JSON in a file that several processes add to and that survives whatever ends them."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Ledger:
    """Rows by key, the last one of a key counting. A row that was cut off by the end of its process is no row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return what the file holds now."""
        found: dict[str, dict[str, Any]] = {}
        for line in self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else ():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            found[row.pop("id")] = row
        return found

    def add(self, key: str, /, **row: Any) -> None:
        """Append a row."""
        with self.path.open("a+b") as file:
            # After a row that was cut off, a new one begins on a line of its own.
            file.seek(0, 2)
            cut = file.tell() > 0 and (file.seek(-1, 2), file.read(1))[1] != b"\n"
            file.write((b"\n" if cut else b"") + json.dumps({"id": key, **row}).encode() + b"\n")


@contextmanager
def claimed(path: Path, wait: bool = False) -> Iterator[bool]:
    """Yield whether this process alone holds a claim until the block ends; the end of a process ends its claims.

    Args:
        wait: until it does, rather than say that another one holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
