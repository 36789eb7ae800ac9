"""What the terminal is told: plain sentences and tables, which stay plain in a pipe and in every encoding."""

import shlex
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from atlas.face.words import printable

DEFAULT_CONFIG = Path("atlas.toml")
NARROWEST = 20
"""Columns below which the last column of a table is not wrapped but left to the terminal."""

console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def tolerate_any_text() -> None:
    """Let output streams of a narrow encoding show what they cannot write as escapes, where they would raise."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def say(text: str, style: str | None = None) -> None:
    """Print a sentence or a few lines."""
    console.print(printable(text), style=style)


def complain(text: str) -> None:
    """Print an error, to the stream that is for them."""
    _errors.print(printable(text))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns. The last one may be long: a terminal shows it wrapped, a pipe gets one line per row."""
    cells = [[printable(cell) for cell in row] for row in (head, *rows)]
    widths = [max(cell_len(row[column]) for row in cells) + 2 for column in range(len(head) - 1)]
    indent = sum(widths)
    room = console.width - indent
    for number, row in enumerate(cells):
        start = "".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row[:-1], widths, strict=True))
        wraps = console.is_terminal and room >= NARROWEST
        lines = textwrap.wrap(row[-1], room, break_long_words=False) if wraps else [row[-1]]
        text = f"\n{' ' * indent}".join([start + (lines or [""])[0], *lines[1:]])
        console.print(Text(text.rstrip(), style="" if number else "bold"), soft_wrap=True)


def command(name: str, config: Path) -> str:
    """Return the command line that runs a command with this configuration, ready to be pasted."""
    return f"atlas {name}" if config == DEFAULT_CONFIG else f"atlas {name} -c {shlex.quote(str(config))}"
