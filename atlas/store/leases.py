"""Leases: runs on one store, on whatever machines, divide the work: what one is making, no other begins.

Layout, in the store::

    leases/<run>.run          that a run goes on: a number that it raises again and again
    leases/<key>              that a run is making a result: its name
    leases/<key>.<run>        the same, taken over from that run, which has died

Every file but the first kind is made only if it is absent, which one of several succeeds in; nothing is ever replaced,
so two that take over from one run cannot both. A run is dead if its process was here and is gone, if it left no number,
or if its number has stayed the same for as long as :data:`EXPIRY` on the watcher's own clock: those of two machines
need not agree. A run that only slept so long makes some results twice, which harms none; and if another swept up
after it, it begins anew.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from types import TracebackType

from atlas.errors import StoreError
from atlas.store.files import explained, is_gone, is_writer, new_writer
from atlas.store.names import LEASES

EXPIRY = 60.0
"""Seconds without a sign of life after which a run counts as dead."""
SIGNS = 6
"""Signs of life that a run gives in that time."""
_RUN = ".run"


class Leases:
    """What this run has leased; as a context, in which it gives signs of life. Leases that are left end with it.

    Args:
        store: the store's folder.
    """

    def __init__(self, store: Path) -> None:
        self._folder = store / LEASES
        self.run = new_writer()
        self._held: dict[str, list[str]] = {}
        self._seen: dict[str, tuple[str | None, float]] = {}
        self._ended = Event()
        self._thread = Thread(target=self._live, name="leases", daemon=True)

    def __enter__(self) -> "Leases":
        with explained("write", self._folder):
            self._begin()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        with suppress(OSError, StoreError):  # what stays is taken for a dead run's
            for key in list(self._held):
                self.release(key)
            (self._folder / f"{self.run}{_RUN}").unlink(missing_ok=True)
            self._sweep()

    def take(self, key: str) -> bool:
        """Lease a result, unless a run that lives has; tell whether this run has it now.

        Raises:
            StoreError: the store cannot be written.
        """
        if key in self._held:
            return True
        names = [key]
        with explained("write", self._folder / key):
            while True:
                try:
                    self._make(names[-1])
                    self._held[key] = names
                    return True
                except FileExistsError:
                    owner = self._owner(names[-1])
                except FileNotFoundError:  # this run slept, and another took it for dead
                    self._begin()
                    continue
                if owner is None:  # it was released just now
                    names = [key]
                elif not self._is_dead(owner, names[-1]):
                    return False
                else:
                    names.append(_after(key, owner, names[-1]))

    def is_free(self, key: str) -> bool:
        """Tell whether a result could be leased, or is by this run; it may be another's a moment later."""
        if key in self._held:
            return True
        name = key
        with explained("read", self._folder / key):
            while (owner := self._owner(name)) is not None:
                if not self._is_dead(owner, name):
                    return False
                name = _after(key, owner, name)
        return True

    def release(self, key: str) -> None:
        """Give a lease back; nothing happens if this run has none."""
        with explained("write", self._folder / key):
            for name in self._held.pop(key, ()):
                (self._folder / name).unlink(missing_ok=True)

    def _begin(self, number: int = 0) -> None:
        """Give a sign of life; another run that ends may remove the folder before that, and even once it is made."""
        for attempt in range(5):
            self._folder.mkdir(exist_ok=True)
            try:
                (self._folder / f"{self.run}{_RUN}").write_text(str(number), encoding="utf-8")
                return
            except FileNotFoundError:
                if attempt == 4:
                    raise

    def _live(self) -> None:
        number = 0
        while not self._ended.wait(EXPIRY / SIGNS):
            number += 1
            with suppress(OSError):  # of a full disk the run hears where it writes results
                self._begin(number)

    def _make(self, name: str) -> None:
        """Make a lease if it is absent; one that a full disk takes no name of is not left for others to wait for."""
        path = self._folder / name
        with open(path, "xb", buffering=0) as file:
            try:
                file.write(self.run.encode("utf-8"))
            except OSError:
                path.unlink(missing_ok=True)
                raise

    def _owner(self, name: str) -> str | None:
        """Return whose a lease is; empty if it does not say, and None if there is none."""
        said = self._read(name)
        return said if said is None or is_writer(said) else ""

    def _read(self, name: str) -> str | None:
        """Return what a file of the folder says; None if there is none."""
        try:
            return (self._folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ESTALE):  # a network's disk says the latter of what is gone
                raise
            return None

    def _is_dead(self, run: str, lease: str = "") -> bool:
        """Tell whether a run has died.

        Args:
            run: its name; empty if its lease does not tell, since it died, or the machine did, before that was written.
        """
        if is_gone(run):
            return True
        watched = f"{run}{_RUN}" if run else lease
        sign = self._read(watched)
        if sign is None:
            return True
        before, since = self._seen.get(watched, (None, 0.0))
        if sign != before:
            self._seen[watched] = sign, monotonic()
            return False
        return monotonic() - since > EXPIRY

    def _sweep(self) -> None:
        """Remove what dead runs left, once no other lives."""
        names = os.listdir(self._folder)
        if all(self._is_dead(name.removesuffix(_RUN)) for name in names if name.endswith(_RUN)):
            for name in names:
                (self._folder / name).unlink(missing_ok=True)
            self._folder.rmdir()


def _after(key: str, run: str, lease: str) -> str:
    """Return the name of the lease that takes over from a dead run's."""
    return f"{key}.{run}" if run else f"{lease}-"
