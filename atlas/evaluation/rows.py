"""Rows: the figures of scores as tables have them, those by judges of other families first; and as CSV."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Literal

from atlas.core.csv_text import csv_text
from atlas.core.figures import Figure
from atlas.core.metric_card import MetricCard
from atlas.core.score import RELATIONS, Relation, Score, ScoreFigure

Named = Sequence[tuple[str, Score]]
"""Scores, each with the name of the rendered model."""
CURVE_HEAD = ("model", "method", "settings", "judge", "measure", "x_title", "x", "y", "low", "high")


@dataclass(frozen=True)
class Row:
    """One figure of the pictures of one model by one method, as one judge sees them.

    Attributes:
        model: the rendered one. method: what made the pictures. settings: what tells it from the same method with other
            parameters; empty where there is no other.
        score: a score of the configuration. measure, title: name and title of the number, of which a score may have
            several. layer: of the judge, where it is measured at one.
        judge, family, relation: who looked, and what that is to the rendered model; empty where nobody did. classes:
            that the judge chooses among.
        value, low, high: with its 95 % interval; None where the number has none. n: how many it is of. pictures: that
            were scored. photos: that judged them.
        better: ``higher``, ``lower`` or ``none``.
        key: of the score in the store.
    """

    model: str
    method: str
    settings: str
    score: str
    measure: str
    title: str
    layer: str
    judge: str
    family: str
    relation: Relation | Literal[""]
    classes: int
    value: float
    low: float | None
    high: float | None
    n: int
    pictures: int
    photos: int
    better: str
    key: str

    @property
    def by(self) -> str:
        """Method and settings."""
        return f"{self.method} ({self.settings})" if self.settings else self.method

    @property
    def judged_by(self) -> str:
        """The judge with its family and what it is to the model."""
        if not self.judge:
            return ""
        told = ", ".join(filter(None, [self.family, "" if self.relation == RELATIONS[0] else self.relation]))
        return f"{self.judge} ({told})" if told else self.judge

    @property
    def is_certain(self) -> bool:
        """Whether the interval says how sure the value is; see :attr:`Figure.is_certain`."""
        if self.low is None or self.high is None:
            return False
        return Figure(self.value, self.low, self.high, self.n).is_certain

    def between(self, join: str) -> str:
        """Return the ends of its interval, such as ``0.1 to 0.2``; empty where that says nothing."""
        return f"{self.low:.3g}{join}{self.high:.3g}" if self.is_certain else ""


def rows_of(documents: Named, cards: Mapping[str, MetricCard]) -> tuple[Row, ...]:
    """Return a row for each figure: by model, score and number, judges of other families first, best methods first.

    Args:
        cards: of numbers, by name. Numbers are in the order in which the scores tell them.
    """
    settings = _settings(documents)
    rows = [
        _row(name, document, figure, settings[name, document.key], cards)
        for name, document in documents
        for figure in document.figures
    ]
    told = sorted(rows, key=lambda row: RELATIONS.index(row.relation) if row.relation else 0)
    numbers = {name: place for place, name in enumerate(dict.fromkeys(row.measure for row in told))}
    layers = {at: place for place, at in enumerate(dict.fromkeys(map(_layer, told)))}
    return tuple(sorted(rows, key=lambda row: _place(row, numbers[row.measure], layers[_layer(row)])))


def left_out_of(documents: Named) -> Iterator[str]:
    """Yield what scores could not measure and what it would take, as sentences that say of which score."""
    for name, document in documents:
        by = f" by {document.judge.name}" if document.judge else ""
        for line in document.left_out:
            yield f"{document.score} of {name}, {document.method}{by}: {line}"


def rows_csv(rows: Iterable[Row]) -> str:
    """Return rows as CSV, with a head."""
    return csv_text([field.name for field in fields(Row)], map(astuple, rows))


def left_out_csv(lines: Iterable[str]) -> str:
    """Return what was left out as CSV, with a head; empty if there is nothing."""
    told = [(line,) for line in lines]
    return csv_text(("left out",), told) if told else ""


def curves_csv(rows: Iterable[Row], documents: Iterable[Score]) -> str:
    """Return the points of the curves that belong to rows as CSV, with a head; empty if there are none."""
    known = {row.key: row for row in rows}
    lines = [line for document in documents if document.key in known for line in _points(known[document.key], document)]
    return csv_text(CURVE_HEAD, lines) if lines else ""


def _points(row: Row, document: Score) -> Iterator[tuple[Any, ...]]:
    for curve in document.curves:
        about = (row.model, row.method, row.settings, row.judge, curve.name, f"{curve.x_title} [{curve.x_unit}]")
        for point in zip(curve.x, curve.y, curve.low, curve.high, strict=True):
            yield (*about, *point)


def _layer(row: Row) -> tuple[str, ...]:
    """Return a row's layer, among those that one score tells of one model."""
    return row.model, row.score, row.judge, row.layer


def _place(row: Row, number: int, layer: int) -> tuple[Any, ...]:
    """Return what rows are sorted by; number, layer: the places of the row's among all, as scores tell them."""
    relation = RELATIONS.index(row.relation) if row.relation else 0
    best = row.value if row.better == "lower" else -row.value
    return row.model, row.score, number, relation, row.judge, layer, best, row.by


def _row(name: str, document: Score, figure: ScoreFigure, settings: str, cards: Mapping[str, MetricCard]) -> Row:
    judge, card = document.judge, cards.get(figure.name)
    return Row(
        model=name,
        method=document.method,
        settings=settings,
        score=document.score,
        measure=figure.name,
        title=figure.title or (card.title if card else figure.name),
        layer=figure.layer,
        judge=judge.name if judge else "",
        family=judge.family if judge else "",
        relation=judge.relation if judge else "",
        classes=judge.classes if judge else 0,
        value=figure.value,
        low=figure.low if figure.interval else None,
        high=figure.high if figure.interval else None,
        n=figure.n,
        pictures=len(document.pictures),
        photos=document.photos,
        better=card.better if card else "none",
        key=document.key,
    )


def _settings(found: Named) -> dict[tuple[str, str], str]:
    """Return what tells the parameters of a score's pictures from those of others of its sort, model and method."""
    variants: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for name, document in found:
        parameters = {**document.parameters, "version": document.method_version}
        same = variants[name, document.of, document.method]
        if parameters not in same:
            same.append(parameters)
    told = {}
    for name, document in found:
        parameters = {**document.parameters, "version": document.method_version}
        others = variants[name, document.of, document.method]
        keys = [key for key in parameters if any(other.get(key) != parameters[key] for other in others)]
        told[name, document.key] = ", ".join(f"{key} = {parameters[key]}" for key in keys)
    return told
