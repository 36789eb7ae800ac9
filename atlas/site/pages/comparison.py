"""The pages of comparisons. They start with whole pictures: methods differ in what their transparency means."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from atlas.site.catalog.addresses import page_name, root_of
from atlas.site.catalog.comparison import Cell, Column, Comparison, Comparisons
from atlas.site.page import Link, Page, pager
from atlas.site.pages.compare_data import MEASURES, column_keys
from atlas.site.words.formats import short, thousands

SHOWN = 9
"""Comparisons that the first page shows with pictures; the others are named."""
ADDRESS = "compare/index.html"
MOST_CHOICES = 60
"""Columns that can be chosen from: more would be more elements than a page may have."""


def compare_pages(comparisons: Comparisons) -> Iterator[Page]:
    """Yield the pages of all comparisons; none if nothing can be compared."""
    if comparisons.all:
        yield _overview(comparisons)
    for comparison in comparisons.all:
        yield from _pages(comparison)


def count_compare_pages(comparisons: Comparisons) -> int:
    """Return how many pages they are."""
    return bool(comparisons.all) + sum(comparison.pages for comparison in comparisons.all)


def _overview(comparisons: Comparisons) -> Page:
    data = {
        "comparisons": [
            {
                "title": comparison.title,
                "subject": comparison.subject,
                "classes": len(comparison.rows),
                "complete": comparison.complete,
                "href": f"../{comparison.address}",
            }
            for comparison in comparisons.all
        ]
    }
    return Page(
        ADDRESS,
        "compare.html",
        "compare",
        "Compare",
        "The same classes by several methods, and by several models, side by side.",
        data,
        {
            "choices": list(zip(column_keys(comparisons.columns), _titles(comparisons.columns), strict=True))[
                :MOST_CHOICES
            ],
            "shown": [(it, _sample(it)) for it in comparisons.all[:SHOWN]],
            "others": comparisons.all[SHOWN:],
        },
        crumbs=[Link("Compare")],
        view="raw",
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


def _pages(comparison: Comparison) -> Iterator[Page]:
    last = comparison.pages
    addresses = [f"{comparison.folder}/{page_name(number)}" for number in range(1, last + 1)]
    for number, address in enumerate(addresses, 1):
        rows = comparison.page(number)
        title = comparison.title if number == 1 else f"{comparison.title}, page {number}"
        pictures = [cell.rendering.picture for row in rows for cell in row.cells if cell and cell.rendering.picture]
        yield Page(
            address,
            "comparison.html",
            "comparison",
            f"{title} · {comparison.subject}",
            f"{thousands(len(comparison.rows))} classes, {comparison.subject}: {comparison.title} side by side."[:300],
            _json(comparison, number, root_of(address)),
            {
                "comparison": comparison,
                "rows": rows,
                "measures": MEASURES,
                "demonstrations": comparison.demonstrations,
            },
            crumbs=[Link("Compare", ADDRESS), Link(comparison.title)],
            pages=pager(addresses, number),
            number=number,
            last=last,
            image=pictures[0].raw[-1].path if pictures else "",
            view="raw",
        )


def _json(comparison: Comparison, number: int, root: str) -> dict[str, Any]:
    return {
        "columns": [
            {"model": column.model.card.name, "weights": column.model.weights, "method": column.method}
            for column in comparison.columns
        ],
        "page": number,
        "of": comparison.pages,
        "rows": [
            {"title": row.title, "cells": [_cell_json(cell, root) for cell in row.cells]}
            for row in comparison.page(number)
        ],
    }


def _cell_json(cell: Cell | None, root: str) -> dict[str, Any] | None:
    if cell is None:
        return None
    record = cell.rendering.record
    found = {name: measured for name in MEASURES if (measured := record.measurement(name)) is not None}
    return {
        "index": cell.unit.index,
        "key": record.key,
        "status": record.status,
        "href": root + cell.unit.address,
        **{name: {"value": measured.value, "unit": measured.unit} for name, measured in found.items()},
    }
