"""Selections in the store: what each of the configurations that render into it is about."""

import os
from contextlib import suppress
from pathlib import Path

from atlas.core.canonical import digest
from atlas.core.model_card import ModelCard
from atlas.core.selection import Selection
from atlas.errors import StoreError
from atlas.store.documents import REMEDY, encode, parse
from atlas.store.files import write_changed
from atlas.store.names import SELECTION, named


def configuration_name(file: Path, store: Path) -> str:
    """Return the name of a configuration in a store: its path as seen from there.

    Two in one store have two names; a project that is copied or checked out elsewhere with its store keeps them.

    Args:
        file, store: absolute paths.
    """
    try:
        return Path(os.path.relpath(file, store)).as_posix()
    except ValueError:  # two drives of Windows
        return file.as_posix()


class Selections:
    """The selections of a store.

    Args:
        root: the store's folder.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / "selections"

    def path(self, configuration: str) -> Path:
        """Return where the selection of a configuration is stored."""
        return self.file(digest(configuration)[:32])

    def file(self, name: str) -> Path:
        """Return where the selection of that name, one of :meth:`names`, is stored."""
        return self._folder / f"{name}.json"

    def names(self) -> list[str]:
        """Return the names of all selections, sorted.

        Raises:
            StoreError: the folder cannot be listed.
        """
        return named(self._folder, SELECTION)

    def save(self, selection: Selection) -> None:
        """Store what a configuration is about, in the place of what it was."""
        write_changed(self.path(selection.configuration), encode(selection))

    def read(self, configuration: str) -> Selection | None:
        """Return what a configuration is about, or None if it was never rendered into this store.

        Raises:
            StoreError: the file is damaged.
        """
        path = self.path(configuration)
        return self.read_named(path.stem) if os.path.lexists(path) else None

    def read_named(self, name: str) -> Selection:
        """Return the selection of that name, one of :meth:`names`.

        Raises:
            StoreError: it is damaged, or that of a configuration of another name.
        """
        selection = parse(Selection, self.file(name))
        if self.file(name) != self.path(selection.configuration):
            raise StoreError(f"{self.file(name)} describes another configuration ({selection.configuration})", REMEDY)
        return selection

    def cards(self) -> dict[str, ModelCard]:
        """Return fingerprint to card of the models that configurations are about; damaged selections are left out."""
        found: dict[str, ModelCard] = {}
        with suppress(StoreError):  # of a folder that cannot be listed
            for name in self.names():
                with suppress(StoreError):
                    found |= self.read_named(name).cards
        return found
