"""Class names as text, one class a line: the name alone, or beside an index or an id."""

import re
from collections.abc import Sequence
from itertools import pairwise

from atlas.errors import ModelError
from atlas.models.name_entries import IDENTIFIER, Entry, is_numbering

Line = tuple[int, str]
"""Number of a line, from 1, and its text."""

REMEDY = "write the names alone, one a line, in the order of the model's output; the README shows what else is read"

_SEPARATOR = r"\s*(?:[-=]>|[→:,;|=\t])\s*"
_IDENTIFIED = re.compile(rf"({IDENTIFIER.pattern})(?:[\s,:;=_-]+(.*))?", re.ASCII)
_IDENTIFIED_AFTER = re.compile(rf"(.*[^\s,:;=])[\s,:;=]+({IDENTIFIER.pattern})", re.ASCII)
_NUMBERED = re.compile(rf"(?P<number>\d{{1,9}})(?P<mark>{_SEPARATOR}|[.)]\s+|\s+-\s+|\s+)(?P<name>\S.*)", re.ASCII)
_NUMBERED_AFTER = re.compile(rf"(?P<name>.*[^\s:,;|=])(?P<mark>{_SEPARATOR}|\s+)(?P<number>\d{{1,9}})", re.ASCII)
_QUOTED = re.compile(r"""(["'])(.*)\1\s*,?""")
_COMMENT = re.compile(r"#\s+\S")
_ODD = re.compile(
    r"""\d+\s*[:,;\t]|["'][^"']+["']\s*:|[{[]\s*["'\d]|\(\s*\d+\s*,|\|.*\|$|</?\w+[^>]*>|.*[:=]\s*\d+$"""
    r"""|(class|label|index|id)\s*\d+\s*[:=]|\w+\(([\[{'"<]|\w+\s*=)|(var|let|const|export|static|module\.)\b.*[=\[{]"""
)
"""What is an entry of some notation rather than a name, if most lines are so."""
_PLACES = re.compile(r"/[a-z]/(.+)")


def lines_of(text: str) -> list[Line]:
    """Return the lines but for blank ones at both ends, comments, and the marks of a list.

    Raises:
        ModelError: the text is in another format altogether.
    """
    if what := _other_format(text):
        raise ModelError(f"are {what}, not a list", REMEDY)
    # Not splitlines: a name may hold any character but a line feed; only old Macs ended lines with returns alone.
    text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if not _COMMENT.match(line)]
    while lines and not lines[-1][1].strip():
        lines.pop()
    while lines and not lines[0][1].strip():
        lines.pop(0)
    for mark in ("- ", "* "):
        if len(lines) > 1 and all(line.startswith(mark) for _, line in lines):
            lines = [(number, line.removeprefix(mark)) for number, line in lines]
    return lines


def _other_format(text: str) -> str:
    """Return what a text is that is no list of names, or an empty text."""
    start = text.lstrip()[:100].lower()
    if re.match(r"<(!doctype|html|head|\?xml)\b", start):
        return "a web page or XML"
    if start.startswith("version https://git-lfs"):
        return "a pointer of Git LFS (`git lfs pull` fetches the file)"
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    if any(re.fullmatch(r"\s*item\s*:?\s*\{", line) for line in lines):
        return "a label map in protocol buffers' text format"
    if re.match(r"---\s|%yaml", start) or any(re.match(r"names\s*:\s*([\[{].*)?$", line) for line in lines):
        return "YAML"
    opened = any(len(line) > 1 and line.endswith(("{", "[", "(")) for line in lines)
    if opened and re.fullmatch(r"\s*[\]})]+[;,]?", lines[-1]):
        return "program text"
    return ""


def read_lines(lines: Sequence[Line]) -> list[Entry]:
    """Return the entries of lines; see :func:`lines_of`.

    Raises:
        ModelError: they look like something else than a list of names.
    """
    filled = [(number, line.strip()) for number, line in lines if line.strip()]
    for read in (_identified, _identified_after, _numbered, _numbered_after):
        if entries := read(filled):
            return with_ids(_bare(entries))
    entries = _bare([Entry(line.strip(), f"line {number}") for number, line in lines])
    odd = [entry for entry in entries if _ODD.match(entry.name)]
    if 2 * len(odd) > len(entries):
        raise ModelError(f'look like no names: {odd[0].where} is "{odd[0].name[:40]}"', REMEDY)
    return entries


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
    entries = _split(lines, _NUMBERED_AFTER)
    places = [_PLACES.fullmatch(entry.name) for entry in entries]
    return [
        Entry(place[1] if all(places) and place else entry.name, entry.where, index=entry.index)
        for entry, place in zip(entries, places, strict=True)
    ]


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
