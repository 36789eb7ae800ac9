"""Packages as pip installs them, with entry points, for tests of what other packages add."""

import importlib
import sys
from pathlib import Path

from atlas.core.registry import Registry


class Packages:
    """Installs packages of one module each for the length of a test.

    Args:
        folder: where they go.
        monkeypatch: pytest's; undoes it all.
    """

    def __init__(self, folder: Path, monkeypatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self._made: list[str] = []

    def install(self, package: str, code: str, group: str, **points: str) -> None:
        """Install version 1.2 of a package: its module's code, and the attributes that its entry points name."""
        folder = self._folder / package
        facts = folder / f"{package}-1.2.dist-info"
        facts.mkdir(parents=True)
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        lines = [f"{name} = {package}:{attribute}" for name, attribute in points.items()]
        (facts / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]))
        (folder / f"{package}.py").write_text(code + "\n")
        self._monkeypatch.syspath_prepend(folder)
        importlib.invalidate_caches()
        self._made.append(package)

    def rediscover(self, registry: Registry) -> None:
        """Let a registry that has looked for packages look again."""
        ours = {name: [point for point in points if point.dist is None] for name, points in registry._points.items()}
        self._monkeypatch.setattr(registry, "_points", {name: points for name, points in ours.items() if points})
        self._monkeypatch.setattr(registry, "_discovered", False)

    def forget(self) -> None:
        """Drop the modules from memory."""
        for package in self._made:
            sys.modules.pop(package, None)
