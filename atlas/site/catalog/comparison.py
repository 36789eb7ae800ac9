"""Comparisons: the same classes by several methods of one model, or by one method of several models, side by side."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from atlas.site.catalog.addresses import page_name, unique_slugs
from atlas.site.catalog.methods import precedence
from atlas.site.catalog.model import Model, Unit
from atlas.site.catalog.shown import Shown

MOST_COLUMNS = 4
"""Columns of one comparison: with more, pictures would be too small to compare."""
PAGE_PICTURES = 36
"""Pictures on one page, as of a grid."""


class Cell(NamedTuple):
    """One class in one column."""

    unit: Unit
    rendering: Shown


@dataclass(frozen=True, eq=False)
class Column:
    """One method of one model. ``cells`` are its classes by index: of each the rendering that stands for the method."""

    model: Model
    method: str
    cells: dict[int, Cell]

    @property
    def method_title(self) -> str:
        """The method's name."""
        return self.model.method_cards.title(self.method)


@dataclass(frozen=True, eq=False)
class Row:
    """One class, in the columns that have it. ``anchor`` names it on its page."""

    title: str
    anchor: str
    cells: tuple[Cell | None, ...]

    @property
    def complete(self) -> bool:
        """Whether every column has a picture of it."""
        return self.pictures == len(self.cells)

    @property
    def pictures(self) -> int:
        """In how many columns there is a picture of it."""
        return sum(cell is not None and cell.rendering.record.status == "done" for cell in self.cells)


