"""labels.toml: what people call concepts. A label is a person's, shown under that person's name, and never invented::

["0a1b2c3d4e5f"]
text = "stripes"
author = "Ada"

The name of each table is a concept's key, which the concept's page shows.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from atlas.core.data_files import read_toml
from atlas.errors import ConfigError, did_you_mean

FIELDS = ("text", "author")
LONGEST = 200
"""Longest text or author: a label is a few words."""
COMPARED = 20
"""Labels of unknown concepts for which the nearest key is looked for; comparing costs."""
REMEDY = 'each label is a table: ["0a1b2c3d4e5f"] with text = "..." and author = "..."'


@dataclass(frozen=True)
class Label:
    """What a person calls a concept."""

    text: str
    author: str


def read_labels(path: Path) -> dict[str, Label]:
    """Return concept key to label.

    Raises:
        ConfigError: the file is missing, is no TOML, or a label is incomplete; lists every problem.
    """
    table = read_toml(path, "labels file", "write the file, or take the key labels out of [site]")
    problems = [problem for key, entry in table.items() for problem in _problems(key, entry)]
    if problems:
        raise ConfigError(problems, str(path), REMEDY)
    return {key: Label(*(" ".join(entry[name].split()) for name in FIELDS)) for key, entry in table.items()}


def _problems(key: str, entry: Any) -> Iterator[str]:
    """Yield what is wrong with one table of the file."""
    if not re.fullmatch(r"[0-9a-f]{12}", key):
        yield f"\"{key[:40]}\" is no concept's key; a key is 12 digits 0-9 a-f, as the concept's page shows it"
        return
    if not isinstance(entry, dict):
        yield f"{key} must be a table"
        return
    for name in entry.keys() - set(FIELDS):
        hint = did_you_mean(name, FIELDS, limit=1)
        yield f"{key}.{name}: there is no such key; {hint + ' ' if hint else ''}(allowed: {', '.join(FIELDS)})"
    for name in FIELDS:
        if name not in entry:
            yield f"{key}.{name} is missing"
        elif not isinstance(entry[name], str) or not entry[name].strip():
            yield f"{key}.{name} must be text in quotes"
        elif len(entry[name]) > LONGEST:
            yield f"{key}.{name} must be at most {LONGEST} characters long"


def stale_labels(labels: Mapping[str, Label], shown: Iterable[str]) -> list[str]:
    """Return one sentence for every label of a concept that is not shown. That is no error: concepts come and go."""
    known = set(shown)
    notices: list[str] = []
    for key in sorted(labels.keys() - known):
        near = get_close_matches(key, known, n=1, cutoff=0.8) if len(notices) < COMPARED else []
        hint = f'; did you mean "{near[0]}"?' if near else ""
        text = labels[key].text
        notices.append(f'the label “{text}” is of the concept "{key}", which this atlas does not show{hint}')
    return notices
