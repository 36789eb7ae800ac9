"""Data files: the one place that reads TOML, JSON, CSV and text which people or other programs wrote.

Whatever a file holds, the outcome is its content or one :class:`~atlas.errors.DataFileError` that names the file. What
is returned can be compared, kept as JSON and printed: it is text that UTF-8 can carry, numbers of 64 bits, and nested
no deeper than :data:`MAX_DEPTH`.
"""

import csv
import errno
import io
import json
import math
import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from atlas.errors import DataFileError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_DEPTH = 64
"""Tables and lists within one another; what people write has five or so, and Python ends at some hundreds."""

MAX_TOML = 4 << 20
MAX_JSON = 64 << 20
MAX_TEXT = 256 << 20
"""Largest files in bytes: a hundred times what they hold in practice; beyond it a wrong file was named."""

_DIGITS = 20
"""Digits of the longest integers, which are those of 64 bits: TOML allows no others, and JSON promises no others."""

_KEY_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*"""
_LONG_KEY = re.compile(f"(?<![\\w-])(?:{_KEY_PART}){{{MAX_DEPTH}}}")
"""A dotted key so long that parsing it would take minutes."""

_BACKSLASHES = r"in double quotes a backslash begins an escape: write paths with /, or as 'C:\folder' in single quotes"
_TOML_REMEDY = "text needs quotes (names with dots too), lists square brackets"


def regular_bytes(path: Path, limit: int = MAX_TEXT) -> bytes:
    """Return the content of a regular file of at most ``limit`` bytes.

    Raises:
        OSError: it is missing, a folder, a pipe or device (which are not waited for), too large, or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError("it is no regular file")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(f"it is larger than {limit >> 20} MiB")
    return data


def read_bytes(path: Path, what: str, remedy: str = "check the path", limit: int = MAX_TEXT) -> bytes:
    """Return the content of a regular file.

    Args:
        what: what the file is to the user, e.g. ``labels file``.
        remedy: what to do where there is no such file.
        limit: largest size in bytes.

    Raises:
        DataFileError: it is missing, no regular file (a pipe is not waited for), too large, or cannot be read.
    """
    try:
        return regular_bytes(path, limit)
    except FileNotFoundError as error:
        target = f", a link that leads nowhere ({os.readlink(path)})" if os.path.islink(path) else ""
        raise DataFileError([f'there is no {what} "{path}"{target}'], remedy=remedy) from error
    except OSError as error:
        problem = f'cannot read the {what} "{path}": {error.strerror or error}'
        raise DataFileError([problem], remedy=remedy) from error
    except ValueError as error:  # a NUL in the path
        raise DataFileError([f'the {what} "{path}" cannot be a path: {error}'], remedy="correct the path") from error


def read_text(path: Path, what: str, remedy: str = "check the path") -> str:
    """Return the text of a UTF-8 file, without a byte order mark; see :func:`read_bytes`."""
    return parse_text(read_bytes(path, what, remedy), str(path))


def read_toml(path: Path, what: str, remedy: str = "check the path") -> dict[str, Any]:
    """Return the table in a TOML file; see :func:`read_bytes` and :func:`parse_toml`."""
    return parse_toml(read_bytes(path, what, remedy, MAX_TOML), str(path))


def read_json(path: Path, what: str, remedy: str = "check the path") -> Any:
    """Return the content of a JSON file; see :func:`read_bytes` and :func:`parse_json`."""
    return parse_json(read_bytes(path, what, remedy, MAX_JSON), str(path))


def read_rows(path: Path, what: str, remedy: str = "check the path") -> Iterator[tuple[int, list[str]]]:
    """Return the rows of a CSV file; see :func:`read_bytes` and :func:`parse_rows`."""
    return parse_rows(read_bytes(path, what, remedy), str(path))


def parse_text(data: bytes, source: str) -> str:
    """Return bytes as text.

    Args:
        source: what the bytes are called in a message, mostly a path.

    Raises:
        DataFileError: they are not UTF-8 (a byte order mark may be there), or hold a NUL.
    """
    remedy = "save the file as UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataFileError(["UTF-16 text, not UTF-8"], source, remedy)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFileError([f"line {_line(data, error.start)}: not UTF-8 text"], source, remedy) from error
    if "\0" in text:
        place = _line(data, data.index(b"\0"))
        raise DataFileError(
            [f"line {place}: holds a NUL, which no text does"], source, f"name the right file, or {remedy}"
        )
    return text


