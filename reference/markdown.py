"""Markdown: tables, the markup of docstrings, and texts between marks."""

import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; empty without rows."""
    cells = [[cell.replace("\n", " ").replace("|", "\\|") for cell in row] for row in rows]
    if not cells:
        return ""
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def prose(text: str) -> str:
    """Return a docstring's text: names in single backticks, roles as the last part of the name they are about."""
    text = re.sub(r":\w+:`~?(?:[\w.]+\.)?([^`.]+)`", r"`\1`", text)
    return text.replace("``", "`")


def anchor(heading: str) -> str:
    """Return what a page calls the place of a heading."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading.lower())).strip("-")


def between(text: str, name: str, new: str) -> str:
    """Return a text with what stands between its marks of a name replaced.

    Raises:
        ValueError: it has no such marks.
    """
    start, end = f"<!-- {name}: made by python -m reference -->\n", f"<!-- end of {name} -->"
    head, found, rest = text.partition(start)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"there are no marks of {name}")
    return f"{head}{start}{new.strip()}\n{end}{tail}"
