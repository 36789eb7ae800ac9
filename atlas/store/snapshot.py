"""Snapshot: what a store held at one moment, by key."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from atlas.core.attempt import Attempt
from atlas.errors import StoreError
from atlas.store.documents import Document
from atlas.store.files import read_bytes
from atlas.store.index import Entry, Index
from atlas.store.keyed import entry_in, entry_of
from atlas.store.names import DIGEST, names_in, shards


class Results(Protocol):
    """What a snapshot asks a store: see :class:`atlas.store.store.Store`."""

    path: Path
    index: Index

    def has(self, key: str) -> bool:
        """Tell whether a result is complete."""

    def document_path(self, key: str) -> Path:
        """Return where the document of a result is stored."""

    def document(self, model: type[Document], key: str) -> Document:
        """Return the document of a complete result whose kind is known."""

    def failure(self, key: str) -> Attempt | None:
        """Return the newest failed attempt at a result that is not complete, or None."""


class Snapshot:
    """What a store held when it was made; it answers like the store itself, without a look at the disk.

    What the index tells is believed of every result whose folder is there; that one failed, unless it was made since.
    What it does not tell is looked at and noted, so that a store without an index, with a part of one, or into which
    results were copied is read as it is, once slowly. To remove a result by hand is to remove its folder: that its
    document alone is gone, or damaged, only ``atlas status --verify`` notices.

    Attributes:
        doubtful: keys of which the index is not to be relied on, so that they were looked at.

    Raises:
        StoreError: a folder cannot be listed.
    """

    def __init__(self, store: Results) -> None:
        self._store = store
        self._entries: dict[str, Entry] = {}
        self._damaged: set[str] = set()
        told, self.doubtful = store.index.read()
        fresh: list[tuple[str, Entry]] = []
        for shard in shards(store.path / "objects"):
            for key in names_in(shard):
                entry = told.pop(key, None)
                if entry is not None and not (entry.status == "failed" and store.has(key)):
                    self._entries[key] = entry
                elif DIGEST.fullmatch(key) and key.startswith(shard.name):
                    self._look_at(key)
                    if key not in self.doubtful and key in self._entries:
                        fresh.append((key, self._entries[key]))
        store.index.note(fresh)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """What is known, by key: of complete results, and of failed attempts at others."""
        return self._entries

    def has(self, key: str) -> bool:
        """See :meth:`Store.has`."""
        entry = self._entries.get(key)
        return key in self._damaged if entry is None else entry.is_complete

    def is_dead(self, key: str) -> bool:
        """See :meth:`Store.is_dead`."""
        return (entry := self._entries.get(key)) is not None and entry.status == "dead"

    def is_quarantined(self, key: str) -> bool:
        """Tell whether the newest attempt at a result ended its worker again and again."""
        return (entry := self._entries.get(key)) is not None and entry.status == "quarantined"

    def document(self, model: type[Document], key: str) -> Document:
        """See :meth:`Store.document`."""
        return self._store.document(model, key)

    def complete(self, keys: Collection[str]) -> Iterator[str]:
        """Yield those of some keys that have a complete result."""
        return (key for key in keys if self.has(key))

    def _look_at(self, key: str) -> None:
        """Note what a result's folder tells; nothing of an empty one. A damaged document is there, as repair finds."""
        store = self._store
        if store.has(key):
            path = store.document_path(key)
            try:
                self._entries[key] = entry_in(read_bytes(path), key, path)
            except StoreError:
                self._damaged.add(key)
            return
        with suppress(StoreError):  # a damaged one is as none: the result is tried again
            if (attempt := store.failure(key)) is not None:
                self._entries[key] = entry_of(attempt)
