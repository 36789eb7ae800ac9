"""Cards in the store: what things with a name are, for people, kept by that name beside what was made with them."""

import re
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from atlas.errors import StoreError
from atlas.store.documents import REMEDY, encode, parse
from atlas.store.files import write_changed
from atlas.store.names import named

Card = TypeVar("Card", bound=BaseModel)
NAME = re.compile(r"([a-z0-9][a-z0-9_.-]{0,120})\.card\.json")
"""A card's file: what else people may put there, ``a.json``, is none."""


class Cards(Generic[Card]):
    """The cards of one kind, each in a file ``<name>.card.json``.

    Args:
        folder: where they are. model: what they are.
    """

    def __init__(self, folder: Path, model: type[Card]) -> None:
        self._folder = folder
        self._model = model

    def path(self, name: str) -> Path:
        """Return where the card of that name is stored."""
        return self._folder / f"{name}.card.json"

    def save(self, name: str, card: Card) -> None:
        """Store a card; a newer one of the same name replaces it."""
        if not NAME.fullmatch(self.path(name).name):
            raise StoreError(
                f'"{name}" cannot name a card', "use lower-case letters, digits, dots, dashes, underscores"
            )
        write_changed(self.path(name), encode(card))

    def names(self) -> list[str]:
        """Return the names of all cards, sorted.

        Raises:
            StoreError: the folder cannot be listed.
        """
        return named(self._folder, NAME)

    def read(self, name: str) -> Card:
        """Return the card of that name.

        Raises:
            StoreError: there is none, it is damaged, or another's.
        """
        card = parse(self._model, self.path(name))
        called = getattr(card, "key", getattr(card, "name", name))
        if called != name:
            raise StoreError(f'{self.path(name)} is about another thing ("{called}")', REMEDY)
        return card

    def read_all(self) -> dict[str, Card]:
        """Return name to card.

        Raises:
            StoreError: a card is damaged.
        """
        return {name: self.read(name) for name in self.names()}
