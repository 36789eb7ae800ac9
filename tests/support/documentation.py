"""What the documentation is: its pages, and the blocks of code in them."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MADE = re.compile(r"<!-- Made from the code by python -m reference")
"""How a page begins that is made from the code."""
BLOCK = re.compile(r"^ *```([a-z-]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code: where it stands, and its text."""

    place: str
    text: str


def blocks(language: str) -> list[Block]:
    """Return the blocks of a language, or of none, of all pages."""
    return [
        Block(f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}", match[2])
        for page in PAGES
        for text in [page.read_text(encoding="utf-8")]
        for match in BLOCK.finditer(text)
        if match[1] == language
    ]
