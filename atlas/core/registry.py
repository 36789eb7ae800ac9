"""Registries: the one mechanism by which methods and model sources are found, ours and third parties'."""

from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from atlas.errors import ConfigError, did_you_mean

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things of one kind; packages add theirs through an entry-point group.

    Args:
        noun: what the things are, for messages, e.g. ``"method"``.
        group: entry-point group that third-party packages register in, e.g. ``"atlas.methods"``.
    """

    def __init__(self, noun: str, group: str) -> None:
        self._noun = noun
        self._group = group
        self._entries: dict[str, T] = {}
        self._discovered = False

    def register(self, name: str, entry: T) -> T:
        """Add ``entry`` under ``name`` and return it.

        Raises:
            ConfigError: the name is taken.
        """
        if name in self._entries:
            raise ConfigError([f'two {self._noun}s are called "{name}"'], remedy="rename or uninstall one of them")
        self._entries[name] = entry
        return entry

    def get(self, name: str) -> T:
        """Return the entry called ``name``.

        Raises:
            ConfigError: there is none; the message lists what there is and the nearest name.
        """
        self._discover()
        if name not in self._entries:
            hint = did_you_mean(name, self._entries) or f"allowed: {', '.join(self.names())}"
            raise ConfigError([f'there is no {self._noun} "{name}"; {hint}'])
        return self._entries[name]

    def names(self) -> list[str]:
        """Return all names, sorted."""
        self._discover()
        return sorted(self._entries)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        self._discover()
        return iter(sorted(self._entries.items()))

    def _discover(self) -> None:
        if not self._discovered:
            self._discovered = True
            for point in entry_points(group=self._group):
                if point.name not in self._entries:
                    entry = point.load()
                    if point.name not in self._entries:  # loading it may have registered it
                        self.register(point.name, entry)