def parse_toml(data: bytes, source: str) -> dict[str, Any]:
    """Return the table that TOML holds; see :func:`parse_text`.

    Raises:
        DataFileError: it is no TOML (names line and column), or beyond what this module's text promises.
    """
    text = parse_text(data, source)
    if len(data) > MAX_TOML:
        raise DataFileError([f"larger than {MAX_TOML >> 20} MiB"], source)
    if _LONG_KEY.search(text):
        raise _too_deep(source)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = re.sub(r"^(.*) \(at (.*)\)$", r"\2: \1", str(error), flags=re.DOTALL)
        escape = "hex value" in problem or "Unescaped '" in problem
        raise DataFileError([f"not valid TOML, {problem}"], source, _BACKSLASHES if escape else _TOML_REMEDY) from error
    except ValueError as error:  # of int(), which reads some thousands of digits
        raise DataFileError(["a number has thousands of digits"], source, "shorten it") from error
    except RecursionError as error:
        raise _too_deep(source) from error
    check_content(table, source)
    return table


def parse_json(data: bytes, source: str) -> Any:
    """Return what JSON holds; see :func:`parse_text`.

    Raises:
        DataFileError: it is no JSON (names the line), an object has a key twice, a number is not finite, or it is
            beyond what this module's text promises.
    """
    text = parse_text(data, source)
    if len(data) > MAX_JSON:
        raise DataFileError([f"larger than {MAX_JSON >> 20} MiB"], source)
    try:
        content = json.loads(text, object_pairs_hook=_each_once, **_NUMBERS)
    except json.JSONDecodeError as error:
        problem = f"not valid JSON, line {error.lineno}, column {error.colno}: {error.msg}"
        raise DataFileError([problem], source, "correct that line") from error
    except ValueError as error:  # of the functions below
        raise DataFileError([f"not valid JSON, {error}"], source, "correct it") from error
    except RecursionError as error:
        raise _too_deep(source) from error
    check_content(content, source)
    return content


def parse_rows(data: bytes, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of CSV with the number of the line they end on; blank ones are left out; see :func:`parse_text`.

    Fields are separated by commas, or by semicolons or tabs if the first line has those and no comma.

    Raises:
        DataFileError: it is no CSV.
    """
    text = parse_text(data, source)
    first = text.partition("\n")[0]
    delimiter = next((mark for mark in ",;\t" if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(field.strip() for field in row):
                yield reader.line_num, [field.strip() for field in row]
    except csv.Error as error:
        raise DataFileError([f"line {reader.line_num}: {error}"], source, "quote fields that hold commas") from error


def _line(data: bytes, position: int) -> int:
    return data[:position].count(b"\n") + 1


def _too_deep(source: str) -> DataFileError:
    return DataFileError(["nested far too deeply"], source, f"use at most {MAX_DEPTH} levels")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise ValueError(f"the key {twice[:60]!a} is there twice in one object")
    return table


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > _DIGITS:
        raise ValueError(f"the number {text[:12]}... has {len(text)} digits")
    return int(text)


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError(f"the number {text[:30]} is too large")
    return number


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


_NUMBERS: dict[str, Any] = {"parse_int": _integer, "parse_float": _finite, "parse_constant": _no_number}


def check_content(content: Any, source: str) -> None:
    """Check every value that was read, or that a caller read itself. Not recursive, so that no depth can end it.

    Raises:
        DataFileError: a value is beyond what this module's text promises.
    """
    left: list[tuple[Any, str, int]] = [(content, "", 1)]
    while left:
        value, where, depth = left.pop()
        if isinstance(value, dict | list):
            if depth > MAX_DEPTH:
                raise _too_deep(source)
            entries = value.items() if isinstance(value, dict) else enumerate(value)
            for key, inner in entries:
                left.append((inner, f"{where}[{key}]" if isinstance(key, int) else f"{where}.{key}", depth + 1))
                if isinstance(key, str) and (problem := _unfit(key)):
                    raise DataFileError([f"a key in {_place(where)} {problem}"], source, "correct the key")
        elif problem := _unfit(value):
            raise DataFileError([f"{_place(where)} {problem}"], source, "correct the value")


def _place(where: str) -> str:
    return where.lstrip(".")[:100] or "the file"


def _unfit(value: Any) -> str:
    """Return what is wrong with a text or number, or an empty text."""
    if isinstance(value, str):
        if "\0" in value:
            return "holds a NUL character"
        if not value.isascii() and re.search("[\ud800-\udfff]", value):
            return "holds half a character (an unpaired surrogate)"
    elif isinstance(value, int) and not -(2**63) <= value < 2**64:
        return "is a number of more than 64 bits"
    return ""
