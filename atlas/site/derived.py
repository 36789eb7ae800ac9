"""The cache of derived pictures: one entry per master, made once, in parallel, and kept across builds.

Layout, inside the store's folder (records are the truth, this is only saved work: deleting it is safe)::

    derived/ab/<entry>.json      what was made of one master: paths, sizes, average colour; written last
    derived/files/ab/<rest>.webp the files, named by their content
"""

import json
import multiprocessing
import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from atlas.core.canonical import digest, digest_bytes
from atlas.core.record import Record
from atlas.errors import AtlasError, StoreError
from atlas.site.pictures import RECIPE, Derived, Picture, derive
from atlas.store import Store
from atlas.store.files import explained

CHUNK = 16
"""Masters per task: large enough that handing tasks over costs nothing, small enough for smooth progress."""
WORTH_PROCESSES = 48
"""Fewer new masters than this are done in this process: starting others takes longer."""

Task = tuple[str, str, str, str, str]
"""(key, path of the image, its sha256, path of the map or "", its sha256 or "")."""


class DerivedPictures:
    """The derived pictures of a store, made ahead in other processes while the caller uses those that are done.

    Args:
        store: where masters and the cache are.
        records: those whose pictures will be asked for, in that order.

    Raises:
        StoreError: a record lacks its image.
    """

    def __init__(self, store: Store, records: Iterable[Record]) -> None:
        self._store = store
        self._folder = store.path / "derived"
        self.files = self._folder / "files"
        self._entries: dict[str, Path] = {}
        self._found: dict[Path, Picture] = {}
        missing: dict[Path, Task] = {}
        for record in records:
            task = self._task(record)
            if task is None:
                continue
            entry = self._entries[record.key] = self._entry(task)
            if entry not in self._found and entry not in missing:
                known = read_entry(entry, self.files)
                if known is None:
                    missing[entry] = task
                else:
                    self._found[entry] = known
        self.rendered = len(missing)
        """How many masters have to be derived, rather than found."""
        self.total = len(missing) + len(self._found)
        """How many masters there are."""
        self._coming = self._make(list(missing.items()))

    @property
    def done(self) -> int:
        """How many masters are done."""
        return len(self._found)

    def get(self, record: Record) -> Picture | None:
        """Return the picture of a record, waiting for it if need be; None for a record without one.

        Raises:
            StoreError: a master is missing or damaged, or the cache cannot be written.
        """
        entry = self._entries.get(record.key)
        if entry is None:
            return None
        while entry not in self._found:
            self._found.update(next(self._coming))
        return self._found[entry]

    def close(self) -> None:
        """Stop what is still being made."""
        self._coming.close()

    def _task(self, record: Record) -> Task | None:
        image, alpha = record.asset("image"), record.asset("alpha")
        if record.status != "done":
            return None
        if image is None:
            raise damaged(f"the record {record.key[:12]}... is done but has no image")
        folder = self._store.folder(record.key)
        map_path, map_hash = (str(folder / alpha.file_name), alpha.sha256) if alpha else ("", "")
        return record.key, str(folder / image.file_name), image.sha256, map_path, map_hash

    def _entry(self, task: Task) -> Path:
        name = digest([RECIPE, task[2], task[4]])[:32]
        return self._folder / name[:2] / f"{name}.json"

    def _make(self, work: list[tuple[Path, Task]]) -> Generator[dict[Path, Picture], None, None]:
        """Yield what was made, chunk by chunk, in the order of ``work``."""
        chunks = [work[start : start + CHUNK] for start in range(0, len(work), CHUNK)]
        if len(work) < WORTH_PROCESSES:
            yield from (make_entries(chunk, self.files) for chunk in chunks)
            return
        # Not fork: the caller may hold threads (torch, ray), whose locks a forked child would inherit locked.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=context) as pool:
            futures = deque(pool.submit(make_entries, chunk, self.files) for chunk in chunks)
            try:
                while futures:
                    yield futures.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)


def make_entries(chunk: list[tuple[Path, Task]], files: Path) -> dict[Path, Picture]:
    """Derive a chunk of masters and put them into the cache; return entry to picture. Runs in worker processes."""
    return {entry: _make_entry(task, entry, files) for entry, task in chunk}


def _make_entry(task: Task, entry: Path, files: Path) -> Picture:
    key, image_path, image_hash, alpha_path, alpha_hash = task
    image = _read_master(key, image_path, image_hash)
    alpha = _read_master(key, alpha_path, alpha_hash) if alpha_path else None
    try:
        picture, contents = derive(image, alpha)
    except (OSError, ValueError) as error:
        raise damaged(f"a picture of job {key[:12]}... cannot be read: {error}") from error
    with explained("write derived pictures to", files):
        for path, content in contents.items():
            _write(files / path, content)
        _write(entry, json.dumps(asdict(picture)).encode())
    return picture


def _read_master(key: str, path: str, expected: str) -> bytes:
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise damaged(f"the picture {Path(path).name[:12]}... of job {key[:12]}... is missing") from error
    if digest_bytes(data) != expected:
        raise damaged(f"the picture {path} does not match its hash")
    return data


def _write(path: Path, content: bytes) -> None:
    """Write through a temporary name. Not synced: :func:`read_entry` notices what a power cut took."""
    temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        temporary.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
    os.replace(temporary, path)


def read_entry(entry: Path, files: Path) -> Picture | None:
    """Return a cached picture, or None if it is not there, or anything about it is not as it was written."""
    try:
        values = json.loads(entry.read_bytes())
        raw, masked = (tuple(Derived(**file) for file in values[kind]) for kind in ("raw", "masked"))
        picture = Picture(str(values["colour"]), raw, masked)
        intact = all(os.stat(files / file.path).st_size == file.bytes for file in picture.files)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return picture if intact and raw else None


def damaged(problem: str) -> AtlasError:
    """Return the error for a damaged picture or record of the store."""
    return StoreError(problem, "run `atlas status --verify --repair` to render it again, then build again")
