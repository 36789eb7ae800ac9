"""The list of comparisons, and the choice of any two to four columns."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from pydantic import Field

from atlas.site.catalog.comparison import Cell, Column, Comparison, Comparisons
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind
from atlas.site.pages.compare_data import column_keys, compare_scripts
from atlas.site.words.formats import short
from atlas.site.words.glossary import Glossary

SHOWN = 9
"""Comparisons that the first page shows with pictures; the others are named."""
ADDRESS = "compare/index.html"
MOST_CHOICES = 60
"""Columns that can be chosen from: more would be more elements than a page may have."""


class ListedComparison(Document):
    """A comparison."""

    title: str
    subject: str = Field(description="what its columns have in common: the model, or the method")
    classes: int
    complete: int = Field(description="classes that every column has a picture of")
    href: str


class CompareData(Document):
    """All comparisons."""

    comparisons: tuple[ListedComparison, ...]


class CompareKind(PageKind):
    """The list of comparisons."""

    name = "compare"
    data = CompareData
    header = "Compare"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the one page, if anything can be compared."""
        if contents.comparisons.all:
            yield Placed(ADDRESS, partial(compare_page, contents.comparisons, contents.glossary))


COMPARE = CompareKind()


def compare_page(comparisons: Comparisons, glossary: Glossary) -> Page:
    """Return the list of comparisons."""
    columns = comparisons.columns
    choices = list(zip(column_keys(columns), _titles(columns), strict=True))
    return Page(
        ADDRESS,
        "Compare",
        "The same classes by several methods, and by several models, side by side.",
        CompareData(comparisons=tuple(map(_entry, comparisons.all))),
        {
            "choices": choices[:MOST_CHOICES],
            "shown": [(comparison, _sample(comparison)) for comparison in comparisons.all[:SHOWN]],
            "others": comparisons.all[SHOWN:],
            "measures": glossary.compared,
        },
        crumbs=[Link("Compare")],
        view="raw",
        scripts=dict(compare_scripts(columns, glossary)),
    )


def _entry(comparison: Comparison) -> ListedComparison:
    return ListedComparison(
        title=comparison.title,
        subject=comparison.subject,
        classes=len(comparison.rows),
        complete=comparison.complete,
        href=f"../{comparison.address}",
    )


def _titles(columns: Sequence[Column]) -> list[str]:
    """Return what each column is called among all: its method, and its model if there are several."""
    models = {column.model.slug: column.model for column in columns}
    names = Counter(model.card.name for model in models.values())
    titles = []
    for column in columns:
        name = short(column.model.card.name, 60)
        name += f" {column.model.mark}" if names[column.model.card.name] > 1 else ""
        method = short(column.method_title, 60)
        titles.append(f"{method}, {name}" if len(models) > 1 else method)
    return titles


def _sample(comparison: Comparison) -> list[tuple[str, Cell]]:
    """Return the cells of the first row, each with its column's title."""
    cells = zip(comparison.columns, comparison.rows[0].cells, strict=True)
    return [(comparison.column_title(column), cell) for column, cell in cells if cell and cell.rendering.picture]
