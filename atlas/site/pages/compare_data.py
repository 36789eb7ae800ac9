"""Data for the script that compares any two to four columns: one file that lists them, and one for each."""

from collections.abc import Iterator, Sequence

from atlas.site.catalog.addresses import unique_slugs
from atlas.site.catalog.comparison import Cell, Column, align
from atlas.site.scripts import picture_pairs, script
from atlas.site.words.formats import short
from atlas.site.words.glossary import Glossary


def column_keys(columns: Sequence[Column]) -> list[str]:
    """Return a name for each column, for addresses and files."""
    names = [f"{column.model.slug}.{column.method}" for column in columns]
    slugs = unique_slugs((f"{place}", name) for place, name in enumerate(names))
    return [slugs[f"{place}"] for place in range(len(columns))]


def compare_scripts(columns: Sequence[Column], glossary: Glossary) -> Iterator[tuple[str, bytes]]:
    """Yield (address, content) of the data files.

    ``columns.js`` has the titles of all rows; a column's file has for each of its classes [row, address of the class's
    page, status, masked files, raw files, colour, what was measured, line by line].
    """
    rows = align(columns)
    yield "compare/columns.js", script("atlasColumns", [short(row.title) for row in rows])
    for place, key in enumerate(column_keys(columns)):
        cells = [(number, cell) for number, row in enumerate(rows) if (cell := row.cells[place]) is not None]
        yield f"compare/{key}.js", script("atlasColumn", [_entry(number, cell, glossary) for number, cell in cells])


def _entry(number: int, cell: Cell, glossary: Glossary) -> list[object]:
    rendering = cell.rendering
    words = "\n".join(
        f"{glossary.title(name, True)} {glossary.value_of(rendering.record, name)}"
        for name in glossary.compared
        if rendering.record.measurement(name)
    )
    files, colour = picture_pairs(rendering.picture)
    return [number, cell.unit.address, rendering.record.status, *files, colour, words]
