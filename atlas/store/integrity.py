"""Integrity: does the store still hold what its records say?"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from atlas.core.canonical import digest_bytes
from atlas.errors import StoreError
from atlas.store.files import TEMPORARY_PREFIX, explained, is_abandoned
from atlas.store.store import Store

FILE_NAME = re.compile(r'"([0-9a-f]{64}\.[a-z]+)"')
"""A file of an analysis, as its document names it."""


@dataclass(frozen=True)
class Damage:
    """One thing that is wrong.

    Attributes:
        key: of the job; for a model's card its fingerprint, for an input its digest.
        problem: a sentence for a person.
    """

    key: str
    problem: str


def verify(store: Store) -> Iterator[Damage]:
    """Read everything in the store again: records, failed attempts, pictures, analyses, cards, inputs; yield damage."""
    for key in store.job_keys():
        yield from _job_damage(store, key)
    for key in store.analyses.all_keys():
        yield from _analysis_damage(store, key)
    for fingerprint in store.card_keys():
        try:
            card = store.card(fingerprint)
        except StoreError as error:
            yield Damage(fingerprint, error.message)
            continue
        if card.identity.fingerprint != fingerprint:
            yield Damage(fingerprint, f"the model card describes another model ({card.name})")
    for digest in store.photo_keys():
        try:
            store.photo_credit(digest)
        except StoreError as error:
            yield Damage(digest, error.message)
    for digest in store.input_keys():
        try:
            store.read_input(digest)
        except StoreError as error:
            yield Damage(digest, error.message)


def _job_damage(store: Store, key: str) -> Iterator[Damage]:
    try:
        record = store.read(key) if store.has(key) else store.failure(key)
    except StoreError as error:
        yield Damage(key, error.message)
        return
    if record is None:
        return
    if record.key != key or record.job.key != key:
        yield Damage(key, f"the record describes another job ({record.job.key[:12]}...)")
        return
    for asset in record.assets:
        path = store.folder(key) / asset.file_name
        try:
            sound = digest_bytes(path.read_bytes()) == asset.sha256
        except FileNotFoundError:
            yield Damage(key, f"the {asset.role} {asset.file_name[:12]}... is missing")
        except OSError as error:
            yield Damage(key, f"the {asset.role} {asset.file_name[:12]}... cannot be read: {error.strerror}")
        else:
            if not sound:
                yield Damage(key, f"the {asset.role} {asset.file_name[:12]}... does not match its hash")


def _analysis_damage(store: Store, key: str) -> Iterator[Damage]:
    if not store.analyses.has(key):
        return
    try:
        text = store.analyses.read_text(key)
    except StoreError as error:
        yield Damage(key, error.message)
        return
    for name in sorted(set(FILE_NAME.findall(text))):
        try:
            store.analyses.read_file(key, name)
        except StoreError as error:
            yield Damage(key, error.message)


def discard(store: Store, key: str) -> None:
    """Remove what is stored under a damaged key, the record or document first; the next run makes it again."""
    folder = store.folder(key)
    with explained("remove what is damaged in", store.path):
        for path in (folder / "record.json", store.card_path(key), store.input_path(key), store.photo_path(key)):
            if path.is_file():
                path.unlink()
        (store.analyses.folder(key) / "analysis.json").unlink(missing_ok=True)
        for place in (folder, store.analyses.folder(key)):
            if place.is_dir():
                shutil.rmtree(place)


def sweep(store: Store) -> int:
    """Remove temporary files whose writer on this host was killed; return how many there were."""
    count = 0
    with explained("clean up", store.path):
        for path in store.path.rglob(f"{TEMPORARY_PREFIX}*"):
            if is_abandoned(path):
                path.unlink(missing_ok=True)
                count += 1
    return count
