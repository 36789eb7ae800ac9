"""Whom photos are owed to: licences, authors and sources, as far as a file beside the photos gives them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any
from unicodedata import normalize

from atlas.core.data_files import parse_json, parse_rows, parse_toml, read_bytes
from atlas.errors import ConfigError

STEMS = ("sources", "attribution", "attributions", "credits", "license", "licence")
"""Names of files that are read, in lower case and without their ending; the first in this order counts."""

ENDINGS = (".csv", ".json", ".toml")
"""Endings of tables."""

NOTE_ENDINGS = (".md", ".txt", ".rst", "")
"""Endings of free text."""

MAX_NOTES = 20_000
"""Of free text so many bytes are carried along."""

EVERYTHING = "*"

FIELDS = {"author": "author", "licence": "licence", "license": "licence", "source": "source", "url": "source"}
"""Columns, and what of a credit they give."""


@dataclass(frozen=True)
class Credit:
    """Whom photos are owed to; each may be empty."""

    author: str = ""
    licence: str = ""
    source: str = ""

    def over(self, other: "Credit") -> "Credit":
        """Return this credit, with what it leaves empty taken from another."""
        return Credit(self.author or other.author, self.licence or other.licence, self.source or other.source)


@dataclass(frozen=True)
class Attribution:
    """What a photo set's files say.

    Attributes:
        credits: by file, folder, or ``*`` for all photos; paths within the set, in normal form C.
        notes: free text, as it is.
        source: name of the file that the credits are from.
    """

    credits: Mapping[str, Credit] = field(default_factory=dict)
    notes: str = ""
    source: str = ""

    def credit(self, name: str, group: str) -> Credit:
        """Return the credit of a photo, each part from the nearest row that gives it: its file's, a folder's, all's."""
        found = Credit()
        for key in (name, *_folders(name), group, EVERYTHING):
            found = found.over(self.credits.get(normalize("NFC", key), found))
        return found


def is_document(name: str) -> bool:
    """Tell by its name whether a file at the top of a photo set may say whom photos are owed to."""
    path = PurePath(name.lower())
    return path.stem in STEMS and path.suffix in (*ENDINGS, *NOTE_ENDINGS)


def read_attribution(documents: Mapping[str, bytes], given: Path | None = None) -> Attribution:
    """Return what the files say: credits from one table, notes from one text.

    Args:
        documents: files beside the photos, by name.
        given: a file to take instead of the one that would be found.

    Raises:
        ConfigError: a table is malformed or the file given cannot be read; names its line.
    """
    table = _first(documents, ENDINGS)
    text = _first(documents, NOTE_ENDINGS)
    notes = "" if text is None else _notes(documents[text])
    if given is not None:
        data = read_bytes(given, "file of credits", "check photos.attribution in the configuration")
        if given.suffix.lower() in ENDINGS:
            return Attribution(_credits(data, str(given)), notes, given.name)
        return Attribution(notes=_notes(data))
    if table is None:
        return Attribution(notes=notes)
    return Attribution(_credits(documents[table], table), notes, table)


def _first(documents: Mapping[str, bytes], endings: tuple[str, ...]) -> str | None:
    """Return the file that counts among those with certain endings."""
    ranked = [
        (STEMS.index(path.stem.lower()), endings.index(path.suffix.lower()), path.name)
        for path in map(PurePath, documents)
        if path.suffix.lower() in endings
    ]
    return min(ranked)[2] if ranked else None


def _notes(data: bytes) -> str:
    text = data[:MAX_NOTES].decode("utf-8-sig", "replace")
    return f"{text}\n[cut off here]" if len(data) > MAX_NOTES else text


def _credits(data: bytes, source: str) -> dict[str, Credit]:
    """Return the credits of a table, merged where several rows are for the same photos."""
    found: dict[str, Credit] = {}
    problems: list[str] = []
    for where, entry in _table(data, source):
        key, credit, problem = _read_entry(entry)
        if problem:
            problems.append(f"{where}: {problem}")
        else:
            found[key] = credit.over(found.get(key, credit))
    if problems:
        more = [f"and {len(problems) - 20} more"] if len(problems) > 20 else []
        remedy = "give each row a file or folder (or * for all), and author, licence or source"
        raise ConfigError(problems[:20] + more, source, remedy)
    return found


def _table(data: bytes, source: str) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a table, each with where it stands; the ending of the file's name decides how it is read."""
    ending = PurePath(source).suffix.lower()
    if ending == ".csv":
        return _csv_entries(data, source)
    return _entries(parse_toml(data, source) if ending == ".toml" else parse_json(data, source))


def _csv_entries(data: bytes, source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = parse_rows(data, source)
    _, header = next(rows, (0, []))
    columns = [name.casefold() for name in header]
    if not {"file", "folder"} & set(columns) or not FIELDS.keys() & set(columns):
        shown = ", ".join(header)[:200] or "nothing"
        raise ConfigError(
            [f"line 1: the columns are {shown}"],
            source,
            "name them: file or folder, and some of author, licence, source, url",
        )
    for line, row in rows:
        if len(row) > len(columns):
            problem = f"line {line}: {len(row)} fields, but {len(columns)} columns"
            raise ConfigError([problem], source, "quote fields that hold commas")
        yield f"line {line}", dict(zip(columns, row, strict=False))


def _entries(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a JSON or TOML file: a list of them, or a table from file or folder to each."""
    if not isinstance(content, dict):
        content = {"": content}
    for name, value in content.items():
        if isinstance(value, list):
            yield from ((f"{name}[{number}]", entry) for number, entry in enumerate(value))
        else:
            yield name, {"file": name, **value} if isinstance(value, dict) else value


def _read_entry(entry: Any) -> tuple[str, Credit, str]:
    """Return the photos that an entry is for, what it says, and what is wrong with it."""
    if not isinstance(entry, dict):
        return "", Credit(), "must be a table with file or folder, and author, licence or source"
    plain = {str(name).strip().casefold(): value for name, value in entry.items()}
    wrong = [name for name in ("file", "folder", *FIELDS) if not isinstance(plain.get(name, ""), str)]
    if wrong:
        return "", Credit(), f"{', '.join(wrong)} must be text"
    key = _key(plain.get("folder", ""), plain.get("file", ""))
    credit = Credit()
    for name, what in FIELDS.items():
        credit = credit.over(Credit(**{what: plain.get(name, "").strip()}))
    return key, credit, "" if key else "names neither a file nor a folder"


def _key(folder: str, file: str) -> str:
    """Return the path within the set that a row is for. A file may be given with its folder or within it."""
    folder, file = _path(folder), _path(file)
    if folder in ("", EVERYTHING) or file.startswith(f"{folder}/"):
        return file or folder
    return f"{folder}/{file}" if file not in ("", EVERYTHING) else folder


def _path(text: str) -> str:
    path = text.strip().replace("\\", "/").removeprefix("./").removesuffix("*") if text.strip() != EVERYTHING else "*"
    return normalize("NFC", path.rstrip("/"))


def _folders(name: str) -> Iterator[str]:
    """Yield the folders that a photo lies in, the innermost first."""
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name
