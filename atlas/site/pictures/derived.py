"""The cache of derived pictures: one entry per task, made once, in parallel, and kept across builds.

A task is one master, the sprites of one class's concepts, or the maps of one class's channels. Layout, inside the
store's folder (records are the truth, this is only saved work: deleting it is safe)::

    derived/ab/<entry>.json      what was made in one task: paths, sizes, average colour; written last
    derived/files/ab/<rest>.webp the files, named by their content
"""

import json
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from atlas.core.analysis import ClassConcepts, Sprite
from atlas.core.canonical import digest, digest_bytes
from atlas.core.data_files import read_json
from atlas.core.record import Asset, Record
from atlas.errors import AtlasError, DataFileError, SiteError, StoreError
from atlas.site.pictures.copying import named_digest
from atlas.site.pictures.overlays import CARDS, OVERLAY_RECIPE, Grid, Overlays, derive_overlays
from atlas.site.pictures.picture import RECIPE, Derived, Picture, derive
from atlas.site.pictures.signed_maps import SIGNED_RECIPE, derive_signed
from atlas.store import Store
from atlas.store.files import explained, temporary_beside

CHUNK = 16
"""Masters per task of a process: large enough that handing over costs nothing, small enough for smooth progress."""
WORTH_PROCESSES = 48
"""Fewer new tasks than this are done in this process: starting others takes longer."""
OTHER_ROLES = ("photo", "perturbation")
"""Roles of pictures besides the image and its transparency map."""

ENDING = {signal.SIGINT, signal.SIGTERM}
"""Signals that ask a build to end."""

Made = Picture | Overlays


class Source(NamedTuple):
    """One file that something is derived from. ``grid`` if it is a sprite."""

    path: str
    sha256: str
    grid: Grid | None = None


class SignedMaps(NamedTuple):
    """Maps of both signs that are asked for: ``sprites`` of the finding with that key, and which ``cells`` of them."""

    key: str
    sprites: tuple[Sprite, ...]
    cells: tuple[int, ...]


Wanted = Record | ClassConcepts | SignedMaps
"""What pictures are derived of."""


