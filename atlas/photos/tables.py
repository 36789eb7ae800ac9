"""Small tables that a person writes beside photos: CSV, JSON or TOML. What is wrong with one is named by its line."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from atlas.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ENDINGS = (".csv", ".json", ".toml")


def read_structure(data: bytes, source: str) -> Any:
    """Return the content of a JSON or TOML file.

    Args:
        source: the file's name; its ending decides.

    Raises:
        ConfigError: it is neither, or not UTF-8.
    """
    text = _text(data, source)
    try:
        return tomllib.loads(text) if PurePath(source).suffix.lower() == ".toml" else json.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = re.sub(r"^(.*) \(at (.*)\)$", r"\2: \1", str(error), flags=re.DOTALL)
        raise ConfigError([f"not valid TOML, {problem}"], source, "text needs quotes; so do names with dots") from error
    except json.JSONDecodeError as error:
        raise ConfigError([f"not valid JSON, line {error.lineno}: {error.msg}"], source, "check that line") from error
    except RecursionError as error:
        raise ConfigError(["nested far too deeply"], source) from error


def read_rows(data: bytes, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file with the number of the line they end on; blank ones are left out.

    Fields are separated by commas, or by semicolons or tabs if the first line has those and no comma.

    Raises:
        ConfigError: it is not UTF-8, or no CSV.
    """
    text = _text(data, source)
    first = text.partition("\n")[0]
    delimiter = next((mark for mark in ",;\t" if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(field.strip() for field in row):
                yield reader.line_num, [field.strip() for field in row]
    except csv.Error as error:
        raise ConfigError([f"line {reader.line_num}: {error}"], source, "quote fields that hold commas") from error


def _text(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError([f"line {line}: not UTF-8 text"], source, "save the file as UTF-8") from error
