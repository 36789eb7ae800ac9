"""The table of a study: each method by each kind of question, with intervals."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from atlas.core.class_lookup import loose
from atlas.core.figures import Figure, difference, group_means, mean, share
from atlas.study.answers import Answers
from atlas.study.document import CHOICES, Stimulus, StudyDocument, Trial
from atlas.study.settings import KINDS, TaskKind

COLUMNS = (
    *("task", "model", "method", "figure", "value", "low", "high", "interval"),
    *("people_value", "people_low", "people_high", "chance", "answers", "people"),
)
"""Of the table as CSV."""


@dataclass(frozen=True)
class Row:
    """One method by one kind of question.

    Attributes:
        answers: of the shares that are right, by Wilson over all answers; None of ratings.
        people: the mean over people of each one's own mean, with the bootstrap's interval over people: the answers of
            one person are not independent.
        chance: the share that guessing would reach; None where nothing is chosen.
        count: of answers.
    """

    task: TaskKind
    model: str
    method: str
    answers: Figure | None
    people: Figure
    chance: float | None
    count: int

    @property
    def leading(self) -> Figure:
        """The figure that is named first."""
        return self.answers or self.people

    @property
    def plain(self) -> dict[str, Any]:
        """It by :data:`COLUMNS`; None is for what there is not."""
        figure, people = self.leading, self.people
        words = ("share right", "Wilson over answers") if self.answers else ("mean rating", "bootstrap over people")
        values = (self.task, self.model, self.method, words[0], figure.value, figure.low, figure.high, words[1])
        others = (people.value, people.low, people.high, self.chance, self.count, people.n)
        return dict(zip(COLUMNS, values + others, strict=True))


@dataclass(frozen=True)
class Difference:
    """One method minus another by one kind of question, of one model; paired by person."""

    task: TaskKind
    model: str
    method: str
    other: str
    figure: Figure

    @property
    def plain(self) -> dict[str, Any]:
        """It as JSON."""
        found = {name: value for name, value in asdict(self).items() if name != "figure"}
        return found | {
            "value": self.figure.value,
            "low": self.figure.low,
            "high": self.figure.high,
            "n": self.figure.n,
        }


@dataclass(frozen=True)
class Described:
    """A description that someone gave of a picture."""

    model: str
    method: str
    title: str
    text: str
    right: bool


@dataclass(frozen=True)
class Table:
    """What the answers say. Of each task, the ``rows`` of the best methods come first."""

    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    descriptions: tuple[Described, ...]


def make_table(people: Sequence[Answers], study: StudyDocument) -> Table:
    """Return the table of those people's answers."""
    trials = {trial.id: trial for trial in study.trials}
    stimuli = {stimulus.id: stimulus for stimulus in study.stimuli}
    scores: dict[tuple[TaskKind, str, str], dict[tuple[int, str], float]] = defaultdict(dict)
    chances: dict[tuple[TaskKind, str, str], list[float]] = defaultdict(list)
    described = []
    for answers in people:
        for each in answers.answers:
            trial, about = trials[each.trial], stimuli[trials[each.trial].picture]
            if trial.kind == "catch":
                continue
            place = (trial.kind, *about.condition)
            scores[place][answers.person, trial.id] = _score(each.answer, trial, about)
            if trial.kind in CHOICES:
                chances[place].append(1 / len(trial.options))
            elif trial.kind == "description":
                right = bool(_score(each.answer, trial, about))
                described.append(Described(*about.condition, about.title, str(each.answer), right))
    rows = [_row(*place, values, chances.get(place)) for place, values in scores.items()]
    rows.sort(key=lambda row: (KINDS.index(row.task), row.model, -row.leading.value, row.method))
    described.sort(key=lambda it: (it.model, it.title, it.method, it.text))
    return Table(tuple(rows), tuple(_differences(rows, scores)), tuple(described))


def names_class(text: str, about: Stimulus) -> bool:
    """Tell whether a description is a name of the class, or the last word of one ("penguin" of "king penguin")."""
    said = {loose(text), loose(text).removesuffix("s")} - {""}
    names = {loose(part) for name in (about.title, *about.names) for part in (name, *name.split(","))} - {""}
    return not said.isdisjoint(names | {name.split()[-1] for name in names})


def _score(answer: str | int, trial: Trial, about: Stimulus) -> float:
    """Return 1 for what is right and 0 for what is wrong, or the rating."""
    if trial.kind == "rating":
        return float(answer)
    return float(names_class(str(answer), about) if trial.kind == "description" else answer == trial.picture)


def _row(
    task: TaskKind, model: str, method: str, values: dict[tuple[int, str], float], chances: Sequence[float] | None
) -> Row:
    return Row(
        task=task,
        model=model,
        method=method,
        answers=None if task == "rating" else share([value > 0 for value in values.values()]),
        people=mean(values),
        chance=sum(chances) / len(chances) if chances else None,
        count=len(values),
    )


def _differences(
    rows: Sequence[Row], scores: dict[tuple[TaskKind, str, str], dict[tuple[int, str], float]]
) -> Iterator[Difference]:
    """Yield each row's method minus those that follow it, as far as there are people who saw both."""
    for place, row in enumerate(rows):
        for other in rows[place + 1 :]:
            if (row.task, row.model) == (other.task, other.model):
                own, others = (group_means(scores[it.task, it.model, it.method]) for it in (row, other))
                if own.keys() & others.keys():
                    yield Difference(row.task, row.model, row.method, other.method, difference(own, others))
