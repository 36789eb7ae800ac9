"""Evaluation: the tables of what scores say of the pictures of a configuration, best judges first."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from atlas.core.figures import Figure
from atlas.core.metric_card import MetricCard
from atlas.core.score import RELATIONS, Relation, Score, ScoreFigure
from atlas.errors import StoreError
from atlas.evaluation.scores.base import SCORES
from atlas.face import latex


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
        value, low, high: with its 95 % interval. n: how many it is of. pictures: that were scored.
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
    low: float
    high: float
    n: int
    pictures: int
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
        return Figure(self.value, self.low, self.high, self.n).is_certain


@dataclass(frozen=True)
class Evaluation:
    """What the scores of a configuration say.

    Attributes:
        rows: one for each figure: by model and number, those by judges of other families first, the best method first.
        documents: the scores as the store keeps them, with what they say of each picture, and curves.
        left_out: what was not measured and what it would take, as sentences. failed: what was to be made and could not.
        missing: how many pictures are not rendered, by model and method.
    """

    rows: tuple[Row, ...]
    documents: tuple[Score, ...]
    left_out: tuple[str, ...]
    failed: tuple[str, ...]
    missing: Mapping[str, int]

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores that there are rows of."""
        return tuple(dict.fromkeys(row.score for row in self.rows))

    def to_csv(self, folder: Path | str) -> list[Path]:
        """Write a table of each score, ``<score>.csv``, and of its curves, ``<score>-curves.csv``; return the files."""
        written = []
        for score in self.scores:
            names = [field.name for field in fields(Row)]
            rows = [[asdict(row)[name] for name in names] for row in self.rows if row.score == score]
            written.append(_write(Path(folder) / f"{score}.csv", _csv(names, rows)))
        curves: dict[str, list[list[Any]]] = defaultdict(list)
        known = {row.key: row for row in self.rows}
        for document in self.documents:
            if (row := known.get(document.key)) is not None:
                about = [row.model, row.method, row.settings]
                curves[document.score] += [
                    [*about, curve.name, f"{curve.x_title} [{curve.x_unit}]", *point]
                    for curve in document.curves
                    for point in zip(curve.x, curve.y, curve.low, curve.high, strict=True)
                ]
        head = ["model", "method", "settings", "measure", "x_title", "x", "y", "low", "high"]
        for score, lines in curves.items():
            if lines:
                written.append(_write(Path(folder) / f"{score}-curves.csv", _csv(head, lines)))
        return written

    def to_latex(self, folder: Path | str) -> list[Path]:
        """Write a table of each score, ``<score>.tex``, for LaTeX with the package booktabs; return the files."""
        written = []
        for score in self.scores:
            rows = [row for row in self.rows if row.score == score]
            written.append(_write(Path(folder) / f"{score}.tex", _latex(rows)))
        return written

    def to_json(self) -> dict[str, Any]:
        """Return the rows and what was left out, as JSON holds them."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "left_out": list(self.left_out),
            "failed": list(self.failed),
            "missing": dict(self.missing),
        }

    def __repr__(self) -> str:
        return f"<Evaluation: {len(self.rows)} figures by {', '.join(self.scores) or 'no score'}>"


def evaluation_of(
    documents: Iterable[tuple[str, Score]],
    cards: Mapping[str, MetricCard],
    left_out: Sequence[str],
    failed: Sequence[str],
    missing: Mapping[str, int],
) -> Evaluation:
    """Return the tables of scores.

    Args:
        documents: each with the name of the rendered model.
        cards: of numbers, by name.
        left_out: what is known to be left out besides what the scores say. failed: what could not be made.
        missing: how many pictures are not there, by model and method.
    """
    found = list(documents)
    settings = _settings(found)
    rows = [
        _row(name, document, figure, settings[name, document.key], cards)
        for name, document in found
        for figure in document.figures
    ]
    said = [_said(name, document, line) for name, document in found for line in document.left_out]
    return Evaluation(
        rows=tuple(sorted(rows, key=_place)),
        documents=tuple(document for _, document in found),
        left_out=tuple(dict.fromkeys([*left_out, *said])),
        failed=tuple(failed),
        missing=missing,
    )


def _place(row: Row) -> tuple[Any, ...]:
    """Return what rows are sorted by: model, score, number, other families first, judge, layer, best first."""
    names = [card.name for card in SCORES.get(row.score).cards]
    number = (names.index(row.measure) if row.measure in names else len(names), row.measure)
    relation = RELATIONS.index(row.relation) if row.relation else 0
    best = row.value if row.better == "lower" else -row.value
    return row.model, row.score, number, relation, row.judge, row.layer, best, row.by


def _row(name: str, document: Score, figure: ScoreFigure, settings: str, cards: Mapping[str, MetricCard]) -> Row:
    judge, card = document.judge, cards.get(figure.name)
    return Row(
        model=name,
        method=document.method,
        settings=settings,
        score=document.score,
        measure=figure.name,
        title=card.title if card else figure.name,
        layer=figure.layer,
        judge=judge.name if judge else "",
        family=judge.family if judge else "",
        relation=judge.relation if judge else "",
        classes=judge.classes if judge else 0,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        n=figure.n,
        pictures=len(document.pictures),
        better=card.better if card else "none",
        key=document.key,
    )


def _said(name: str, document: Score, line: str) -> str:
    by = f" by {document.judge.name}" if document.judge else ""
    return f"{document.score} of {name}, {document.method}{by}: {line}"


def _settings(found: Sequence[tuple[str, Score]]) -> dict[tuple[str, str], str]:
    """Return what tells the parameters of a score's pictures from those of others of the same model and method."""
    variants: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for name, document in found:
        parameters = {**document.parameters, "version": document.method_version}
        if parameters not in variants[name, document.method]:
            variants[name, document.method].append(parameters)
    told = {}
    for name, document in found:
        parameters = {**document.parameters, "version": document.method_version}
        others = variants[name, document.method]
        keys = [key for key in parameters if any(other.get(key) != parameters[key] for other in others)]
        told[name, document.key] = ", ".join(f"{key} = {parameters[key]}" for key in keys)
    return told


def _latex(rows: Sequence[Row]) -> str:
    """Return the rows as a table: a line for each model and method, a column for each number as each judge sees it."""
    columns = list(dict.fromkeys((row.title, row.layer, row.judged_by) for row in rows))
    lines: dict[tuple[str, str], dict[tuple[str, str, str], Row]] = defaultdict(dict)
    for row in rows:
        lines[row.model, row.by][row.title, row.layer, row.judged_by] = row
    head = ["model", "method", *(", ".join(filter(None, column)) for column in columns)]
    body = [[model, by, *(_cell(cells.get(column)) for column in columns)] for (model, by), cells in lines.items()]
    return latex.table(head, body)


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    interval = f" [{row.low:.3g}, {row.high:.3g}]" if row.is_certain else ""
    return f"{row.value:.3g}{interval}, n = {row.n}"


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def _write(path: Path, text: str) -> Path:
    """Write a file, and its folder if there is none.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}", "name a folder that can be written") from error
    return path