class Task(NamedTuple):
    """One thing to derive: a master, with its map if it has one; or a class's sprites of patches and of heat maps; or
    cells of sprites of both signs.

    Attributes:
        owner: whose files they are, in words. key: of the record or analysis.
        role: which of a record's pictures. crop: see :func:`atlas.site.pictures.picture.derive`.
    """

    owner: str
    key: str
    role: str = "image"
    crop: bool = True
    masters: tuple[Source, ...] = ()
    patches: tuple[Source, ...] = ()
    heats: tuple[Source, ...] = ()
    signed: tuple[Source, ...] = ()
    cells: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Name of its entry in the cache, from all that decides what is made."""
        if self.masters:
            whole = [] if self.crop else ["whole"]
            return digest([RECIPE, *(source.sha256 for source in self.masters), *whole])[:32]
        if self.signed:
            return digest([SIGNED_RECIPE, [(source.sha256, source.grid) for source in self.signed], self.cells])[:32]
        listed = [[(source.sha256, source.grid) for source in sources] for sources in (self.patches, self.heats)]
        return digest([OVERLAY_RECIPE, *listed])[:32]


class DerivedPictures:
    """The derived pictures of a store, made ahead in other processes while the caller uses those that are done.

    Args:
        store: where masters and the cache are.
        wanted: records, documents of concepts and maps whose pictures will be asked for, in that order.

    Raises:
        StoreError: a record lacks its image.
    """

    def __init__(self, store: Store, wanted: Iterable[Wanted]) -> None:
        self._store = store
        self._folder = store.path / "derived"
        self.files = self._folder / "files"
        self._entries: dict[tuple[str, str], Path] = {}
        self._found: dict[Path, Made] = {}
        missing: dict[Path, Task] = {}
        for task in chain.from_iterable(map(self._tasks, wanted)):
            entry = self._entries[task.key, task.role] = self._folder / task.name[:2] / f"{task.name}.json"
            if entry not in self._found and entry not in missing:
                known = read_entry(entry, self.files)
                if known is None:
                    missing[entry] = task
                else:
                    self._found[entry] = known
        self.rendered = len(missing)
        """How many tasks have to be done, rather than found."""
        self.total = len(missing) + len(self._found)
        """How many tasks there are."""
        self.to_make = tuple(missing.values())
        """The tasks that have to be done."""
        self._coming = self._make(list(missing.items()))

    @property
    def done(self) -> int:
        """How many tasks are done."""
        return len(self._found)

    def get(self, record: Record, role: str = "image") -> Picture | None:
        """Return a picture of a record, waiting for it if need be; None for a record without one.

        Args:
            role: ``image``, ``photo`` or ``perturbation``.

        Raises:
            StoreError: a master is missing or damaged, or the cache cannot be written.
        """
        made = self._wait(record.key, role)
        return made if isinstance(made, Picture) else None

    def overlays(self, key: str) -> Overlays:
        """Return what is derived of the class whose analysis or finding has that key, waiting for it if need be.

        Raises:
            StoreError: a sprite is missing or damaged, or the cache cannot be written.
        """
        made = self._wait(key, "image")
        return made if isinstance(made, Overlays) else Overlays((), ())

    def _wait(self, key: str, role: str) -> Made | None:
        entry = self._entries.get((key, role))
        if entry is None:
            return None
        while entry not in self._found:
            self._found.update(next(self._coming))
        return self._found[entry]

    def close(self) -> None:
        """Stop what is still being made."""
        self._coming.close()

    def _tasks(self, item: Wanted) -> Iterable[Task]:
        if isinstance(item, SignedMaps):
            signed = tuple(self._sprite(item.key, sprite) for sprite in item.sprites)
            return (Task("analysis", item.key, signed=signed, cells=item.cells),) if signed else ()
        return self._class_task(item) if isinstance(item, ClassConcepts) else self._record_tasks(item)

    def _record_tasks(self, record: Record) -> Iterator[Task]:
        """Yield the tasks of a record's pictures: its image with its map, the photo it is about, its perturbation."""
        if record.status != "done":
            return
        image, alpha = record.asset("image"), record.asset("alpha")
        if image is None:
            raise damaged(f"the record {record.key[:12]}... is done but has no image")
        from_photo = record.job.target.photo is not None
        masters = tuple(self._source(record, asset) for asset in (image, alpha) if asset)
        yield Task("job", record.key, crop=not from_photo, masters=masters)
        for role in OTHER_ROLES:
            asset = record.asset(role)
            if asset is not None:
                yield Task("job", record.key, role, crop=False, masters=(self._source(record, asset),))

    def _source(self, record: Record, asset: Asset) -> Source:
        return Source(str(self._store.asset_path(record, asset)), asset.sha256)

    def _class_task(self, document: ClassConcepts) -> tuple[Task, ...]:
        patches = tuple(self._sprite(document.key, concept.sprite) for concept in document.concepts[:CARDS])
        heats = tuple(self._sprite(document.key, concept.heat_sprite) for concept in document.concepts)
        return (Task("analysis", document.key, patches=patches, heats=heats),) if heats else ()

    def _sprite(self, key: str, sprite: Sprite) -> Source:
        grid = Grid(sprite.cell, sprite.columns, sprite.count)
        return Source(str(self._store.folder(key) / sprite.name), sprite.name.partition(".")[0], grid)

    def _make(self, work: list[tuple[Path, Task]]) -> Generator[dict[Path, Made], None, None]:
        """Yield what was made, chunk by chunk, in the order of ``work``."""
        chunks = [work[start : start + CHUNK] for start in range(0, len(work), CHUNK)]
        if len(work) < WORTH_PROCESSES:
            yield from (make_entries(chunk, self.files) for chunk in chunks)
            return
        # Not fork: the caller may hold threads (torch, ray), whose locks a forked child would inherit locked.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=context, initializer=_follow_parent) as pool:
            try:
                with _signals_held():
                    futures = deque(pool.submit(make_entries, chunk, self.files) for chunk in chunks)
                while futures:
                    yield futures.popleft().result()
            except BrokenProcessPool as error:
                raise SiteError(
                    "a process that makes the site's pictures was ended from outside, perhaps for lack of memory",
                    "free some memory and build again: what was made is kept",
                ) from error
            finally:
                pool.shutdown(cancel_futures=True)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the body is done: a worker that is half started would end in a traceback.

    Processes that are started in it inherit the mask; :func:`_follow_parent` ends it for them. It holds this thread
    alone: a signal that another one takes (a library's) calls the handler in the main thread all the same.
    """
    if sys.platform == "win32":
        yield
        return
    came: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.signal(number, lambda number, _: came.append(number)) for number in ENDING}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if handler is not None:
                signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for one in dict.fromkeys(came):
            signal.raise_signal(one)


def _follow_parent() -> None:
    """Let this worker end when the build has ended, however that ended, and leave Ctrl-C to the build."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()


def make_entries(chunk: list[tuple[Path, Task]], files: Path) -> dict[Path, Made]:
    """Do a chunk of tasks and put what they make into the cache; return entry to that. Runs in worker processes."""
    return {entry: _make_entry(task, entry, files) for entry, task in chunk}


def _make_entry(task: Task, entry: Path, files: Path) -> Made:
    made: Made
    try:
        if task.masters:
            image, *alpha = (_read(source, task) for source in task.masters)
            made, contents = derive(image, alpha[0] if alpha else None, task.crop)
        elif task.signed:
            made, contents = derive_signed(_sprites(task.signed, task), task.cells)
        else:
            made, contents = derive_overlays(_sprites(task.patches, task), _sprites(task.heats, task))
    except (OSError, ValueError) as error:
        raise damaged(f"a picture of {task.owner} {task.key[:12]}... cannot be read: {error}") from error
    with explained("write derived pictures to", files):
        for path, content in contents.items():
            _write(files / path, content)
        _write(entry, json.dumps(asdict(made)).encode())
    return made


def _sprites(sources: Iterable[Source], task: Task) -> list[tuple[bytes, Grid]]:
    return [(_read(source, task), source.grid) for source in sources if source.grid is not None]


def _read(source: Source, task: Task) -> bytes:
    name = Path(source.path).name
    try:
        data = Path(source.path).read_bytes()
    except FileNotFoundError as error:
        raise damaged(f"the picture {name[:12]}... of {task.owner} {task.key[:12]}... is missing") from error
    if digest_bytes(data) != source.sha256:
        raise damaged(f"the picture {source.path} does not match its hash")
    return data


def _write(path: Path, content: bytes) -> None:
    """Write through a temporary name. Not synced: :func:`read_entry` notices what a power cut took."""
    temporary = temporary_beside(path)
    try:
        temporary.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
    os.replace(temporary, path)


def read_entry(entry: Path, files: Path) -> Made | None:
    """Return what the cache has of a task, or None if it is not there or not as it was written, to the last bit."""
    made: Made
    try:
        values = read_json(entry, "entry of derived pictures")
        listed = {
            kind: tuple(Derived(**file) for file in member) for kind, member in values.items() if kind != "colour"
        }
        made = Picture(str(values["colour"]), **listed) if "colour" in values else Overlays(**listed)
        intact = all(
            digest_bytes((files / file.path).read_bytes()).startswith(named_digest(file.path)) for file in made.files
        )
    except (DataFileError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return made if intact and made.files else None


def damaged(problem: str) -> AtlasError:
    """Return the error for a damaged picture or record of the store."""
    return StoreError(problem, "run `atlas status --verify --repair` to make it again, then build again")
