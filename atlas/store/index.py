"""Index: which results a store holds and how they ended, without a look at each.

Layout, in the store::

    index/<writer>.log      what one process stored, a line each: key, how it ended, what it is

A line is written after what it tells of, and only that process appends to the file, so that of a killed one the last
line may be torn, which is then no line; and before a result is removed or replaced, a line says that it is gone.
Nothing depends on the index: what it says of a result is believed if its folder is there, and every other folder is
looked at: see :class:`atlas.store.snapshot.Snapshot`.
"""

import io
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Literal, NamedTuple

from atlas.core.data_files import regular_bytes
from atlas.store.files import MAX_FILE, explained, is_gone, is_old, new_writer, sync, write_atomic
from atlas.store.names import INDEX, named

Status = Literal["failed", "quarantined", "dead", "done", "gone"]
RANKS: dict[Status, int] = {"failed": 0, "quarantined": 1, "dead": 2, "done": 3, "gone": 4}
"""How a result ended; of several lines about one, the highest counts. What is gone is looked at, whatever they say."""
LOGS_KEPT = 16
"""Logs of processes that have ended, beyond which they are put together in one."""
_LOG = re.compile(r"(.+)\.log")
_KEY = 64
_TAIL = re.compile(rf" ({'|'.join(RANKS)}) ([a-z]+)\n", re.ASCII)


class Entry(NamedTuple):
    """What is known of a result.

    Attributes:
        status: how it ended. kind: ``rendering``, a kind of analysis, or ``other``.
    """

    status: Status
    kind: str

    @property
    def is_complete(self) -> bool:
        """Whether there is a document."""
        return self.status in ("done", "dead")


class Index:
    """The index of a store.

    Args:
        store: the store's folder.
    """

    def __init__(self, store: Path) -> None:
        self._folder = store / INDEX
        self._own = self._folder / f"{new_writer()}.log"
        self._lock = Lock()

    def note(self, notes: Iterable[tuple[str, Entry]]) -> None:
        """Append what is stored by now; nothing if that cannot be written, since the results tell it themselves."""
        with suppress(OSError):
            self._append(_lines(notes))

    def forget(self, key: str) -> None:
        """Note that a result is about to be removed, or replaced by another: this line must be there before it is.

        Raises:
            StoreError: it cannot be written.
        """
        with explained("write", self._own):
            self._append(_lines([(key, Entry("gone", "other"))]))
            sync([self._own, self._folder])

    def _append(self, data: bytes) -> None:
        if data:
            with self._lock:
                self._folder.mkdir(exist_ok=True)
                with open(self._own, "ab") as file:
                    file.write(b"\n" + data)  # lest it goes on a line that a full disk cut short

    def read(self) -> tuple[dict[str, Entry], set[str]]:
        """Return what the lines say of keys, and of which keys it is not to be relied on.

        Raises:
            StoreError: the folder cannot be listed.
        """
        entries: dict[str, Entry] = {}
        tails: dict[str, Entry | None] = {}  # one object for all lines that say the same
        for line in self._read_lines():
            tail = line[_KEY:]
            if tail not in tails:
                said = _TAIL.fullmatch(tail)
                tails[tail] = Entry(said[1], said[2]) if said else None  # type: ignore[arg-type]
            entry = tails[tail]
            if entry is not None:
                earlier = entries.setdefault(line[:_KEY], entry)
                if earlier is not entry and RANKS[earlier.status] < RANKS[entry.status]:
                    entries[line[:_KEY]] = entry
        # Whether what was in quarantine failed otherwise since then, lines of several processes do not tell.
        doubtful = {key for key, entry in entries.items() if entry.status in ("gone", "quarantined")}
        for key in doubtful:
            del entries[key]
        return entries, doubtful

    def ended(self) -> list[str]:
        """Return the logs to which nobody appends any more.

        Raises:
            StoreError: the folder cannot be listed.
        """
        return [name for name in self._names() if self._is_ended(name)]

    def put_together(self, logs: Collection[str], known: Iterable[tuple[str, Entry]], doubtful: Iterable[str]) -> None:
        """Replace some logs by one of all that is known.

        Args:
            doubtful: keys of which the index is not to be relied on; nor may it be later, while a log that stays may
                tell of a result what was so before it was removed.

        Raises:
            StoreError: the folder cannot be written.
        """
        stay = not set(self._names()) <= set(logs)
        gone = [(key, Entry("gone", "other")) for key in doubtful] if stay else []
        write_atomic(self._folder / f"{new_writer()}.log", _lines([*known, *gone]))
        with explained("write", self._folder):
            for name in logs:
                (self._folder / name).unlink(missing_ok=True)

    def _is_ended(self, log: str) -> bool:
        """Tell whether a log's process ran here and has ended; one elsewhere has if its log is old, or begins anew."""
        with suppress(OSError):
            return is_gone(log.removesuffix(".log")) or is_old(self._folder / log)
        return False

    def _names(self) -> list[str]:
        return [f"{name}.log" for name in named(self._folder, _LOG)]

    def _read_lines(self) -> Iterator[str]:
        """Yield the lines of all logs; of one that cannot be read, none."""
        for name in self._names():
            with suppress(OSError):  # or is gone, since another process put it together with others
                data = regular_bytes(self._folder / name, MAX_FILE)
                yield from io.TextIOWrapper(io.BytesIO(data), "ascii", "replace", newline="\n")


def _lines(notes: Iterable[tuple[str, Entry]]) -> bytes:
    return "".join(f"{key} {entry.status} {entry.kind}\n" for key, entry in notes).encode("ascii")
