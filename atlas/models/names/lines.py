"""Class names as text, one class a line: the name alone, or beside an index or an id."""

import re
from collections.abc import Sequence
from itertools import pairwise

from atlas.errors import ModelError
from atlas.models.names.entries import IDENTIFIER, Entry, is_numbering
from atlas.models.names.formats import REMEDY, check_lines, check_text

Line = tuple[int, str]
"""Number of a line, from 1, and its text."""

_SEPARATOR = r"\s*(?:[-=]>|[→:,;|=\t])\s*"
_IDENTIFIED = re.compile(rf"({IDENTIFIER.pattern})(?:[\s,:;=_-]+(.*))?", re.ASCII)
_IDENTIFIED_AFTER = re.compile(rf"(.*[^\s,:;=])[\s,:;=]+({IDENTIFIER.pattern})", re.ASCII)
_NUMBERED = re.compile(rf"(?P<number>\d{{1,9}})(?P<mark>{_SEPARATOR}|[.)]\s+|\s+-\s+|\s+)(?P<name>\S.*)", re.ASCII)
_NUMBERED_AFTER = re.compile(rf"(?P<name>.*[^\s:,;|=])(?P<mark>{_SEPARATOR}|\s+)(?P<number>\d{{1,9}})", re.ASCII)
_QUOTED = re.compile(r"""(["'])(.*)\1\s*,?""")
_COMMENT = re.compile(r"#\s+\S")
_PLACES = re.compile(r"/([a-z])/(\1.+)")
_FOLDERS = re.compile(r"(\d{1,9})[._-]\s*\S.*", re.ASCII)


def lines_of(text: str) -> list[Line]:
    """Return the lines but for blank ones at both ends, comments, and the marks of a list.

    Raises:
        ModelError: the text is in another format altogether.
    """
    check_text(text)
    # Not splitlines: a name may hold any character but a line feed; only old Macs ended lines with returns alone.
    text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if not _COMMENT.match(line)]
    while lines and not lines[-1][1].strip():
        lines.pop()
    while lines and not lines[0][1].strip():
        lines.pop(0)
    for mark in ("- ", "* ", "• "):
        if len(lines) > 1 and all(line.startswith(mark) for _, line in lines):
            lines = [(number, line.removeprefix(mark)) for number, line in lines]
    return lines


def read_lines(lines: Sequence[Line]) -> list[Entry]:
    """Return the entries of lines; see :func:`lines_of`.

    Raises:
        ModelError: they look like something else than a list of names.
    """
    filled = [(number, line.strip()) for number, line in lines if line.strip()]
    for read in (_identified, _identified_after, _numbered, _numbered_after):
        if entries := read(filled):
            return with_ids(_bare(_once_numbered(entries)))
    check_lines(lines)
    entries = _bare([Entry(line.strip(), f"line {number}") for number, line in lines])
    _check_order(entries)
    return _without_places(entries)


def with_ids(entries: list[Entry]) -> list[Entry]:
    """Return entries of ``n01440764 tench`` as id and name, if all are so."""
    split = [_IDENTIFIED.fullmatch(entry.name) for entry in entries]
    return [
        Entry((match[2] or "").strip(), entry.where, match[1], entry.index) if match and all(split) else entry
        for entry, match in zip(entries, split, strict=True)
    ]


def _identified_after(lines: Sequence[Line]) -> list[Entry]:
    """Read ``tench n01440764``; nothing if a line is otherwise."""
    found = [(number, _IDENTIFIED_AFTER.fullmatch(line)) for number, line in lines]
    entries = [Entry(match[1], f"line {number}", match[2]) for number, match in found if match]
    numbers = all(re.fullmatch(r"\d+", entry.name) for entry in entries)  # "0 n01440764"
    return entries if len(entries) == len(found) and not numbers else []


def _identified(lines: Sequence[Line]) -> list[Entry]:
    """Read ``n01440764 tench, Tinca tinca``, or the id alone; nothing if a line is otherwise."""
    found = [(number, _IDENTIFIED.fullmatch(line)) for number, line in lines]
    entries = [Entry((match[2] or "").strip(), f"line {number}", match[1]) for number, match in found if match]
    if len(entries) < len(found):
        return []
    split = [re.fullmatch(r"(\d{1,9})(?:[\s,:;]+(.+))?", entry.name) for entry in entries]
    numbered = [
        Entry((match[2] or "").strip(), entry.where, entry.id, int(match[1]))
        for entry, match in zip(entries, split, strict=True)
        if match
    ]
    if len(numbered) < len(entries):
        return entries
    ordered = sorted(numbered, key=lambda entry: entry.index or 0)
    if [entry.id for entry in ordered] != sorted(entry.id for entry in entries):
        problem = "have ids and numbers, which stand for two different orders"
        raise ModelError(problem, "keep the one that is the order of the model's output, and the name")
    return numbered


