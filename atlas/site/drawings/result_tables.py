"""Tables of results as pages show them: methods in lines, numbers and their judges in columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from atlas.core.score import RELATIONS
from atlas.evaluation.rows import Row
from atlas.site.catalog.results import Results, score_words
from atlas.site.words.formats import PERCENT
from atlas.site.words.glossary import Glossary
from atlas.site.words.papers import PaperTable, paper_tables

MOST_LINES = 40
"""Lines of one table on a page; the CSV has all."""
MOST_COLUMNS = 6
"""Columns of a table that holds several numbers; those of one number are together in any case."""
MOST_CELLS = 210
"""Cells of a page's tables, about two elements each; numbers beyond are named, and are in the CSV."""


class Head(NamedTuple):
    """A column: a judge at a layer, with its family and what it is to the model; all empty where nobody judges.

    ``called`` is what the number is called there, if that is not what it is called elsewhere.
    """

    judge: str
    family: str
    relation: str
    layer: str
    called: str


class Group(NamedTuple):
    """The columns of one number: its name, which values are better, and how many each is of; 0 where that differs.

    ``photos``: how many photos judged; 0 where none did, or their number differs.
    """

    number: str
    better: str
    n: int
    photos: int
    heads: tuple[Head, ...]


class Cell(NamedTuple):
    """A value as it is written, its interval and n where the table does not say it, and the value itself."""

    text: str
    beside: str
    value: float


class Line(NamedTuple):
    """Pictures of one model by one method, at one layer of it where nobody judges; with a cell for each column."""

    model: str
    method: str
    settings: str
    layer: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Table:
    """Some numbers of a score.

    Attributes:
        unlisted: lines that are left to the CSV. papers: what papers have of the numbers, of other networks.
    """

    groups: tuple[Group, ...]
    lines: tuple[Line, ...]
    unlisted: int = 0
    papers: tuple[PaperTable, ...] = ()

    @property
    def columns(self) -> list[tuple[Group, Head]]:
        """Its columns, each with the number that it is of."""
        return [(group, head) for group in self.groups for head in group.heads]

    @property
    def is_judged(self) -> bool:
        """Whether any column is of a judge, which then stands below the number."""
        return any(head.judge for _, head in self.columns)

    @property
    def is_by_layer(self) -> bool:
        """Whether its lines are layers of the models."""
        return any(line.layer for line in self.lines)

    @property
    def cells(self) -> int:
        """How many cells it has, with those of papers."""
        return len(self.lines) * (len(self.columns) + 1) + sum(table.cells for table in self.papers)


@dataclass(frozen=True)
class Section:
    """A score: its tables, names of numbers that are only in the CSV, the files, and how many figures are in them."""

    anchor: str
    title: str
    summary: str
    tables: tuple[Table, ...]
    others: tuple[str, ...]
    file: str
    curves: str
    figures: int


def sections(results: Results, glossary: Glossary) -> list[Section]:
    """Return a section for each score.

    Each shows its first table, and its later ones as far as the page has room for all scores' tables of that place.
    """
    tables = {score: list(_tables(rows, glossary)) for score, rows in results.by_score.items()}
    room, shown = MOST_CELLS, dict.fromkeys(tables, 0)
    for place in range(max(map(len, tables.values()), default=0)):
        for score, found in tables.items():
            if shown[score] == place < len(found) and (place == 0 or found[place].cells <= room):
                room -= found[place].cells
                shown[score] += 1
    return [_section(results, score, found, shown[score]) for score, found in tables.items()]


def _section(results: Results, score: str, tables: Sequence[Table], shown: int) -> Section:
    (title, summary), slug = score_words(score), results.slugs[score]
    curves = f"{slug}-curves.csv"
    return Section(
        anchor=slug,
        title=title,
        summary=summary,
        tables=tuple(tables[:shown]),
        others=tuple(group.number for table in tables[shown:] for group in table.groups),
        file=f"{slug}.csv",
        curves=curves if curves in results.files else "",
        figures=len(results.by_score[score]),
    )


def _tables(rows: Sequence[Row], glossary: Glossary) -> Iterator[Table]:
    """Yield the tables of a score: numbers in their order, as many in one as it has columns for."""
    waiting: list[list[Row]] = []
    for number in dict.fromkeys(row.measure for row in rows):
        own = [row for row in rows if row.measure == number]
        if waiting and len(_columns([*waiting, own], glossary)) > MOST_COLUMNS:
            yield _table(waiting, glossary)
            waiting = []
        waiting.append(own)
    if waiting:
        yield _table(waiting, glossary)


def _table(parts: Sequence[Sequence[Row]], glossary: Glossary) -> Table:
    """Return a table of some numbers' rows: the first column's best line first."""
    by_layer = any(_own_layer(row) for part in parts for row in part)  # which are then in the network's order
    ranked = [list(part) if by_layer else sorted(part, key=_rank) for part in parts]
    groups = tuple(_group(part, glossary) for part in ranked)
    ns = {group.number: group.n for group in groups}
    cells = {
        (*_line(row), row.measure, _head(row, glossary)): _cell(row, glossary, ns[row.measure])
        for part in ranked
        for row in part
    }
    named = {_line(row): (row.model, row.method, row.settings, _own_layer(row)) for part in ranked for row in part}
    columns = _columns(ranked, glossary)
    lines = [Line(*names, tuple(cells.get((*key, *column)) for column in columns)) for key, names in named.items()]
    papers = tuple(paper for group in groups for paper in paper_tables(group.number))
    return Table(groups, tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES), papers)


def _columns(parts: Sequence[Sequence[Row]], glossary: Glossary) -> list[tuple[str, Head]]:
    return list(dict.fromkeys((row.measure, _head(row, glossary)) for part in parts for row in part))


def _group(rows: Sequence[Row], glossary: Glossary) -> Group:
    counts, photos = {row.n for row in rows}, {row.photos for row in rows}
    heads = tuple(head for _, head in _columns([rows], glossary))
    n, judging = (found.pop() if len(found) == 1 else 0 for found in (counts, photos))
    return Group(rows[0].measure, rows[0].better, n, judging, heads)


def _own_layer(row: Row) -> str:
    """Return the layer that a line is of: the model's own, where nobody judges."""
    return "" if row.judge else row.layer


def _line(row: Row) -> tuple[str, str, str]:
    return row.model, row.by, _own_layer(row)


def _rank(row: Row) -> tuple[object, ...]:
    relation = RELATIONS.index(row.relation) if row.relation else 0
    return relation, row.judge, row.layer if row.judge else "", row.value if row.better == "lower" else -row.value


def _head(row: Row, glossary: Glossary) -> Head:
    relation = {"own": "the model itself", "same family": "of the model's family"}.get(row.relation, "")
    called = "" if row.title == glossary.title(row.measure) else row.title
    family = "" if row.family == row.judge else row.family
    return Head(row.judge, family, relation, row.layer if row.judge else "", called)


def _cell(row: Row, glossary: Glossary, n: int) -> Cell:
    parts = [] if n else [f"n = {row.n:,}"]
    if row.is_certain and row.low is not None and row.high is not None:
        low, high = (glossary.finely(row.measure, value) for value in (row.low, row.high))
        if low.endswith(PERCENT) and high.endswith(PERCENT):
            low = low.removesuffix(PERCENT)
        parts.insert(0, f"{low} to {high}")
    return Cell(glossary.finely(row.measure, row.value), ", ".join(parts), row.value)
