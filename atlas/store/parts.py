"""Parts: the folders of a store that hold many files of one kind: cards, by the names of what they are about, and
files that are named by their content."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from atlas.core.canonical import digest_bytes
from atlas.errors import StoreError
from atlas.store.documents import REMEDY, encode, parse
from atlas.store.files import read_bytes, write_changed
from atlas.store.names import DIGEST_JSON, named

Card = TypeVar("Card", bound=BaseModel)
NAMED = re.compile(r"([a-z0-9][a-z0-9_.-]{0,120})\.card\.json")
"""The file of a card of something with a name: what else people may put there, ``a.json``, is none."""


class Cards(Generic[Card]):
    """What things are, for people, kept beside what was made with them: each in a file of its name.

    Args:
        folder: where they are. model: what they are. name_of: a card to the name of what it is about.
        by_digest: whether that name is a digest; if so, files end in ``.json``, else in ``.card.json``.
    """

    def __init__(
        self, folder: Path, model: type[Card], name_of: Callable[[Card], str], by_digest: bool = False
    ) -> None:
        self.folder = folder
        self._model = model
        self._name_of = name_of
        self._pattern, self._ending = (DIGEST_JSON, ".json") if by_digest else (NAMED, ".card.json")

    def path(self, name: str) -> Path:
        """Return where the card of that name is stored."""
        return self.folder / f"{name}{self._ending}"

    def save(self, card: Card) -> None:
        """Store a card; a newer one of the same name replaces it.

        Raises:
            StoreError: its name cannot be that of a file, or it cannot be written.
        """
        path = self.path(self._name_of(card))
        if not self._pattern.fullmatch(path.name):
            raise StoreError(
                f'"{self._name_of(card)}" cannot name a card',
                "use lower-case letters, digits, dots, dashes, underscores",
            )
        write_changed(path, encode(card))

    def names(self) -> list[str]:
        """Return the names of all cards, sorted.

        Raises:
            StoreError: the folder cannot be listed.
        """
        return named(self.folder, self._pattern)

    def read(self, name: str) -> Card:
        """Return the card of that name.

        Raises:
            StoreError: there is none, it is damaged, or another's.
        """
        card = parse(self._model, self.path(name))
        if self._name_of(card) != name:
            raise StoreError(f"{self.path(name)} is about another thing ({self._name_of(card)[:12]}...)", REMEDY)
        return card

    def read_all(self) -> dict[str, Card]:
        """Return name to card.

        Raises:
            StoreError: a card is damaged.
        """
        return {name: self.read(name) for name in self.names()}


class Contents:
    """Files that are named by their content: the sha256 of it, and what the pattern has after that.

    Args:
        folder: where they are. pattern: of their names.
    """

    def __init__(self, folder: Path, pattern: re.Pattern[str]) -> None:
        self.folder = folder
        self._pattern = pattern

    def path(self, name: str) -> Path:
        """Return where the file of that name is stored."""
        return self.folder / name

    def save(self, name: str, data: bytes) -> None:
        """Store a file, unless it is there."""
        write_changed(self.path(name), data)

    def names(self) -> list[str]:
        """Return the names of all files, sorted.

        Raises:
            StoreError: the folder cannot be listed.
        """
        return named(self.folder, self._pattern)

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises:
            StoreError: it is missing or damaged.
        """
        if not os.path.lexists(self.path(name)):
            raise StoreError(f"{self.path(name)}, which results name, is lost", REMEDY)
        return read_content(self.path(name))


def read_content(path: Path) -> bytes:
    """Return what is in a file that is named by its content.

    Raises:
        StoreError: it is missing or damaged.
    """
    data = read_bytes(path)
    if digest_bytes(data) != path.name.partition(".")[0]:
        raise StoreError(f"{path} does not match its name", REMEDY)
    return data
