"""Registries: the one mechanism by which parts of every kind are found, ours and those of other packages alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from atlas.errors import ConfigError, did_you_mean
from atlas.version import __version__

T = TypeVar("T")


@dataclass(frozen=True)
class Origin:
    """The package that a part comes from."""

    package: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.package} {self.version}".rstrip()


OURS = Origin("lens-atlas", __version__)


class Registry(Generic[T]):
    """Named parts of one kind. Other packages add theirs through an entry-point group, and nothing else.

    A part is loaded when it is asked for. One that cannot be loaded, or whose name two packages took, is an error of
    whoever asks for it, and of nobody else.

    Args:
        noun: what the parts are, for messages, e.g. ``"method"``.
        group: entry-point group that other packages name theirs in, e.g. ``"atlas.methods"``.
        kind: class that every part is an instance of.
        ours: our own parts, written like entry points: name to ``"module:attribute"``; or see :meth:`register`.
    """

    def __init__(self, noun: str, group: str, kind: type = object, ours: Mapping[str, str] | None = None) -> None:
        self._noun = noun
        self._group = group
        self._kind = kind
        self._registered: dict[str, T] = {}
        self._points = {name: [EntryPoint(name, value, group)] for name, value in (ours or {}).items()}
        self._discovered = False

    def register(self, name: str, part: T) -> T:
        """Add ``part`` under ``name`` and return it: for parts that are registered where they are imported.

        Raises:
            ConfigError: the name is taken.
        """
        if name in self._registered:
            raise self._clash(name, [_home(self._registered[name]), _home(part)])
        self._registered[name] = part
        return part

    def names(self) -> list[str]:
        """Return all names, sorted. Nothing is loaded."""
        self._discover()
        return sorted({*self._registered, *self._points})

    def origin(self, name: str) -> Origin:
        """Return the package that a part comes from; of several that took its name, the first. Nothing is loaded.

        Raises:
            ConfigError: there is none of that name.
        """
        if name not in self.names():
            raise ConfigError([self._unknown(name)])
        return _home(self._registered[name]) if name in self._registered else _origin(self._points[name][0])

    def check(self, name: str) -> str:
        """Return ``name`` if there is such a part, for validators. Nothing is loaded.

        Raises:
            ValueError: there is none; the message lists what there is or the nearest name.
        """
        if name not in self.names():
            raise ValueError(self._unknown(name))
        return name

    def get(self, name: str) -> T:
        """Return the part called ``name``.

        Raises:
            ConfigError: there is none, two packages took its name, or its package fails: names the package, and says
                what to do.
        """
        self._discover()
        points = self._points.get(name, [])
        if len(points) > 1:
            raise self._clash(name, [_origin(point) for point in points])
        loaded = self._loaded(points[0]) if points else None  # which may register it
        part = self._registered.get(name, loaded)
        if part is None:
            raise ConfigError([self._unknown(name)])
        if loaded is not None and part is not loaded:
            raise self._clash(name, [_home(part), _origin(points[0])])
        return part

    def __iter__(self) -> Iterator[tuple[str, T]]:
        """Yield name and part of all that can be loaded, by name; :meth:`broken` says what is wrong with the others."""
        for name in self.names():
            try:
                part = self.get(name)
            except ConfigError:
                continue
            yield name, part

    def broken(self) -> dict[str, ConfigError]:
        """Return what is wrong with the parts that cannot be used, by name."""
        found = {}
        for name in self.names():
            try:
                self.get(name)
            except ConfigError as error:
                found[name] = error
        return found

    def _discover(self) -> None:
        if not self._discovered:
            self._discovered = True
            for point in entry_points(group=self._group):
                self._points.setdefault(point.name, []).append(point)

    def _loaded(self, point: EntryPoint) -> T:
        origin = _origin(point)
        try:
            part: T = point.load()
        except BaseException as error:  # another package's code may raise anything, or end the program
            if origin == OURS or isinstance(error, KeyboardInterrupt):
                raise
            reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}".removesuffix(": ")
            raise self._unusable(point, f"cannot be loaded: {reason}") from error
        if not isinstance(part, self._kind):
            raise self._unusable(point, f'is "{point.value}", which is no instance of {self._kind.__name__}')
        return part

    def _unknown(self, name: str) -> str:
        listed = ", ".join(f'"{known}"' for known in self.names()) or "none"
        return f'there is no {self._noun} "{name}"; {did_you_mean(name, self.names()) or f"allowed: {listed}"}'

    def _unusable(self, point: EntryPoint, problem: str) -> ConfigError:
        origin = _origin(point)
        remedy = f"bring that package up to date, or take it off with `pip uninstall {origin.package}`"
        return ConfigError([f'the {self._noun} "{point.name}" of {origin} {problem}; {remedy}'])

    def _clash(self, name: str, origins: list[Origin]) -> ConfigError:
        problem = f'two {self._noun}s are called "{name}": that of {origins[0]}, and that of {origins[1]}'
        return ConfigError([f"{problem}; uninstall one of the packages, or let its authors rename it"])


def _origin(point: EntryPoint) -> Origin:
    return OURS if point.dist is None else Origin(point.dist.name, point.dist.version)


def _home(part: object) -> Origin:
    """Return the origin of a part that was registered where it was imported: the top package of its class."""
    home = part if isinstance(part, type) else type(part)
    top = home.__module__.partition(".")[0]
    return OURS if top == __name__.partition(".")[0] else Origin(top)
