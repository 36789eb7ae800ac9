"""The output folder: written beside its place and swapped in whole, recognised again, never deleted by mistake."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from atlas.core.canonical import digest
from atlas.core.data_files import read_json
from atlas.errors import DataFileError, SiteError

STAMP = ".atlas-site.json"
"""Marks a folder as a site made by atlas, and says from what: only such a folder is ever replaced."""
FORMAT = "atlas-site"


class Output:
    """The place where a site is to stand.

    Args:
        path: the site's folder.
        inputs: digest of everything that the site is made from.

    Raises:
        SiteError: something else stands there.
    """

    def __init__(self, path: Path, inputs: str) -> None:
        self.path = Path(os.path.abspath(path))
        self.inputs = inputs
        self.staging = self._sibling("new", os.getpid())
        self._restore()
        if self.path.exists() and self._stamp() is None and (not self.path.is_dir() or any(self.path.iterdir())):
            raise SiteError(
                f"{path} exists and is no site made by atlas; it is left alone",
                "choose another output folder, or move that one away",
            )

    def _sibling(self, role: str, pid: int | str) -> Path:
        return self.path.with_name(f".{self.path.name}.{role}-{pid}")

    def _restore(self) -> None:
        """Put the old site back if a build was killed between the two renames; remove what killed builds left."""
        for role in ("old", "new"):
            for left in sorted(self.path.parent.glob(f"{self._sibling(role, '*').name}")):
                pid = left.name.rpartition("-")[2]
                if not pid.isdigit() or _is_alive(int(pid)):
                    continue
                if role == "old" and not self.path.exists() and (left / STAMP).exists():
                    left.rename(self.path)
                else:
                    shutil.rmtree(left, ignore_errors=True)

    def _stamp(self) -> dict[str, object] | None:
        try:
            stamp = read_json(self.path / STAMP, "stamp of the site")
        except DataFileError:
            return None
        return stamp if isinstance(stamp, dict) and stamp.get("format") == FORMAT else None

    def unchanged(self) -> tuple[dict[str, int], tuple[str, ...]] | None:
        """Return the counts and notices of the site that stands there if it is just what would be built, else None."""
        stamp = self._stamp()
        if stamp is None or stamp.get("inputs") != self.inputs or stamp.get("files") != listing_digest(self.path):
            return None
        counts, notices = stamp.get("counts"), stamp.get("notices", [])
        return (counts, tuple(map(str, notices))) if isinstance(counts, dict) and isinstance(notices, list) else None

    def begin(self) -> Path:
        """Make the staging folder and return it."""
        try:
            shutil.rmtree(self.staging, ignore_errors=True)
            self.staging.mkdir(parents=True)
        except OSError as error:
            raise unwritable(self.path, error) from error
        return self.staging

    def abandon(self) -> None:
        """Remove the staging folder; what stood there before stands there still."""
        shutil.rmtree(self.staging, ignore_errors=True)

    def swap(self, counts: dict[str, int], notices: tuple[str, ...]) -> None:
        """Stamp the staged site and put it in place of the old one.

        Args:
            counts, notices: to be reported again as long as nothing changes.

        Raises:
            SiteError: the folder cannot be renamed.
        """
        files = listing_digest(self.staging)
        stamp = {"format": FORMAT, "inputs": self.inputs, "files": files, "counts": counts, "notices": notices}
        try:
            (self.staging / STAMP).write_text(json.dumps(stamp, sort_keys=True), encoding="utf-8")
            old = self._sibling("old", os.getpid())
            if self.path.exists():
                self.path.rename(old)
            self.staging.rename(self.path)
        except OSError as error:
            raise unwritable(self.path, error) from error
        shutil.rmtree(old, ignore_errors=True)


def unwritable(path: Path, error: OSError) -> SiteError:
    """Return the error for an output folder that cannot be written."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return SiteError(f"cannot write the site at {path}: {reason}", "free some space, or choose another output folder")


def listing_digest(folder: Path) -> str:
    """Return a digest of the names and sizes of all files under a folder, the stamp excepted."""
    return digest(sorted(entry for entry in _listing(str(folder), "") if entry[0] != STAMP))


def _listing(folder: str, prefix: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _listing(entry.path, f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name, entry.stat().st_size


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
