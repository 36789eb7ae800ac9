"""store.json: what says that a folder is a store, and of which version."""

import os
from pathlib import Path

from atlas.core.job import Frozen
from atlas.core.record import SCHEMA_VERSION
from atlas.core.system_files import is_system
from atlas.errors import StoreError, StoreSchemaError
from atlas.store.documents import encode, parse
from atlas.store.files import explained, remove, write_atomic
from atlas.store.names import DERIVED, DIGEST, DIGEST_JSON, FILE, FOLDERS, INDEX, LEASES, SELECTION, named, sharded

FORMAT = "lens-atlas-store"
NAME = "store.json"
REMEDY = "run `atlas status --repair`, which makes it again"
OWN_NAMES, TELLING_NAMES = {*FOLDERS, DERIVED, INDEX, LEASES}, {"objects", "selections"}
"""What is in a store, and what of that is in no other folder that people keep: "models" and "photos" may be."""


class Marker(Frozen):
    """The content of ``store.json``."""

    format: str
    schema_version: int


def is_absent(store: Path) -> bool:
    """Tell whether a store could still be made there: nothing is, or an empty folder.

    Raises:
        StoreError: the folder cannot be listed, or is a file.
    """
    return not _content(store)


def open_marker(store: Path, create: bool) -> None:
    """Look whether a folder is a store that can be used; make it one if it is empty and ``create`` says so.

    Raises:
        StoreError: it is none, or its marker is lost or damaged.
        StoreSchemaError: another version of atlas wrote it.
    """
    path = store / NAME
    # Looked at before the marker: a store that another run makes meanwhile has its marker before all else.
    content = _content(store)
    if os.path.lexists(path):
        _check(store)
    elif content:
        raise _lost(store, content)
    elif create:
        write_marker(store)
    else:
        raise StoreError(f"there is no store at {store}", "run `atlas render` first, or check the store path")


def check_marker(store: Path, create: bool) -> None:
    """As :func:`open_marker`, of a store whose marker may be lost or damaged; it is left as it is."""
    try:
        open_marker(store, create)
    except StoreSchemaError:
        raise
    except StoreError as error:
        if error.remedy != REMEDY:
            raise


def write_marker(store: Path) -> None:
    """Write the marker, in the place of whatever is there."""
    if os.path.isdir(store / NAME):  # anything else is replaced
        with explained("write", store / NAME):
            remove(store / NAME)
    write_atomic(store / NAME, encode(Marker(format=FORMAT, schema_version=SCHEMA_VERSION)))


def marker_problem(store: Path) -> str:
    """Return what is wrong with the marker of a store; empty if nothing is."""
    try:
        open_marker(store, create=False)
    except StoreError as error:
        return error.message
    return ""


def _check(store: Path) -> None:
    try:
        marker = parse(Marker, store / NAME)
    except StoreSchemaError:
        raise
    except StoreError as error:
        raise StoreError(error.message, REMEDY) from error
    if marker.format != FORMAT:
        raise StoreError(f"{store} is a store of another program", "set another store path")


def _content(store: Path) -> set[str]:
    """Return the names of what people or programs put into a folder; hidden files and a system's are nothing."""
    with explained("read the store at", store):
        if not os.path.lexists(store):
            return set()
        if not store.is_dir() and not store.is_symlink():
            raise StoreError(f"{store} exists and is no atlas store", "set another store path")
        return {name for name in os.listdir(store) if not is_system(name)}


def _lost(store: Path, content: set[str]) -> StoreError:
    """Return the error for a folder without a marker: a store that has lost it, or something else."""
    if _holds_documents(store) or (content <= OWN_NAMES and not content.isdisjoint(TELLING_NAMES)):
        return StoreError(f"{store / NAME} is lost", REMEDY)
    return StoreError(f"{store} exists and is no atlas store", "set another store path")


def _holds_documents(store: Path) -> bool:
    """Tell whether anything lies where a store keeps it; a project may have a folder ``photos`` or ``models`` too."""
    patterns = {
        "models": DIGEST_JSON,
        "inputs": DIGEST,
        "photos": DIGEST_JSON,
        "pictures": FILE,
        "selections": SELECTION,
    }
    flat = any(named(store / name, pattern) for name, pattern in patterns.items() if (store / name).is_dir())
    objects = store / "objects"
    return flat or (objects.is_dir() and bool(sharded(objects))) or (store / DERIVED / "files").is_dir()
