"""Store: what was made and what it was made from, in plain folders.

Layout, all paths relative to the store::

    store.json                          format and schema version
    models/<fingerprint>.json           one model card per model
    footprints/<fingerprint>.json       how much memory a model's views take, and what fitted
    metrics/<name>.card.json            what each number says: one card for each that was measured
    methods/<name>-<version>.card.json  what each method does: one card for each that something was rendered with
    inputs/<sha256>                     files that are named by digest: spectra, directions, photos, lists of
                                        references, what studies ask
    photos/<sha256>.json                whom a photo among the inputs is owed to
    pictures/<sha256>.<type>            photos as networks were shown them: once for all records that show them
    objects/ab/<key>/<sha256>.<type>    files of a result, a rendering or an analysis of photos, named by content
    objects/ab/<key>/document.json      what it is, written last: if it is there, the result is complete
    objects/ab/<key>/attempts/<n>.json  failed attempts at it, kept so that a later run may retry
    leases/                             what runs that go on are making: see :mod:`atlas.store.leases`
    objects/incoming/                   files of results that are being written
    index/<writer>.log                  which results there are: see :mod:`atlas.store.index`
    selections/<name>.json              what each configuration is about: see :mod:`atlas.store.selections`

Every write is atomic and repeating one is harmless, so several processes or machines may share a store. Files of other
names are nobody's business here.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from atlas.core.analysis import Diversity, PhotoCredit
from atlas.core.attempt import Attempt
from atlas.core.canonical import digest_bytes
from atlas.core.footprint import Footprints
from atlas.core.method_card import MethodCard
from atlas.core.metric_card import MetricCard
from atlas.core.model_card import ModelCard
from atlas.core.record import Asset, Record
from atlas.errors import StoreError
from atlas.store.documents import REMEDY, Document, encode, parse
from atlas.store.files import read_bytes, write_atomic
from atlas.store.group import Group
from atlas.store.index import LOGS_KEPT, Entry, Index
from atlas.store.keyed import AnyDocument, decode_any, entry_of
from atlas.store.marker import check_marker, open_marker
from atlas.store.names import ATTEMPT, DIGEST, FILE, INCOMING, named, sharded
from atlas.store.parts import Cards, Contents, read_content
from atlas.store.selections import Selections
from atlas.store.snapshot import Snapshot
from atlas.store.table import make_table

if TYPE_CHECKING:
    import pyarrow

PartKind = Literal["card", "footprint", "metric", "method", "photo", "input", "picture"]
"""Kinds of what a store holds besides results and selections: cards of models, metrics and methods, models' use of
memory, credits of photos, what results name by digest, and pictures that several of them show."""
ATTEMPTS_KEPT = 3
"""Failed attempts at one key that are kept; the newest replaces the last."""


class Store:
    """An asset store at a path.

    Args:
        path: the store's folder.
        create: make it if it does not exist.
        damaged: open one whose ``store.json`` is lost or damaged as well, to verify and repair it.

    Raises:
        StoreError: there is no store and ``create`` is false, the folder holds something else, or it cannot be made.
        StoreSchemaError: another version of atlas wrote it.
    """

    def __init__(self, path: Path | str, create: bool = False, damaged: bool = False) -> None:
        self.path = Path(path)
        self.index = Index(self.path)
        self.selections = Selections(self.path)
        self.model_cards = Cards(
            self.path / "models", ModelCard, lambda card: card.identity.fingerprint, by_digest=True
        )
        self.footprints = Cards(self.path / "footprints", Footprints, lambda one: one.fingerprint, by_digest=True)
        self.metric_cards = Cards(self.path / "metrics", MetricCard, lambda card: card.name)
        self.method_cards = Cards(self.path / "methods", MethodCard, lambda card: card.key)
        self.credits = Cards(self.path / "photos", PhotoCredit, lambda credit: credit.digest, by_digest=True)
        self.inputs = Contents(self.path / "inputs", DIGEST)
        self.pictures = Contents(self.path / "pictures", FILE)
        (check_marker if damaged else open_marker)(self.path, create)

    @property
    def parts(self) -> "dict[PartKind, Cards[Any] | Contents]":
        """What the store holds besides results and selections, by kind."""
        return {
            "card": self.model_cards,
            "footprint": self.footprints,
            "metric": self.metric_cards,
            "method": self.method_cards,
            "photo": self.credits,
            "input": self.inputs,
            "picture": self.pictures,
        }

    # --- results -----------------------------------------------------------------------------------------------

    def folder(self, key: str) -> Path:
        """Return the folder of a result's document and files."""
        return self.path / "objects" / key[:2] / key

    def document_path(self, key: str) -> Path:
        """Return where the document of a result is stored."""
        return self.folder(key) / "document.json"

    @property
    def incoming(self) -> Path:
        """The folder of files of results that are being written."""
        return self.path / "objects" / INCOMING

    def has(self, key: str) -> bool:
        """Tell whether a result is complete; a rendering also if its unit is known to be dead."""
        return os.path.exists(self.document_path(key))

    def keys(self) -> list[str]:
        """Return the keys of all folders under ``objects``, sorted; one may hold only failed attempts."""
        return sharded(self.path / "objects")

    def read(self, key: str) -> Record:
        """Return the record of a complete rendering.

        Raises:
            StoreError: there is none, or it is damaged.
        """
        return self.document(Record, key)

    def document(self, model: type[Document], key: str) -> Document:
        """Return the document of a complete result whose kind is known.

        Raises:
            StoreError: there is none, or it is damaged, or of another kind.
        """
        path = self.document_path(key)
        return _of_key(parse(model, path), key, path)

    def any_document(self, key: str) -> AnyDocument:
        """Return the document of a complete result, whatever its kind.

        Raises:
            StoreError: there is none, or it is damaged.
        """
        path = self.document_path(key)
        return _of_key(decode_any(read_bytes(path), path), key, path)

    def records(self) -> Iterator[Record]:
        """Yield the record of every complete rendering, sorted by key.

        Raises:
            StoreError: a document is damaged.
        """
        for key in self.keys():
            if self.has(key) and isinstance(document := self.any_document(key), Record):
                yield document

    def table(self) -> "pyarrow.Table":
        """Return one row for every complete rendering, by key: what it is of, what was measured, how it was made.

        The columns are :data:`atlas.store.table.COLUMNS` and one for every number that was measured; each field's
        metadata says what it means, and its unit. ``.to_pandas()`` makes a data frame of it.

        Raises:
            StoreError: a document or a card is damaged.
            MissingExtraError: pyarrow, which the extra ``table`` brings, is not installed.
        """
        return make_table(
            self.records(), self.cards(), self.metrics(), lambda record: self.picture_path(record, "image")
        )

    def is_dead(self, key: str) -> bool:
        """Tell whether a rendering is known to be dead.

        Raises:
            StoreError: its record is damaged.
        """
        return self.has(key) and self.read(key).status == "dead"

    def snapshot(self) -> Snapshot:
        """Return what the store holds now, for questions about many results.

        Raises:
            StoreError: a folder cannot be listed.
        """
        return Snapshot(self)

    def tidy(self) -> None:
        """Put the logs of the index together, if there are many of processes that have ended.

        Raises:
            StoreError: the index cannot be written.
        """
        if len(ended := self.index.ended()) > LOGS_KEPT:
            there = self.snapshot()
            self.index.put_together(ended, there.entries.items(), there.doubtful)

    def commit(self, key: str, document: BaseModel, files: Mapping[str, bytes]) -> None:
        """Store a complete result: see :meth:`Commits.commit`.

        Raises:
            StoreError: the disk is full or cannot be written; the store stays as it was.
        """
        with self.together() as commits:
            commits.commit(key, document, files)

    @contextmanager
    def together(self) -> "Iterator[Commits]":
        """Yield what stores results that are there, all of them, once this context ends, also by an error.

        Raises:
            StoreError: the disk is full or cannot be written; those results that are there are whole.
        """
        commits = Commits(self)
        try:
            yield commits
        finally:
            commits.end()

    def outdated(self, key: str, document: BaseModel) -> bool:
        """Tell whether what is stored under a key was made when less was there than a new document has."""
        if isinstance(document, Diversity):
            return set(self.document(Diversity, key).pictures) < set(document.pictures)
        return isinstance(document, Record) and document.status == "done" and self.is_dead(key)

    def read_file(self, key: str, name: str) -> bytes:
        """Return one of the files of a result.

        Raises:
            StoreError: it is missing or damaged.
        """
        return read_content(self.folder(key) / name)

    def picture_path(self, record: Record, role: str) -> Path | None:
        """Return the path of a record's picture, or None if the record has none of that role."""
        asset = record.asset(role)
        return None if asset is None else self.asset_path(record, asset)

    def asset_path(self, record: Record, asset: Asset) -> Path:
        """Return the path of one of a record's pictures."""
        return self.pictures.path(asset.file_name) if asset.is_shared else self.folder(record.key) / asset.file_name

    # --- failures ----------------------------------------------------------------------------------------------

    def record_failure(self, attempt: Attempt) -> None:
        """Store a failed attempt beside where the result will be; three are kept, the newest replacing the third."""
        number = min(len(self._attempts(attempt.key)), ATTEMPTS_KEPT - 1)
        if attempt.is_quarantined:  # which a run that is killed now must not forget
            self.index.forget(attempt.key)
        path = self.folder(attempt.key) / "attempts" / f"{number}.json"
        write_atomic(path, encode(attempt), self.incoming)
        self.index.note([(attempt.key, entry_of(attempt))])

    def failure(self, key: str) -> Attempt | None:
        """Return the newest failed attempt at a result that is not complete, or None.

        Raises:
            StoreError: it is damaged.
        """
        attempts = self._attempts(key)
        if not attempts or self.has(key):
            return None
        return _of_key(parse(Attempt, attempts[-1]), key, attempts[-1])

    def is_quarantined(self, key: str) -> bool:
        """Tell whether the newest attempt at a result that is not complete ended its worker again and again.

        Raises:
            StoreError: it is damaged.
        """
        return (attempt := self.failure(key)) is not None and attempt.is_quarantined

    def failures(self) -> Iterator[Attempt]:
        """Yield the newest failed attempt at every result that has one and is not complete, sorted by key."""
        yield from filter(None, map(self.failure, self.keys()))

    def _attempts(self, key: str) -> list[Path]:
        folder = self.folder(key) / "attempts"
        return [folder / name for name in named(folder, ATTEMPT)] if os.path.isdir(folder) else []

    # --- parts: what results name, and cards -------------------------------------------------------------------

    def save_input(self, data: bytes) -> str:
        """Store a file that job parameters name by its digest, and return that digest (sha256)."""
        digest = digest_bytes(data)
        self.inputs.save(digest, data)
        return digest

    def input_path(self, digest: str) -> Path:
        """Return where the input of that digest is stored."""
        return self.inputs.path(digest)

    def input_keys(self) -> list[str]:
        """Return the digests of all inputs, sorted."""
        return self.inputs.names()

    def read_input(self, digest: str) -> bytes:
        """Return the bytes of an input.

        Raises:
            StoreError: it is missing or damaged.
        """
        return self.inputs.read(digest)

    def save_photo(self, credit: PhotoCredit) -> None:
        """Store whom a photo that jobs are about is owed to; a newer credit of the same photo replaces it."""
        self.credits.save(credit)

    def photo_credit(self, digest: str) -> PhotoCredit:
        """Return whom a photo is owed to.

        Raises:
            StoreError: there is no credit, it is damaged, or another photo's.
        """
        return self.credits.read(digest)

    def save_card(self, card: ModelCard) -> None:
        """Store a model's card; a newer one of the same fingerprint replaces it."""
        self.model_cards.save(card)

    def card(self, fingerprint: str) -> ModelCard:
        """Return a model's card.

        Raises:
            StoreError: there is none, it is damaged, or another model's.
        """
        return self.model_cards.read(fingerprint)

    def cards(self) -> dict[str, ModelCard]:
        """Return fingerprint to model card.

        Raises:
            StoreError: a card is damaged.
        """
        return self.model_cards.read_all()

    def save_metric(self, card: MetricCard) -> None:
        """Store what a number says; a newer card of the same name replaces it."""
        self.metric_cards.save(card)

    def metrics(self) -> dict[str, MetricCard]:
        """Return the cards of all numbers that were measured, by name.

        Raises:
            StoreError: a card is damaged.
        """
        return self.metric_cards.read_all()

    def save_method(self, card: MethodCard) -> None:
        """Store what a method does; a newer card of the same version of it replaces it."""
        self.method_cards.save(card)

    def methods(self) -> dict[str, MethodCard]:
        """Return the cards of all methods that something was rendered with, by name and version, e.g. ``maco-1``.

        Raises:
            StoreError: a card is damaged.
        """
        return self.method_cards.read_all()


