"""Class names in the columns of a table, CSV or TSV."""

import csv
import re
from collections.abc import Sequence

from atlas.errors import ModelError
from atlas.models.names.entries import IDENTIFIER, Entry, is_numbering, is_whole
from atlas.models.names.lines import Line, with_ids
from atlas.models.names.structures import ID_KEYS, INDEX_KEYS, NAME_KEYS, NAME_KEYS_LAST

Row = tuple[int, list[str]]
"""Number of a row's line, and its fields."""

_REMEDY = 'name the columns in the first line: "name", and "index" unless the rows are in the order of the output'
_MAY_BE_INDEX = (*INDEX_KEYS, "label", "class", "category", "target")
_BETWEEN_WORDS = r"(?<=[a-z])(?=[A-Z])|[\s-]+"
_NAMES = (*NAME_KEYS, *NAME_KEYS_LAST)


def read_columns(lines: Sequence[Line], table: bool) -> list[Entry] | None:
    """Return the entries of a table; None if it is none.

    Args:
        table: the file's ending says that it is one. Without that, lines are rows if all begin with a number and a
            comma, or the first one names columns.

    Raises:
        ModelError: it does not say which column holds the names.
    """
    rows = _rows(lines, table)
    if not rows:
        return None
    (_, head), body = rows[0], rows[1:]
    named = set(map(_title, head)) & {*_NAMES, *ID_KEYS} and (len(head) > 1 or table)
    indexed = bool(body) and all(_is_whole(row[0]) for _, row in body) and max(len(row) for _, row in rows) > 1
    if body and named and not any(map(_is_whole, head)):
        return _by_header(head, body)
    if indexed and (table or all(re.match(r"\s*\d+\s*,", line) for _, line in lines[1:] if line.strip())):
        return with_ids([_entry(number, row[1:], row[0]) for number, row in (rows if _is_whole(head[0]) else body)])
    return _without_header(rows) if table else None


def _rows(lines: Sequence[Line], table: bool) -> list[Row]:
    first = lines[0][1] if lines else ""
    delimiter = next((mark for mark in ("\t,;|" if table else "\t,;") if mark in first), ",")
    reader = csv.reader([f"{line}\n" for _, line in lines], delimiter=delimiter, strict=table)
    start = lines[0][0] if lines else 1
    try:
        return [(start + reader.line_num - 1, row) for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise ModelError(f"are no table: line {start + reader.line_num - 1}: {error}", "correct that line") from error


def _entry(line: int, fields: Sequence[str], index: str | None = None, id: str = "") -> Entry:
    """Return an entry whose name may hold the commas that separated its parts."""
    return Entry(",".join(fields).strip(), f"line {line}", id.strip(), None if index is None else _number(index))


def _by_header(head: list[str], body: list[Row]) -> list[Entry]:
    titles = list(map(_title, head))
    for line, row in body:
        if len(row) != len(head):
            problem = f"have {len(row)} fields on line {line}, but {len(head)} columns"
            raise ModelError(problem, "quote names that hold commas")
    columns = {title: [row[number].strip() for _, row in body] for number, title in enumerate(titles)}
    indices = [title for title in _MAY_BE_INDEX if all(map(_is_whole, columns.get(title, [""])))]
    for title in titles:
        if title in ("index", "idx", "class_index", "class_idx") and title not in indices:
            raise ModelError(f'have a column "{title}" that does not hold whole numbers', _REMEDY)
    names = [title for title in _NAMES if title in columns and title not in indices]
    ids = [title for title in titles if title in ID_KEYS or all(map(IDENTIFIER.fullmatch, columns[title]))]
    names = [title for title in names if title not in ids] or names or ids
    if not names:
        raise ModelError(f"have the columns {', '.join(head)[:80]}, none of which is known to hold names", _REMEDY)
    counting = [title for title in indices if is_numbering(list(map(_number, columns[title])))] or indices
    return [
        Entry(
            columns[names[0]][number],
            f"line {line}",
            columns[ids[0]][number] if ids and ids[0] != names[0] else "",
            _number(columns[counting[0]][number]) if counting else None,
        )
        for number, (line, _) in enumerate(body)
    ]


def _without_header(rows: list[Row]) -> list[Entry] | None:
    """Read rows of one column, of an id and a name, or of a name and an index; None if commas are part of names."""
    widths = {len(row) for _, row in rows}
    if widths == {1}:
        return [_entry(line, row) for line, row in rows]
    if all(IDENTIFIER.fullmatch(row[0].strip()) for _, row in rows):
        return [_entry(line, row[1:], id=row[0]) for line, row in rows]
    if 1 not in widths and all(IDENTIFIER.fullmatch(row[-1].strip()) for _, row in rows):
        return [_entry(line, row[:-1], id=row[-1]) for line, row in rows]
    if 1 not in widths and all(_is_whole(row[-1]) for _, row in rows):
        return [_entry(line, row[:-1], row[-1]) for line, row in rows]
    if len(widths) == 1:
        raise ModelError(f"have {widths.pop()} columns without saying which holds the names", _REMEDY)
    return None


def _title(text: str) -> str:
    """Return a column's title as the keys of names and ids are written: of ``DisplayName``, ``display_name``."""
    title = text.strip()
    known = {*_NAMES, *ID_KEYS, *_MAY_BE_INDEX}
    return title.casefold() if title.casefold() in known else re.sub(_BETWEEN_WORDS, "_", title).casefold()


def _is_whole(text: str) -> bool:
    return is_whole(_without_fraction(text))


def _number(text: str) -> int:
    return int(_without_fraction(text))


def _without_fraction(text: str) -> str:
    """Return ``1`` for ``1.0``, as tables come out of programs that know floats only."""
    return re.sub(r"\.0+(?=\s*$)", "", text)
