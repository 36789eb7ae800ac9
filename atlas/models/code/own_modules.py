"""Modules of the user's own: found beside the configuration, and never in the way of the library or of a dependency."""

import re
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module, invalidate_caches
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

_DISTRIBUTION = "lens-atlas"
_ALIAS = "own_"


class Beside(MetaPathFinder):
    """Finds modules in the user's folders before those that stray into the environment.

    A project's ``utils.py`` comes before another package's ``utils``, as when Python runs a script of the project. But
    its ``profile.py`` or ``datasets`` stay behind Python's library and what atlas depends on, which would break.

    Attributes:
        folders: where modules are looked for, the first one first.
        found: the modules without parents that came from there.
    """

    def __init__(self) -> None:
        self.folders: list[str] = []
        self.found: set[str] = set()

    def move(self, folders: list[str]) -> None:
        """Look in other folders from now on, and forget what came from the old ones: names may be the same."""
        if folders == self.folders:
            return
        for name in [name for name in tuple(sys.modules) if name.partition(".")[0] in self.found]:
            del sys.modules[name]
        self.folders, self.found = folders, set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module without parents is found in the folders, or None."""
        if path is not None or is_library(fullname):
            return None
        found = PathFinder.find_spec(fullname, self.folders)
        if found is not None and PathFinder.find_spec(fullname) is not None:
            found = None if found.origin is None or is_dependency(fullname) else found
        if found is not None:
            self.found.add(fullname)
        return found


_finder = Beside()


def import_own(name: str, folders: Sequence[Path]) -> ModuleType:
    """Import a module by its dotted name from some folders, else from the environment.

    The folders serve imports that happen later as well. A module that bears the name of one that is Python's, a
    dependency's or already another's is loaded under a name of its own.

    Raises:
        Exception: whatever importing it raises.
    """
    _finder.move([str(folder) for folder in folders])
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    invalidate_caches()
    top, dot, rest = name.partition(".")
    beside = PathFinder.find_spec(top, _finder.folders)
    if beside is None or beside.origin is None or _finds(top, beside.origin):
        return import_module(name)
    beside.name = _ALIAS + top
    if beside.loader is not None and hasattr(beside.loader, "name"):
        beside.loader.name = beside.name
    _finder.found.add(beside.name)
    _execute(beside)
    return import_module(beside.name + dot + rest)


def _finds(top: str, origin: str) -> bool:
    """Tell whether importing ``top`` gives the file ``origin``."""
    loaded = sys.modules.get(top)
    if loaded is not None:
        return getattr(loaded, "__file__", None) == origin
    spec = _finder.find_spec(top)
    return spec is not None or (not is_library(top) and PathFinder.find_spec(top) is None)


def _execute(spec: ModuleSpec) -> None:
    loaded = sys.modules.get(spec.name)
    if getattr(loaded, "__file__", None) == spec.origin or spec.loader is None:
        return
    module = sys.modules[spec.name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise


def is_library(name: str) -> bool:
    """Tell whether a module without parents is of Python's own library."""
    return name in sys.stdlib_module_names


def is_installed(name: str) -> bool:
    """Tell whether a module without parents is in the environment, whatever lies in the folders."""
    return PathFinder.find_spec(name) is not None


def is_dependency(name: str) -> bool:
    """Tell whether a module without parents belongs to what atlas depends on, directly or not."""
    return any(_plain(distribution) in _dependencies() for distribution in _distributions().get(name, ()))


@lru_cache(maxsize=1)
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()  # reads the lists of all files that were installed


@lru_cache(maxsize=1)
def _dependencies() -> frozenset[str]:
    """Return the names of all distributions that atlas needs, extras included."""
    found, waiting = set[str](), [_DISTRIBUTION]
    while waiting:
        name = _plain(waiting.pop())
        if name in found:
            continue
        found.add(name)
        try:
            needed = requires(name) or []
        except PackageNotFoundError:
            continue
        waiting += [match.group() for text in needed if (match := re.match(r"[\w.-]+", text))]
    return frozenset(found)


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