class Commits:
    """Results that are stored together; from several threads, too.

    Args:
        store: where to.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._group = Group(store.incoming)
        self._notes: list[tuple[str, Entry]] = []

    def commit(self, key: str, document: BaseModel, files: Mapping[str, bytes]) -> None:
        """Store a complete result: its files first, its document last.

        One that is there already is left alone; but the record of a dead rendering is replaced by that of one that is
        done, and the diversity of pictures by one that has those done since as well, at once and whole.

        Args:
            files: name to content; a name is the sha256 of the content and an extension.

        Raises:
            StoreError: the disk is full or cannot be written; nothing of it will be there.
        """
        store = self._store
        replaces = store.has(key)
        if replaces and not store.outdated(key, document):
            return
        if isinstance(document, Record) and document.status == "failed":
            raise ValueError("a failed attempt is stored by record_failure")
        assets = document.assets if isinstance(document, Record) else ()
        shared = {asset.file_name for asset in assets if asset.is_shared}
        own = files.keys() - shared | {asset.file_name for asset in assets if not asset.is_shared}
        for name, data in files.items():
            if digest_bytes(data) != name.partition(".")[0]:
                raise ValueError(f"the file {name} of {key} is not what its name says")
            if name in shared:
                store.pictures.save(name, data)
        if replaces:
            store.index.forget(key)
        self._group.add(
            [(store.folder(key) / name, data) for name, data in files.items() if name in own],
            (store.document_path(key), encode(document)),
        )
        self._notes.append((key, entry_of(document)))

    def end(self) -> None:
        """Let all be there."""
        self._group.end()
        self._store.index.note(self._notes)


def _of_key(document: Document, key: str, path: Path) -> Document:
    """Return a document, if it is the one of that key.

    Raises:
        StoreError: it is another one's.
    """
    named_key = getattr(document, "key", key)
    if named_key != key:
        raise StoreError(f"{path} describes another result ({named_key[:12]}...)", REMEDY)
    return document
