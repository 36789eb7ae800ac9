"""The pages of a comparison. They start with whole pictures: methods differ in what their transparency means."""

from collections.abc import Iterator, Sequence
from functools import partial

from pydantic import Field

from atlas.site.catalog.addresses import page_name, root_of
from atlas.site.catalog.comparison import Cell, Comparison
from atlas.site.contents import Contents
from atlas.site.documents.base import Document, Sparse
from atlas.site.page import Link, Page, Placed, pager
from atlas.site.page_kind import PageKind, SearchEntry
from atlas.site.pages.compare import ADDRESS
from atlas.site.words.formats import short, thousands
from atlas.site.words.glossary import COMPARED, Glossary


class ColumnData(Document):
    """One method of one model."""

    model: str
    weights: str = Field(description="digest of the model's weights")
    method: str


class Measured(Document):
    """A measurement."""

    value: float
    unit: str


class CellData(Sparse):
    """One class in one column. What was not measured is left out."""

    index: int
    key: str = Field(description="of the rendering")
    status: str
    href: str
    objective: Measured | None = None
    activation: Measured | None = None
    probability: Measured | None = None
    others: dict[str, Measured] | None = Field(default=None, description="what other packages measure, by name")


class RowData(Document):
    """One class in all columns, null where a column does not have it."""

    title: str
    cells: tuple[CellData | None, ...]


class ComparisonData(Document):
    """One page of a comparison."""

    columns: tuple[ColumnData, ...]
    page: int
    of: int = Field(description="pages")
    rows: tuple[RowData, ...]


class ComparisonKind(PageKind):
    """The pages of comparisons."""

    name = "comparison"
    data = ComparisonData
    header = "Compare"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the pages of each comparison."""
        for comparison in contents.comparisons.all:
            addresses = [f"{comparison.folder}/{page_name(number + 1)}" for number in range(comparison.pages)]
            for number, address in enumerate(addresses, 1):
                yield Placed(address, partial(comparison_page, comparison, addresses, number, contents.glossary))

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for each comparison."""
        for comparison in contents.comparisons.all:
            title, model = f"Compare {short(comparison.title)}", comparison.columns[0].model
            yield SearchEntry(title, comparison.subject, comparison.address, model=model)


COMPARISON = ComparisonKind()


def comparison_page(comparison: Comparison, addresses: list[str], number: int, glossary: Glossary) -> Page:
    """Return page ``number``, from 1, of a comparison."""
    rows = comparison.page(number)
    title = comparison.title if number == 1 else f"{comparison.title}, page {number}"
    cells = [cell for row in rows for cell in row.cells if cell]
    measures = [name for name in glossary.compared if any(cell.rendering.record.measurement(name) for cell in cells)]
    pictures = [cell.rendering.picture for cell in cells if cell.rendering.picture]
    return Page(
        addresses[number - 1],
        f"{title} · {comparison.subject}",
        f"{thousands(len(comparison.rows))} classes, {comparison.subject}: {comparison.title} side by side."[:300],
        comparison_data(comparison, number, root_of(addresses[0]), measures),
        {
            "comparison": comparison,
            "rows": rows,
            "measures": measures,
            "demonstrations": comparison.demonstrations,
        },
        crumbs=[Link("Compare", ADDRESS), Link(comparison.title)],
        pages=pager(addresses, number),
        number=number,
        last=len(addresses),
        image=pictures[0].raw[-1].path if pictures else "",
        view="raw",
    )


def comparison_data(comparison: Comparison, number: int, root: str, measures: Sequence[str]) -> ComparisonData:
    """Return what the JSON of page ``number``, from 1, of a comparison says.

    Args:
        measures: names of what is compared.
    """
    return ComparisonData(
        columns=tuple(
            ColumnData(model=column.model.card.name, weights=column.model.weights, method=column.method)
            for column in comparison.columns
        ),
        page=number,
        of=comparison.pages,
        rows=tuple(
            RowData(title=row.title, cells=tuple(_cell(cell, root, measures) for cell in row.cells))
            for row in comparison.page(number)
        ),
    )


def _cell(cell: Cell | None, root: str, measures: Sequence[str]) -> CellData | None:
    if cell is None:
        return None
    record = cell.rendering.record
    found = {
        name: Measured(value=measured.value, unit=measured.unit)
        for name in measures
        if (measured := record.measurement(name)) is not None
    }
    others = {name: measured for name, measured in found.items() if name not in COMPARED}
    return CellData(
        index=cell.unit.index,
        key=record.key,
        status=record.status,
        href=root + cell.unit.address,
        **{name: measured for name, measured in found.items() if name in COMPARED},
        others=others or None,
    )
