"""DigestCache: what is known of files that have not changed, so that a set is read through only once."""

import json
import os
import time
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from atlas.core.canonical import digest_bytes

Stamp = list[int]
"""Size in bytes, time of last modification and of last change of status in nanoseconds; then whatever else decides."""

_HEAD = b"atlas-digests 1 "
SETTLED = 2_000_000_000
"""Age in nanoseconds of a file that is remembered. FAT keeps times to two seconds only: one that is younger may change
again without a new time."""


def stamp_of(found: os.stat_result) -> Stamp:
    """Return a file's stamp. The change of status is in it because a copy can bring its own time of modification."""
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns]


class DigestCache:
    """JSON values by name, each valid while a stamp is. Damaged or missing, it is empty.

    Args:
        folder: the cache's; made when first written.
        place: what the names belong to; each place has a file of its own.
    """

    def __init__(self, folder: Path, place: Path) -> None:
        name = digest_bytes(os.fsencode(os.path.abspath(place)))[:32]
        self._path = folder / "digests" / name
        self._kept: dict[str, Any] = {}
        self._known = self._load()
        self._changed = False

    def get(self, name: str, stamp: Stamp) -> Any:
        """Return the value that was put with this name and stamp, or None."""
        known = self._known.get(name)
        if known is None or known[0] != stamp:
            return None
        self._kept[name] = known
        return known[1]

    def put(self, name: str, stamp: Stamp, value: Any) -> None:
        """Keep a value, unless what it was made from is so young that a change could go unseen."""
        if time.time_ns() - max(stamp[1:3]) > SETTLED:
            self._kept[name] = (stamp, value)
            self._changed = True

    def save(self) -> str:
        """Write what was got or put, if that differs from what is there. Return what went wrong, or an empty text."""
        if not self._changed and self._kept.keys() == self._known.keys():
            return ""
        body = json.dumps(self._kept, separators=(",", ":")).encode("ascii")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._path.parent, prefix=".tmp-", delete=False) as file:
                try:
                    file.write(_HEAD + digest_bytes(body).encode() + b"\n" + body)
                    file.close()
                    os.replace(file.name, self._path)
                except BaseException:
                    os.unlink(file.name)
                    raise
        except OSError as error:
            return f"digests cannot be kept in {self._path.parent}: {error.strerror or error}"
        return ""

    def _load(self) -> dict[str, Any]:
        """Return what is on disk. Its own digest stands before it, so that whatever fits it is whole."""
        try:
            head, _, body = self._path.read_bytes().partition(b"\n")
        except OSError:
            return {}
        return json.loads(body) if head == _HEAD + digest_bytes(body).encode() else {}