def _numbered(lines: Sequence[Line]) -> list[Entry]:
    """Read ``0: tench``, ``0 tench``, ``1. tench`` and the like, perhaps below a header."""
    entries = _split(lines, _NUMBERED)
    return entries or (_split(lines[1:], _NUMBERED) if len(lines) > 2 else [])


def _numbered_after(lines: Sequence[Line]) -> list[Entry]:
    """Read ``tench:0`` or ``/a/airfield 0``; after a space only what counts in order is no part of the name."""
    return _without_places(_split(lines, _NUMBERED_AFTER))


def _without_places(entries: list[Entry]) -> list[Entry]:
    """Return entries of ``/a/airfield`` as lists of scenes have them, if all are so, without the letter."""
    places = [_PLACES.fullmatch(entry.name) for entry in entries]
    return [
        Entry(place[2], entry.where, index=entry.index) if place and all(places) else entry
        for entry, place in zip(entries, places, strict=True)
    ]


def _once_numbered(entries: list[Entry]) -> list[Entry]:
    """Return the entries, none of which may go on with a number that counts them, too.

    Raises:
        ModelError: two columns of numbers count the classes.
    """
    again = [re.match(r"(\d{1,9})\s+\S", entry.name, re.ASCII) for entry in entries if entry.index is not None]
    if all(again) and is_numbering([int(match[1]) for match in again if match]):
        raise ModelError("have two columns of numbers", REMEDY)
    return entries


def _check_order(entries: Sequence[Entry]) -> None:
    """Check names that begin with numbers, as folders do (``001.ak47``): if these count the classes, then in order.

    Raises:
        ModelError: they count them in another order than that of the list.
    """
    folders = [_FOLDERS.fullmatch(entry.name.strip()) for entry in entries]
    numbers = [int(match[1]) for match in folders if match]
    if all(folders) and is_numbering(numbers) and numbers != sorted(numbers):
        raise ModelError("begin with numbers that count the classes in another order than the list's", REMEDY)


def _split(lines: Sequence[Line], pattern: re.Pattern[str]) -> list[Entry]:
    """Return names and numbers; nothing where a line has no number, or the numbers may be part of the names.

    Raises:
        ModelError: what separates the numbers says that they are indices, but they do not count the classes.
    """
    found = [(number, pattern.fullmatch(line)) for number, line in lines]
    parts = [(number, match) for number, match in found if match is not None]
    if len(parts) < len(found) or not parts:
        return []
    numbers = [int(match["number"]) for _, match in parts]
    names = [match["name"] for _, match in parts]
    marked = all(match["mark"].strip(" ") for _, match in parts)
    if len(parts) == 1 and not (marked and numbers == [0]):
        return []
    entries = [Entry(name, f"line {line}", index=i) for (line, _), name, i in zip(parts, names, numbers, strict=True)]
    steps = sum(later - number == 1 for number, later in pairwise(numbers))
    if len(parts) > 1 and len(set(names)) == 1:
        return []  # "class 0", "class 1"
    if not marked and is_numbering(numbers) and all(re.fullmatch(r"\d+", name) for name in names):
        raise ModelError("have two columns of numbers", REMEDY)
    counting = steps == len(parts) - 1 and (steps > 1 or numbers[0] == 0)  # two names may end in 1 and 2 by chance
    if is_numbering(numbers) and (marked or pattern is _NUMBERED or counting):
        return entries
    counts = pattern is _NUMBERED and len(parts) > 3 and 2 * steps >= len(parts)
    return entries if marked or counts else []  # the order of these is refused, with the index that is missing


def _bare(entries: list[Entry]) -> list[Entry]:
    """Return the entries without the quotes, and commas after them, that all names have."""
    quoted = [_QUOTED.fullmatch(entry.name) for entry in entries]
    if not all(quoted):
        return entries
    return [
        Entry(match[2], entry.where, entry.id, entry.index)
        for entry, match in zip(entries, quoted, strict=True)
        if match is not None
    ]
