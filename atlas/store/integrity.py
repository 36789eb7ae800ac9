"""Integrity: does the store still hold what its records say?"""

from collections.abc import Iterator
from dataclasses import dataclass

from atlas.core.canonical import digest_bytes
from atlas.errors import StoreError
from atlas.store.files import TEMPORARY_PREFIX, explained, is_abandoned
from atlas.store.store import Store


@dataclass(frozen=True)
class Damage:
    """One thing that is wrong with one job's folder. ``problem`` is a sentence for a person."""

    key: str
    problem: str


def verify(store: Store) -> Iterator[Damage]:
    """Re-hash every picture and every job key of the store; yield what is damaged, key by key."""
    for key in store.job_keys():
        if not store.has(key):
            continue
        try:
            record = store.read(key)
        except StoreError as error:
            yield Damage(key, error.message)
            continue
        if record.key != key or record.job.key != key:
            yield Damage(key, f"the record describes another job ({record.job.key[:12]}...)")
            continue
        for asset in record.assets:
            path = store.folder(key) / asset.file_name
            if not path.exists():
                yield Damage(key, f"the {asset.role} {asset.file_name[:12]}... is missing")
            elif digest_bytes(path.read_bytes()) != asset.sha256:
                yield Damage(key, f"the {asset.role} {asset.file_name[:12]}... does not match its hash")


def discard(store: Store, key: str) -> None:
    """Remove a damaged job's record and pictures, the record first, so that the next run renders it again."""
    folder = store.folder(key)
    with explained("remove the damaged record in", folder):
        (folder / "record.json").unlink(missing_ok=True)
        for path in folder.iterdir():
            if path.is_file():
                path.unlink(missing_ok=True)


def sweep(store: Store) -> int:
    """Remove temporary files whose writer on this host was killed; return how many there were."""
    count = 0
    with explained("clean up", store.path):
        for path in store.path.rglob(f"{TEMPORARY_PREFIX}*"):
            if is_abandoned(path):
                path.unlink(missing_ok=True)
                count += 1
    return count
