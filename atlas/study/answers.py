"""Answers: what one person's file says, and whether it can be counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from atlas.core.data_files import read_json
from atlas.core.job import Frozen
from atlas.errors import DataFileError
from atlas.study.document import CHOICES, RATINGS, StudyDocument, Trial

LONGEST = 100
"""Letters of a description; it is to be a word."""


class Answer(Frozen):
    """The answer to one question.

    Attributes:
        answer: id of the picture chosen, a rating, or a description; empty for "I cannot tell".
        seconds: that the question was on the screen.
    """

    model_config = ConfigDict(strict=True)

    trial: str
    answer: str | int
    seconds: float = Field(ge=0, allow_inf_nan=False)


class Answers(Frozen):
    """The file that a study's page saves or posts.

    Attributes:
        study: digest of the study. person: its number.
        consent: that the person agreed to take part.
        started, finished: times, UTC.
        answers: in the order in which they were given.
    """

    model_config = ConfigDict(strict=True)

    format: Literal["atlas-answers"] = Field(alias="schema")
    schema_version: Literal[1]
    study: str
    person: int = Field(ge=0)
    consent: Literal[True]
    started: str
    finished: str
    answers: list[Answer]

    @property
    def by_trial(self) -> dict[str, str | int]:
        """Id of a trial to its answer."""
        return {each.trial: each.answer for each in self.answers}


@dataclass(frozen=True)
class LeftOut:
    """A file that is not counted, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Counted:
    """What a study has to go by.

    Attributes:
        people: whose answers count.
        inattentive: files of those who answered the catch question wrongly. left_out: files that cannot be used.
    """

    people: tuple[Answers, ...]
    inattentive: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def count(files: Iterable[Path], study: StudyDocument) -> Counted:
    """Read files of answers; what is no answer to this study, broken, repeated or incomplete is left out."""
    trials = {trial.id: trial for trial in study.trials}
    people: dict[int, Answers] = {}
    names: dict[int, str] = {}
    inattentive, left_out = [], []
    for file in files:
        try:
            answers = _read(file)
            _check(answers, study, trials)
            if answers.person in names:
                raise ValueError(f"repeated: {names[answers.person]} is of the same person, {answers.person}")
        except ValueError as error:
            left_out.append(LeftOut(str(file), str(error)))
            continue
        names[answers.person] = str(file)
        if all(trials[each.trial].expected in (0, each.answer) for each in answers.answers):
            people[answers.person] = answers
        else:
            inattentive.append(str(file))
    return Counted(tuple(people.values()), tuple(inattentive), tuple(left_out))


def _read(file: Path) -> Answers:
    """Return what is in a file.

    Raises:
        ValueError: no answers are; says why.
    """
    try:
        return Answers.model_validate(read_json(file, "file of answers"))
    except DataFileError as error:
        raise ValueError(f"broken: {error.problems[0]}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ValueError(f"broken: {where}: {first['msg']}") from error


def _check(answers: Answers, study: StudyDocument, trials: dict[str, Trial]) -> None:
    """Raise the ValueError for answers that are not those to all questions of one sheet of the study."""
    if answers.study != study.digest:
        raise ValueError(f"of another study ({answers.study[:12]}), not of {study.digest[:12]}")
    asked = [each.trial for each in answers.answers]
    sheet = study.sheet(answers.person)
    if foreign := sorted(set(asked) - set(sheet)):
        raise ValueError(f"broken: person {answers.person} is not asked {foreign[0][:LONGEST]}")
    if len(asked) > len(set(asked)):
        raise ValueError("broken: it answers a question twice")
    if len(asked) < len(sheet):
        raise ValueError(f"incomplete: {len(asked)} of {len(sheet)} questions are answered")
    for each in answers.answers:
        if not _is_possible(each.answer, trials[each.trial]):
            raise ValueError(f"broken: {str(each.answer)[:LONGEST]!r} is no answer to {each.trial}")


def _is_possible(answer: str | int, trial: Trial) -> bool:
    if trial.kind in CHOICES:
        return answer in trial.options
    if trial.kind == "description":
        return isinstance(answer, str) and len(answer) <= LONGEST
    return isinstance(answer, int) and answer in RATINGS
