"""Photo: one reference photo, and where its bytes are. Light and picklable, so that a worker needs nothing else."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from atlas.core.analysis import PhotoCredit
from atlas.errors import PhotoError, PhotoGoneError


class Locator(Protocol):
    """Where the bytes of one photo are; picklable."""

    def read(self, limit: int) -> bytes:
        """Return the encoded photo, or its first ``limit`` bytes.

        Raises:
            OSError: it cannot be read.
            PhotoError: it is not there any more.
        """
        ...


@dataclass(frozen=True)
class FilePart:
    """A file, or part of one such as a member of a tar. ``size`` is -1 for the rest of the file.

    Attributes:
        path: absolute.
        offset, size: bytes.
    """

    path: str
    offset: int = 0
    size: int = -1

    def read(self, limit: int) -> bytes:
        """Return the bytes, ``limit`` at most."""
        with Path(self.path).open("rb") as file:
            file.seek(self.offset)
            return file.read(limit if self.size < 0 else min(limit, self.size))


@dataclass(frozen=True)
class Photo:
    """One photo of a set.

    Attributes:
        name: its path within the set, parts separated by ``/``; unique.
        group: class folder or label; empty if it has none.
        digest: sha256 of the encoded bytes, 64 hexadecimal digits.
        locator: where the bytes are.
        author, licence, source: whom it is owed to, as far as that is known; any text.
    """

    name: str
    group: str
    digest: str
    locator: Locator
    author: str = ""
    licence: str = ""
    source: str = ""

    @property
    def credit(self) -> PhotoCredit:
        """What the store and the site keep of it."""
        return PhotoCredit(
            digest=self.digest, name=self.name, author=self.author, licence=self.licence, source=self.source
        )

    def read(self, limit: int) -> bytes:
        """Return the encoded photo.

        Args:
            limit: bytes of the largest file that is read.

        Raises:
            PhotoError: the file is larger.
            PhotoGoneError: it is gone, or no longer what it was.
        """
        try:
            data = self.locator.read(limit + 1)
        except OSError as error:
            problem = f"{self.name}: {error.strerror or error}"
            raise PhotoGoneError(problem, "check who may read it, and run the same command again") from error
        if len(data) > limit:
            raise PhotoError(f"{self.name}: the file is larger than {limit / 1e6:.3g} MB", "scale it down first")
        if hashlib.sha256(data).hexdigest() != self.digest:
            raise PhotoGoneError(f"{self.name}: changed since the photos were listed", "run the same command again")
        return data
