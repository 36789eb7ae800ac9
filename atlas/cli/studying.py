"""The study of people: which files of answers count, and the table of what they say."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from atlas.cli.terminal import complain, say, table
from atlas.core.figures import Figure
from atlas.errors import ConfigError
from atlas.face.studying import Studied, study_answers
from atlas.study.settings import TaskKind
from atlas.study.table import COLUMNS, Row

TITLES: dict[TaskKind, str] = {
    "description": "describe it in a word",
    "word": "choose it by a word",
    "photos": "choose it by photos",
    "rating": "rate it from 1 to 5",
}
"""What a person was asked to do with a picture."""


def study_and_report(path: Path, files: Sequence[Path], study: str, as_json: bool, csv_path: Path | None) -> None:
    """Print the table of a study, and which files are not in it.

    Raises:
        ConfigError: no file can be counted, or the study or the CSV file is not to be had.
    """
    found = study_answers(path, files, study)
    if csv_path is not None:
        _write_csv(csv_path, found.table.rows)
    if as_json:
        say(json.dumps(_plain(found), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        _print_table(found)
        for difference in found.table.differences:
            words = f"{difference.method} minus {difference.other}"
            say(f"{TITLES[difference.task]}, {difference.model}: {words} {_interval(difference.figure)}")
    tell = complain if as_json else say
    for left in found.counted.left_out:
        tell(f"Left out: {left.file}: {left.reason}")
    if found.counted.inattentive:
        wrong = found.counted.inattentive
        tell(f"Left out: {_people(len(wrong))} who answered the catch question wrongly: {', '.join(wrong)}")
    if not found.counted.people:
        raise ConfigError(["no file of answers can be counted"], remedy="the lines above say why; see also --study")


def _print_table(found: Studied) -> None:
    say(f"Study {found.document.digest[:12]}, answers of {_people(len(found.counted.people))}\n")
    if found.table.rows:
        head = ("task", "model", "method", "share right or rating", "over people", "chance", "answers", "people")
        table(head, _cells(found.table.rows))
        say(
            "\nIntervals are of 95 %: of shares by Wilson over answers, of ratings and over people by bootstrap over "
            "people, whose answers are not independent of each other. Differences are paired by person.\n"
        )


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _cells(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        chance = "-" if row.chance is None else f"{row.chance:.2f}"
        own = (_interval(row.leading), _interval(row.people), chance, str(row.count), str(row.people.n))
        yield (TITLES[row.task], row.model, row.method, *own)


def _interval(figure: Figure) -> str:
    """Write a value with its interval; of one person there is none."""
    return str(figure) if figure.is_certain else f"{figure.value:.2f} (one)"


def _plain(found: Studied) -> dict[str, Any]:
    counted, rows = found.counted, found.table
    return {
        "study": found.document.digest,
        "people": [answers.person for answers in counted.people],
        "inattentive": list(counted.inattentive),
        "left_out": [{"file": left.file, "reason": left.reason} for left in counted.left_out],
        "rows": [row.plain for row in rows.rows],
        "differences": [difference.plain for difference in rows.differences],
        "descriptions": [vars(described) for described in rows.descriptions],
    }


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write the table; unknown values are empty.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(row.plain for row in rows)
    except OSError as error:
        raise ConfigError([f"cannot write {path}: {error.strerror or error}"], remedy="name another file") from error
