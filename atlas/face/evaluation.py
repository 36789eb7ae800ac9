"""Evaluation: the tables of what scores say of the pictures of a configuration, best judges first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from atlas.analyses.rows import Analyses, FindingRow
from atlas.core.metric_card import MetricCard
from atlas.core.score import Score
from atlas.evaluation.rows import Row, curves_csv, left_out_csv, left_out_of, rows_csv, rows_of
from atlas.face import latex
from atlas.store.files import write_atomic


@dataclass(frozen=True)
class Evaluation:
    """What the scores of a configuration say.

    Attributes:
        rows: one for each figure: by model and number, those by judges of other families first, the best method first.
        documents: the scores as the store keeps them, with what they say of each picture, and curves.
        left_out: what was not measured and what it would take, as sentences. failed: what was to be made and could not.
        missing: how many pictures are not rendered, by model and method.
        analyses: what analyses of models found.
    """

    rows: tuple[Row, ...]
    documents: tuple[Score, ...]
    left_out: tuple[str, ...]
    failed: tuple[str, ...]
    missing: Mapping[str, int]
    analyses: Analyses = field(default_factory=Analyses)

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores that there are rows of."""
        return tuple(dict.fromkeys(row.score for row in self.rows))

    @property
    def unmeasured(self) -> dict[str, list[Score]]:
        """Score to its documents, of those that there is no row of; each says why, and what it would take."""
        found: dict[str, list[Score]] = defaultdict(list)
        for document in self.documents:
            if document.score not in self.scores:
                found[document.score].append(document)
        return dict(found)

    def to_csv(self, folder: Path | str) -> list[Path]:
        """Write a table of each score and analysis, ``<name>.csv``, of its curves, ``<name>-curves.csv``, and what was
        left out, ``left-out.csv``; return the files."""
        by_score = {score: [row for row in self.rows if row.score == score] for score in self.scores}
        tables = {score: rows_csv(rows) for score, rows in by_score.items()}
        tables |= {f"{score}-curves": curves_csv(rows, self.documents) for score, rows in by_score.items()}
        tables |= self.analyses.csv_tables()
        tables["left-out"] = left_out_csv(self.left_out)
        return [_write(Path(folder) / f"{name}.csv", text) for name, text in tables.items() if text]

    def to_latex(self, folder: Path | str) -> list[Path]:
        """Write a table of each score and analysis, ``<name>.tex``, for LaTeX with the package booktabs."""
        written = []
        for score in self.scores:
            rows = [row for row in self.rows if row.score == score]
            written.append(_write(Path(folder) / f"{score}.tex", _latex(rows)))
        found = {kind: _latex_of_findings(self.analyses.of(kind)) for kind in self.analyses.kinds}
        return written + [_write(Path(folder) / f"{kind}.tex", text) for kind, text in found.items()]

    def to_json(self) -> dict[str, Any]:
        """Return the rows and what was left out, as JSON holds them."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "analyses": self.analyses.to_json(),
            "left_out": list(self.left_out),
            "failed": list(self.failed),
            "missing": dict(self.missing),
        }

    def __repr__(self) -> str:
        names = ", ".join([*self.scores, *self.analyses.kinds])
        return f"<Evaluation: {len(self.rows) + len(self.analyses.rows)} figures by {names or 'no score'}>"


def evaluation_of(
    documents: Iterable[tuple[str, Score]],
    cards: Mapping[str, MetricCard],
    left_out: Sequence[str],
    failed: Sequence[str],
    missing: Mapping[str, int],
    analyses: Analyses,
) -> Evaluation:
    """Return the tables of scores.

    Args:
        documents: each with the name of the rendered model.
        cards: of numbers, by name.
        left_out: what is known to be left out besides what the scores say. failed: what could not be made.
        missing: how many pictures are not there, by model and method.
        analyses: what analyses of models found.
    """
    found = list(documents)
    return Evaluation(
        rows=rows_of(found, cards),
        documents=tuple(document for _, document in found),
        left_out=tuple(dict.fromkeys([*left_out, *left_out_of(found), *analyses.left_out])),
        failed=tuple(failed),
        missing=missing,
        analyses=analyses,
    )


def _latex(rows: Sequence[Row]) -> str:
    """Return the rows as a table: a line for each model and method, a column for each number as each judge sees it."""
    columns = list(dict.fromkeys((row.title, row.layer, row.judged_by) for row in rows))
    lines: dict[tuple[str, str], dict[tuple[str, str, str], Row]] = defaultdict(dict)
    for row in rows:
        lines[row.model, row.by][row.title, row.layer, row.judged_by] = row
    head = ["model", "method", *(", ".join(filter(None, column)) for column in columns)]
    body = [[model, by, *(_cell(cells.get(column)) for column in columns)] for (model, by), cells in lines.items()]
    return latex.table(head, body)


def _latex_of_findings(rows: Sequence[FindingRow]) -> str:
    """Return the numbers of an analysis as a table, a line for each."""
    head = ["model", "number", "with", "value", "95 % interval", "n"]
    body = [
        [
            row.model,
            ": ".join(filter(None, (row.title, row.of))),
            row.other,
            f"{row.value:.3g}",
            f"[{row.between(', ')}]" if row.is_certain else "",
            str(row.n),
        ]
        for row in rows
    ]
    return latex.table(head, body)


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    interval = f" [{row.between(', ')}]" if row.is_certain else ""
    return f"{row.value:.3g}{interval}, n = {row.n}"


def _write(path: Path, text: str) -> Path:
    """Write a file whole or not at all, and its folder if there is none.

    Raises:
        StoreError: it cannot be written.
    """
    write_atomic(path, text.encode())
    return path
