"""The stamp of a site: which build made it, from what, and every file that it wrote. All else is somebody else's."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from atlas.core.canonical import digest, digest_bytes
from atlas.core.data_files import MAX_JSON, regular_bytes

PREFIX = ".atlas-site."
"""What atlas itself keeps in a site's folder begins so: no page, and nobody else's."""
STAMP = f"{PREFIX}json"
"""Marks a folder as a site made by atlas: only such a folder is ever written to again."""
DIGITS = 16
"""Hexadecimal digits of a file's sha256 that are kept: enough to see that it was changed."""


class Counts(NamedTuple):
    """What a site holds: pages, picture files, bytes in all; classes and units rendered, and all pictures of them."""

    pages: int
    pictures: int
    bytes: int
    classes: int = 0
    units: int = 0
    renderings: int = 0


class Entry(NamedTuple):
    """A file as atlas wrote it: its bytes, when (in nanoseconds), and the first digits of its sha256."""

    size: int
    modified: int
    digest: str


class Stamp(BaseModel):
    """What a build leaves in its site.

    Attributes:
        build: a random name of the build. inputs: digest of all that the site was made from; empty if it is not whole.
        files: path to what was written there; an older atlas left only a digest of all names and sizes.
        counts, notices: to be reported again as long as nothing changes.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["atlas-site"] = "atlas-site"
    build: str = ""
    inputs: str = ""
    files: dict[str, Entry] | str
    counts: Counts | None = None
    notices: tuple[str, ...] = ()

    @field_validator("files")
    @classmethod
    def _inside(cls, files: dict[str, Entry] | str) -> dict[str, Entry] | str:
        """Refuse paths that lead out of the site: what a stamp lists may be removed."""
        if any(path.startswith("/") or ".." in path.split("/") for path in files if isinstance(files, dict)):
            raise ValueError("a path leads out of the site")
        return files

    def write(self, folder: Path) -> None:
        """Put the stamp into a folder, in the place of the one before."""
        temporary = folder / f"{PREFIX}tmp"
        temporary.write_text(self.model_dump_json(), encoding="utf-8")
        os.replace(temporary, folder / STAMP)

    def written(self, folder: Path) -> frozenset[str] | None:
        """Return the paths that atlas wrote; None if that cannot be known of a site that an older atlas made."""
        if isinstance(self.files, dict):
            return frozenset(self.files)
        listing = sorted(_listing(folder))
        return frozenset(path for path, _ in listing) if digest(listing) == self.files else None

    def is_whole(self, folder: Path) -> bool:
        """Tell whether every file is there as it was written."""
        listed = self.files if isinstance(self.files, dict) else {}
        return bool(listed) and all(_is_as_written(folder / path, entry) is True for path, entry in listed.items())

    def edited(self, folder: Path) -> list[str]:
        """Return the paths of files that somebody changed since, sorted; those that are gone are not among them."""
        listed = self.files if isinstance(self.files, dict) else {}
        return sorted(path for path, entry in listed.items() if _is_as_written(folder / path, entry) is False)


def read_stamp(folder: Path) -> Stamp | None:
    """Return the stamp of a folder, or None if atlas made no site there."""
    try:
        return Stamp.model_validate_json(regular_bytes(folder / STAMP, MAX_JSON))
    except (OSError, ValidationError):
        return None


def entries(folder: Path, digests: Mapping[str, str]) -> dict[str, Entry]:
    """Return what was written into a folder.

    Args:
        digests: path to the sha256 of the content, or the beginning of it.
    """
    found = {}
    for path, content in digests.items():
        status = os.stat(f"{folder}/{path}")
        found[path] = Entry(status.st_size, status.st_mtime_ns, content[:DIGITS])
    return found


def _is_as_written(path: Path, entry: Entry) -> bool | None:
    """Tell whether a file is what was written; None if it is gone. It is read only if its time is another one."""
    try:
        status = os.stat(path)
        if status.st_size != entry.size:
            return False
        return status.st_mtime_ns == entry.modified or digest_bytes(path.read_bytes())[:DIGITS] == entry.digest
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # a folder in its place, or no right to read it
        return False


def _listing(folder: Path) -> Iterable[tuple[str, int]]:
    """Yield the name and size of every file, as stamps of an older atlas digest them."""
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            relative = os.path.relpath(path, folder).replace(os.sep, "/")
            if not relative.startswith(PREFIX):
                yield relative, os.lstat(path).st_size
