"""Entries: what lists of class names have in common, whatever they are written in; and their order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from atlas.errors import ModelError

IDENTIFIER = re.compile(r"n\d{8}|/[mg]/[0-9a-z_]{2,}", re.ASCII)
"""Ids by which lists name classes: WordNet's, and Freebase's as in Open Images."""

LONGEST = 1000
"""Characters of the longest name; the longest of ImageNet's has 130. Beyond it a file's text was taken for a name."""

_NUMBERED = "number the classes from 0 without gaps; if the numbers belong to the names, write the names as a JSON list"


@dataclass(frozen=True)
class Entry:
    """One class of a list.

    Attributes:
        name: as written, or empty. id: e.g. a WordNet id, or empty. index: None if the list's order counts.
        synonyms: other names.
        where: its place in the file, for messages.
    """

    name: str
    where: str
    id: str = ""
    index: int | None = None
    synonyms: tuple[str, ...] = ()


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries by their indices, which count from 0 or from 1; or as they are if they have none.

    Raises:
        ModelError: an index is there twice or is missing.
    """
    if any(entry.index is None for entry in entries):
        return list(entries)
    by_index: dict[int, Entry] = {}
    for entry in entries:
        index = entry.index or 0
        if index in by_index:
            raise ModelError(f"give index {index} twice ({by_index[index].where} and {entry.where})", _NUMBERED)
        by_index[index] = entry
    first = min(by_index, default=0)
    if first > 1 or max(by_index, default=0) - first >= len(by_index):
        missing = [index for index in range(len(by_index)) if index not in by_index]
        raise ModelError(
            f"lack index {', '.join(map(str, missing[:5]))} of 0 to {len(by_index) - 1}",
            _NUMBERED,
        )
    return [by_index[index] for index in sorted(by_index)]


def is_numbering(numbers: Sequence[int]) -> bool:
    """Tell whether numbers count as many things as there are, from 0 or from 1, in any order."""
    return len(numbers) > 0 and sorted(numbers) in (list(range(len(numbers))), list(range(1, len(numbers) + 1)))


def is_whole(value: object) -> bool:
    """Tell whether a value is a whole number, as one or as text."""
    if isinstance(value, str):
        return re.fullmatch(r"\s*\d{1,9}\s*", value, re.ASCII) is not None
    if isinstance(value, float):
        return value.is_integer() and 0 <= value < 1e9
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def visible(name: str) -> str:
    """Return a name without spaces and marks that nobody sees at its ends (of byte order, of no width)."""
    return name.strip().strip("\ufeff\u200b\u200c\u200d\u2060").strip()


def checked(entries: Sequence[Entry]) -> None:
    """Check that there are classes, and that each has a name.

    Raises:
        ModelError: one has none, or none that could be one.
    """
    if not entries:
        raise ModelError("hold nothing", "give every class a name")
    for index, entry in enumerate(entries):
        if not visible(entry.name):
            raise ModelError(f"give class {index} the name {entry.name!r} ({entry.where})", "give every class a name")
        if "\t" in entry.name.strip():
            raise ModelError(f"give class {index} a name with a tab ({entry.where})", "keep the column of the names")
        if "\n" in entry.name.strip():
            raise ModelError(f"give class {index} a name of several lines ({entry.where})", "write it on one line")
        if len(entry.name) > LONGEST:
            raise ModelError(
                f"give class {index} a name of {len(entry.name):,} characters ({entry.where})",
                f"names have at most {LONGEST:,}; is this a list of names?",
            )
    if entries and all(re.fullmatch(r"LABEL_\d+", entry.name) for entry in entries):
        raise ModelError('hold no names but "LABEL_0", "LABEL_1" and so on', "write the real names, or leave them out")
