"""Repair: damaged things are removed, so that they can be made again; what the store did not write is kept."""

import os
import re
from contextlib import suppress
from pathlib import Path

from atlas.store.files import TEMPORARY_PREFIX, explained, is_abandoned, remove
from atlas.store.marker import write_marker
from atlas.store.names import ATTEMPT, FILE, FOLDERS, INCOMING, INDEX
from atlas.store.store import Store
from atlas.store.survey import Damage

DOCUMENT = re.compile(r"document\.json")


def discard(store: Store, damage: Damage) -> None:
    """Remove what is damaged, or stands where something belongs; a result's document first.

    The marker is written anew at once.

    Raises:
        StoreError: it cannot be removed.
    """
    with explained("remove what is damaged in", store.path):
        if damage.kind == "store":
            write_marker(store.path)
        elif damage.kind == "result":
            discard_result(store, damage.key)
        elif damage.kind == "folder":
            _remove_what_is_no_folder(store.path / damage.key)
        elif damage.kind == "derived":
            remove(store.path / damage.key)
        elif damage.kind == "selection":
            remove(store.selections.file(damage.key))
        else:
            remove(store.parts[damage.kind].path(damage.key))


def discard_result(store: Store, key: str) -> None:
    """Remove what is stored of a result: its document, its failed attempts and its files."""
    folder = store.folder(key)
    store.index.forget(key)
    if not _remove_what_is_no_folder(folder):
        _clear(folder, DOCUMENT)
        if not _remove_what_is_no_folder(folder / "attempts"):
            _clear(folder / "attempts", ATTEMPT)
        _clear(folder, FILE)
        _remove_if_empty(folder / "attempts", folder)


def sweep(*folders: Path, within: bool = True) -> int:
    """Remove temporary files that no one is writing any more; return how many there were.

    Args:
        within: also in all folders in these.
    """
    count = 0
    for folder in folders:
        with explained("clean up", folder):
            for place, inner, names in os.walk(folder):
                if not within:
                    inner.clear()
                for name in names:
                    if name.startswith(TEMPORARY_PREFIX) and is_abandoned(Path(place, name)):
                        Path(place, name).unlink(missing_ok=True)
                        count += 1
    return count


def sweep_store(store: Path) -> int:
    """Remove what killed writers of a store left where they write first; see :func:`sweep`."""
    writing = [name for name in FOLDERS if name != "objects"]
    return sweep(store, *(store / name for name in (*writing, INDEX)), store / "objects" / INCOMING, within=False)


def _remove_what_is_no_folder(path: Path) -> bool:
    """Remove what stands in the place of a folder; return whether the folder is not there."""
    if path.is_dir():
        return False
    remove(path)
    return True


def _clear(folder: Path, pattern: re.Pattern[str]) -> None:
    """Remove what has such names from a folder."""
    for name in os.listdir(folder):
        if pattern.fullmatch(name):
            remove(folder / name)


def _remove_if_empty(*folders: Path) -> None:
    for folder in folders:
        with suppress(OSError):  # it holds something else
            folder.rmdir()
