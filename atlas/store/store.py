"""Store: records and pictures in plain folders.

Layout, all paths relative to the store::

    store.json                          format and schema version
    models/<fingerprint>.json           one model card per model
    metrics/<name>.json                 what each number says: one card for each that was measured
    inputs/<sha256>                     files that jobs name by digest: spectra, directions, photos, lists of references
    photos/<sha256>.json                whom a photo among the inputs is owed to
    objects/ab/<key>/<sha256>.png       pictures, named by their content
    objects/ab/<key>/record.json        the record, written last: if it is there, the job is complete
    objects/ab/<key>/attempts/<n>.json  records of failed attempts, kept so that a later run may retry
    analyses/ab/<key>/                  what photos tell about a model: see :mod:`atlas.store.analyses`
    selections/<name>.json              what each configuration is about: see :mod:`atlas.store.selections`

Every write is atomic and repeating one is harmless, so several processes or machines may share a store. Files of other
names are nobody's business here.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from atlas.core.analysis import PhotoCredit
from atlas.core.canonical import digest_bytes
from atlas.core.metric_card import MetricCard
from atlas.core.model_card import ModelCard
from atlas.core.record import Record
from atlas.errors import StoreError
from atlas.store.analyses import Analyses
from atlas.store.cards import Cards
from atlas.store.documents import REMEDY, encode, parse
from atlas.store.files import read_bytes, write_atomic, write_changed
from atlas.store.marker import check_marker, open_marker
from atlas.store.names import ATTEMPT, DIGEST, DIGEST_JSON, named, sharded
from atlas.store.selections import Selections


class Store:
    """An asset store at a path.

    Args:
        path: the store's folder.
        create: make it if it does not exist.
        damaged: open one whose ``store.json`` is lost or damaged as well, to verify and repair it.

    Raises:
        StoreError: there is no store and ``create`` is false, the folder holds something else, or it cannot be made.
        StoreSchemaError: a newer version of atlas wrote it.
    """

    def __init__(self, path: Path | str, create: bool = False, damaged: bool = False) -> None:
        self.path = Path(path)
        self.analyses = Analyses(self.path)
        self.selections = Selections(self.path)
        self.metric_cards = Cards(self.path / "metrics", MetricCard)
        (check_marker if damaged else open_marker)(self.path, create)

    # --- records -----------------------------------------------------------------------------------------------

    def folder(self, key: str) -> Path:
        """Return the folder of a job's record and pictures."""
        return self.path / "objects" / key[:2] / key

    def has(self, key: str) -> bool:
        """Tell whether the job is complete: done, or known to be dead."""
        return os.path.exists(self.folder(key) / "record.json")

    def is_dead(self, key: str) -> bool:
        """Tell whether the job is known to be dead.

        Raises:
            StoreError: its record is damaged.
        """
        return self.has(key) and self.read(key).status == "dead"

    def job_keys(self) -> list[str]:
        """Return the keys of all folders under ``objects``, sorted; a key may hold only failed attempts."""
        return sharded(self.path / "objects")

    def read(self, key: str) -> Record:
        """Return the record of a complete job.

        Raises:
            StoreError: there is none, or it is damaged.
        """
        return self._record(key, self.folder(key) / "record.json")

    def records(self) -> Iterator[Record]:
        """Yield every complete record, sorted by key.

        Raises:
            StoreError: a record is damaged.
        """
        for key in self.job_keys():
            if self.has(key):
                yield self.read(key)

    def commit(self, record: Record, pictures: Mapping[str, bytes]) -> None:
        """Store a complete job: its pictures first, its record last.

        A job that is done already is left alone. A record of a dead one is replaced, at once and whole.

        Args:
            record: status ``done`` or ``dead``.
            pictures: role to encoded bytes, one for each of the record's assets.

        Raises:
            StoreError: the disk is full or cannot be written; the store stays as it was.
        """
        if record.status == "failed":
            raise ValueError("a failed record is stored by record_failure")
        if self.has(record.key) and not self.is_dead(record.key):
            return
        folder = self.folder(record.key)
        for asset in record.assets:
            data = pictures[asset.role]
            if digest_bytes(data) != asset.sha256:
                raise ValueError(f"the {asset.role} of {record.key} is not what its record says")
            write_atomic(folder / asset.file_name, data)
        write_atomic(folder / "record.json", encode(record))

    def _record(self, key: str, path: Path) -> Record:
        record = parse(Record, path)
        if record.key != key:
            raise StoreError(f"{path}: the record describes another job ({record.key[:12]}...)", REMEDY)
        return record

    def picture_path(self, record: Record, role: str) -> Path | None:
        """Return the path of a record's picture, or None if the record has none of that role."""
        asset = record.asset(role)
        return None if asset is None else self.folder(record.key) / asset.file_name

    # --- failures ----------------------------------------------------------------------------------------------

    def record_failure(self, record: Record) -> None:
        """Store a failed attempt beside where the record will be; three are kept, the newest replacing the third."""
        attempts = self.folder(record.key) / "attempts"
        number = min(len(self._attempts(record.key)), 2)
        write_atomic(attempts / f"{number}.json", encode(record))

    def failure(self, key: str) -> Record | None:
        """Return the newest failed attempt of a job that is not complete, or None."""
        attempts = self._attempts(key)
        if not attempts or self.has(key):
            return None
        return self._record(key, attempts[-1])

    def failures(self) -> Iterator[Record]:
        """Yield the newest failed attempt of every job that has one and is not complete, sorted by key."""
        for key in self.job_keys():
            record = self.failure(key)
            if record is not None:
                yield record

    def _attempts(self, key: str) -> list[Path]:
        folder = self.folder(key) / "attempts"
        return [folder / name for name in named(folder, ATTEMPT)] if os.path.isdir(folder) else []

    # --- inputs ------------------------------------------------------------------------------------------------

    def save_input(self, data: bytes) -> str:
        """Store a file that job parameters name by its digest, and return that digest (sha256)."""
        digest = digest_bytes(data)
        write_changed(self.input_path(digest), data)
        return digest

    def input_path(self, digest: str) -> Path:
        """Return where the input of that digest is stored."""
        return self.path / "inputs" / digest

    def input_keys(self) -> list[str]:
        """Return the digests of all inputs, sorted."""
        return named(self.path / "inputs", DIGEST)

    def read_input(self, digest: str) -> bytes:
        """Return the bytes of an input.

        Raises:
            StoreError: it is missing or damaged.
        """
        path = self.input_path(digest)
        if not os.path.lexists(path):
            raise StoreError(f"{path}, which jobs name, is lost", REMEDY)
        data = read_bytes(path)
        if digest_bytes(data) != digest:
            raise StoreError(f"{path} does not match its name", REMEDY)
        return data

    # --- photos ------------------------------------------------------------------------------------------------

    def save_photo(self, credit: PhotoCredit) -> None:
        """Store whom a photo that jobs are about is owed to; a newer credit of the same photo replaces it."""
        write_changed(self.photo_path(credit.digest), encode(credit))

    def photo_path(self, digest: str) -> Path:
        """Return where the credit of the photo of that digest is stored."""
        return self.path / "photos" / f"{digest}.json"

    def photo_keys(self) -> list[str]:
        """Return the digests of all photos with a credit, sorted."""
        return named(self.path / "photos", DIGEST_JSON)

    def photo_credit(self, digest: str) -> PhotoCredit:
        """Return whom a photo is owed to.

        Raises:
            StoreError: there is no credit, it is damaged, or another photo's.
        """
        credit = parse(PhotoCredit, self.photo_path(digest))
        if credit.digest != digest:
            raise StoreError(f"{self.photo_path(digest)} is about another photo ({credit.digest[:12]}...)", REMEDY)
        return credit

    # --- model cards -------------------------------------------------------------------------------------------

    def save_card(self, card: ModelCard) -> None:
        """Store a model's card; a newer one of the same fingerprint replaces it."""
        write_changed(self.card_path(card.identity.fingerprint), encode(card))

    def card_path(self, fingerprint: str) -> Path:
        """Return where the card of the model with that fingerprint is stored."""
        return self.path / "models" / f"{fingerprint}.json"

    def card_keys(self) -> list[str]:
        """Return the fingerprints of all model cards, sorted."""
        return named(self.path / "models", DIGEST_JSON)

    def card(self, fingerprint: str) -> ModelCard:
        """Return a model's card.

        Raises:
            StoreError: there is none, it is damaged, or another model's.
        """
        card = parse(ModelCard, self.card_path(fingerprint))
        if card.identity.fingerprint != fingerprint:
            raise StoreError(f"{self.card_path(fingerprint)} is about another model", REMEDY)
        return card

    def cards(self) -> dict[str, ModelCard]:
        """Return fingerprint to model card.

        Raises:
            StoreError: a card is damaged.
        """
        return {fingerprint: self.card(fingerprint) for fingerprint in self.card_keys()}

    # --- cards of metrics --------------------------------------------------------------------------------------

    def save_metric(self, card: MetricCard) -> None:
        """Store what a number says; a newer card of the same name replaces it."""
        self.metric_cards.save(card.name, card)

    def metrics(self) -> dict[str, MetricCard]:
        """Return the cards of all numbers that were measured, by name.

        Raises:
            StoreError: a card is damaged.
        """
        return self.metric_cards.read_all()
