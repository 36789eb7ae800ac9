"""Names in the store: which files and folders are its own. Whatever else lies there is left alone and never read."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from atlas.store.files import explained

FOLDERS = ("models", "metrics", "methods", "inputs", "photos", "pictures", "objects", "selections")
"""The folders that hold what is stored."""
LEASES = "leases"
"""The folder of what runs that go on are making; see :mod:`atlas.store.leases`."""
INDEX = "index"
"""The folder of what tells what is stored without a look at each result; see :mod:`atlas.store.index`."""
INCOMING = "incoming"
"""The folder among the results for files that are being written: a name that is no shard's."""
DERIVED = "derived"
"""The folder of pictures that can be derived again."""

_DIGEST = r"[0-9a-f]{64}"
DIGEST = re.compile(_DIGEST)
DIGEST_JSON = re.compile(rf"({_DIGEST})\.json")
SELECTION = re.compile(r"([0-9a-f]{32})\.json")
FILE = re.compile(rf"{_DIGEST}\.[a-z]+")
ATTEMPT = re.compile(r"[0-9]\.json")
_SHARD = re.compile(r"[0-9a-f]{2}")


def named(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    """Return the names in a folder that fit a pattern, or what its group holds of them; sorted. None without a folder.

    Raises:
        StoreError: the folder cannot be listed, or is none.
    """
    found = (pattern.fullmatch(name) for name in names_in(folder))
    return sorted(match[match.lastindex or 0] for match in found if match)


def names_in(folder: Path) -> list[str]:
    """Return all names in a folder, in no order. None without a folder.

    Raises:
        StoreError: the folder cannot be listed, or is none.
    """
    with explained("list", folder):
        try:
            return os.listdir(folder)
        except FileNotFoundError:
            if folder.is_symlink():
                raise  # a link that leads nowhere, perhaps to a disk that is not mounted: not the same as nothing
            return []


def sharded(folder: Path) -> list[str]:
    """Return the keys that have a place in a folder's shards ``ab/<key>``, sorted.

    Raises:
        StoreError: a folder cannot be listed.
    """
    return [key for shard in shards(folder) for key in keys_of(shard)]


def shards(folder: Path) -> Iterator[Path]:
    """Yield the places of a folder's shards, sorted; they need not be folders.

    Raises:
        StoreError: it cannot be listed.
    """
    yield from (folder / name for name in named(folder, _SHARD))


def keys_of(shard: Path) -> list[str]:
    """Return the keys in a shard, sorted.

    Raises:
        StoreError: it cannot be listed.
    """
    return [key for key in named(shard, DIGEST) if key.startswith(shard.name)]