@dataclass(eq=False)
class Comparison:
    """Two to four columns. The ``rows`` with most pictures come first."""

    columns: tuple[Column, ...]
    rows: list[Row]
    folder: str = ""

    @property
    def address(self) -> str:
        """Address of its first page."""
        return f"{self.folder}/index.html"

    @property
    def is_of_models(self) -> bool:
        """Whether its columns are models rather than methods."""
        return len({column.model.slug for column in self.columns}) > 1

    @cached_property
    def title(self) -> str:
        """What is compared: ``MACO, Fourier and CBR``, or names of models."""
        return listed([self.column_title(column) for column in self.columns])

    @property
    def subject(self) -> str:
        """What the columns have in common: the model, or the method."""
        first = self.columns[0]
        return first.method_title if self.is_of_models else first.model.card.name

    def column_title(self, column: Column) -> str:
        """Return what tells a column from the others."""
        if not self.is_of_models:
            return column.method_title
        names = Counter(other.model.card.name for other in self.columns)
        name = column.model.card.name
        return name if names[name] == 1 else f"{name} {column.model.weights[:8]}"

    @property
    def page_size(self) -> int:
        """Rows on a page."""
        return PAGE_PICTURES // len(self.columns)

    @property
    def pages(self) -> int:
        """How many pages it has."""
        return -(-len(self.rows) // self.page_size)

    @cached_property
    def complete(self) -> int:
        """Of how many rows every column has a picture."""
        return sum(row.complete for row in self.rows)

    @cached_property
    def demonstrations(self) -> list[str]:
        """What must stand beside pictures that were made from photos that are only a demonstration."""
        referred = (
            column.model.demonstration
            for column in self.columns
            if any(cell.rendering.record.job.target.references for cell in column.cells.values())
        )
        return sorted({notice for notice in referred if notice})

    def page(self, number: int) -> list[Row]:
        """Return the rows of page ``number``, from 1."""
        return self.rows[(number - 1) * self.page_size : number * self.page_size]

    def address_of(self, unit: Unit) -> str | None:
        """Return the address of a class's row, or None if it has none."""
        place = self._places.get((unit.model.slug, unit.index))
        if place is None:
            return None
        return f"{self.folder}/{page_name(1 + place // self.page_size)}#{self.rows[place].anchor}"

    @cached_property
    def _places(self) -> dict[tuple[str, int], int]:
        return {
            (cell.unit.model.slug, cell.unit.index): place
            for place, row in enumerate(self.rows)
            for cell in row.cells
            if cell is not None
        }


def listed(names: Sequence[str]) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@dataclass(frozen=True)
class Comparisons:
    """All that a site compares. ``columns`` are every method of every model by which classes were rendered."""

    columns: tuple[Column, ...] = ()
    all: tuple[Comparison, ...] = ()

    def of(self, model: Model) -> list[Comparison]:
        """Return the comparisons that a model is part of."""
        return [found for found in self.all if any(column.model is model for column in found.columns)]


def comparisons(models: Sequence[Model]) -> Comparisons:
    """Return the comparisons of a site: for each model its methods, for each method its models, up to four at a time.

    Where there are more, the one with most classes is in each of them.
    """
    columns = tuple(column for model in models for column in _columns(model))
    found: list[Comparison] = []
    for slug in dict.fromkeys(column.model.slug for column in columns):
        found += _grouped([column for column in columns if column.model.slug == slug])
    for method in sorted({column.method for column in columns}, key=precedence):
        found += _grouped([column for column in columns if column.method == method])
    slugs = unique_slugs((f"{place}", _name(comparison)) for place, comparison in enumerate(found))
    for place, comparison in enumerate(found):
        comparison.folder = f"compare/{slugs[f'{place}']}"
    return Comparisons(columns, tuple(found))


def _name(comparison: Comparison) -> str:
    first = comparison.columns[0]
    if comparison.is_of_models:
        return "-".join([first.method, *(column.model.slug for column in comparison.columns)])
    return "-".join([first.model.slug, *(column.method for column in comparison.columns)])


def _columns(model: Model) -> Iterator[Column]:
    by_method: dict[str, dict[int, Cell]] = {}
    for unit in model.classes.units if model.classes else []:
        for rendering in unit.renderings:
            if rendering.record.job.target.sign > 0:
                by_method.setdefault(rendering.record.job.method, {}).setdefault(unit.index, Cell(unit, rendering))
    for method in sorted(by_method, key=precedence):
        if any(cell.rendering.record.status == "done" for cell in by_method[method].values()):
            yield Column(model, method, by_method[method])


def _grouped(columns: list[Column]) -> Iterator[Comparison]:
    """Yield comparisons of columns that have classes in common."""
    waiting = sorted(columns, key=lambda column: -len(column.cells))
    while len(waiting) > 1:
        lead, *others = waiting
        partners = [other for other in others if any(row.complete for row in align((lead, other)))]
        waiting = [other for other in others if other not in partners]
        for start in range(0, len(partners), MOST_COLUMNS - 1):
            chosen = (lead, *partners[start : start + MOST_COLUMNS - 1])
            rows = sorted(align(chosen), key=lambda row: -row.pictures)
            yield Comparison(chosen, rows)


def align(columns: Sequence[Column]) -> list[Row]:
    """Return one row for each class that any column has.

    Classes of models with the same list of classes are the same if their index is; else if their id is, or their name
    where it is neither empty nor given twice.
    """
    same = len({column.model.card.classes for column in columns}) == 1
    rows: list[dict[int, Cell]] = []
    known: dict[tuple[str, object], int] = {}
    for place, column in enumerate(columns):
        names = Counter(label.name.strip().casefold() for label in column.model.card.classes)
        for _, cell in sorted(column.cells.items()):
            keys = _keys(cell.unit, same, names)
            row = next((known[key] for key in keys if key in known and place not in rows[known[key]]), len(rows))
            if row == len(rows):
                rows.append({})
            rows[row][place] = cell
            for key in keys:
                known.setdefault(key, row)
    return [_row(cells, len(columns)) for cells in rows]


def _keys(unit: Unit, same: bool, names: Counter[str]) -> list[tuple[str, object]]:
    """Return what a class is known by, the surest first."""
    if same:
        return [("index", unit.index)]
    keys: list[tuple[str, object]] = [(f"index in {unit.model.slug}", unit.index)]
    if unit.label and unit.label.id:
        keys.append(("id", unit.label.id))
    name = unit.label.name.strip().casefold() if unit.label else ""
    if name and names[name] == 1:
        keys.append(("name", name))
    return keys


def _row(cells: dict[int, Cell], count: int) -> Row:
    first = min(cells)
    unit = cells[first].unit
    return Row(unit.title, f"c{first + 1}-{unit.index}", tuple(cells.get(place) for place in range(count)))
