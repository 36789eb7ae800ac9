"""The command line, called in this process, and a small project to call it in."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from atlas.cli import main

HEAD = """
[executor]
kind = "serial"
device = "cpu"
threads = 1
batch_size = 4
"""


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


class CommandLine:
    """Runs ``atlas`` commands in a folder; no command may ever end in a traceback."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._patch = monkeypatch
        self._capture = capsys
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "path", list(sys.path))  # to which a run adds the configuration's folder

    def __call__(self, *arguments: str) -> Result:
        """Run ``atlas arguments...`` and return what came of it."""
        self._patch.setattr(sys, "argv", ["atlas", *arguments])
        self._capture.readouterr()
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        printed = self._capture.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Result(status, printed.out, printed.err)

    def configure(
        self,
        network: str = "tiny",
        model: str = "size = 32",
        block: str = 'classes = "all"',
        parameters: str = "steps = 3, image_size = 32, crops = 2",
        extra: str = "",
        name: str = "tiny",
    ) -> Path:
        """Write an atlas.toml for a tiny network and return its path."""
        path = self.folder / "atlas.toml"
        path.write_text(
            f"""{extra}{HEAD}
[[models]]
name = "{name}"
source = "callable"
architecture = "{network if ":" in network else f"tiny_networks:{network}"}"
{model}

[[render]]
{block}
parameters = {{ {parameters} }}
""",
            encoding="utf-8",
        )
        return path
