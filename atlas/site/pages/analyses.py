"""The page of analyses: what was found of the models themselves, as tables, heat maps and curves."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import Field

from atlas.analyses.rows import Analyses, FindingRow
from atlas.site.catalog.methods import MethodBook
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.drawings.canvas import can_draw
from atlas.site.drawings.concept_plots import concept_plots
from atlas.site.drawings.heat_maps import draw_map, heat_maps
from atlas.site.drawings.score_plots import draw_score
from atlas.site.drawings.variant_plots import draw_variants, variant_plots
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind, SearchEntry
from atlas.site.pages.map import map_title, maps

ADDRESS = "results/analyses.html"
MOST_LINES, MOST_MAPS = 40, 6
"""Lines of all tables of a page together, at least two of each kind, and maps; the CSV has all."""


class AnalysesData(Document):
    """What analyses found of models."""

    rows: tuple[FindingRow, ...] = Field(description="every number, as in the CSV")
    left_out: tuple[str, ...] = Field(description="what could not be found, and what it would take")
    files: tuple[str, ...] = Field(description="the same as CSV, and curves and points of maps")


class AnalysesKind(PageKind):
    """The page of analyses."""

    name = "analyses"
    data = AnalysesData
    header = "Results"
    title = "Analyses of models"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the one page, if anything was found."""
        if contents.catalog.analyses.rows:
            yield Placed(ADDRESS, partial(analyses_page, contents))

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for the page."""
        if contents.catalog.analyses.rows:
            yield SearchEntry("Analyses of models", "results", ADDRESS, " ".join(contents.catalog.analyses.kinds))


ANALYSES = AnalysesKind()


def analyses_page(contents: Contents) -> Page:
    """Return the page."""
    found = contents.catalog.analyses
    files = {f"analysis-{name}.csv": text for name, text in found.csv_tables().items()}
    room = max(2, MOST_LINES // len(found.kinds))
    sections = [
        (
            kind,
            _title(kind),
            [_titled(row, contents.catalog.method_cards) for row in found.of(kind)[:room]],
            len(found.of(kind)),
            _maps(found, kind, contents),
            _variants(found, kind, contents),
            _curves(found, kind, contents),
        )
        for kind in found.kinds
    ]
    return Page(
        ADDRESS,
        "Analyses of models",
        f"What was found of the models themselves: {', '.join(found.kinds).replace('_', ' ')}."[:300],
        AnalysesData(rows=found.rows, left_out=found.left_out, files=tuple(files)),
        {
            "sections": sections,
            "analyses": found,
            "csv": tuple(files),
            "maps_of": [(it.kind, Link(map_title(it), address)) for it, address in maps(contents)],
        },
        crumbs=[Link("Results"), Link("Analyses")],
        files={f"results/{name}": text.encode() for name, text in files.items()},
    )


def _titled(row: FindingRow, methods: MethodBook) -> FindingRow:
    """Return a row with the title of a method in place of its name, where that is what tells it from others."""
    return replace(row, variant=methods.title(row.variant)) if row.variant in methods.cards else row


def _title(kind: str) -> str:
    return {"cka": "CKA"}.get(kind, kind.replace("_", " ").capitalize())


def _maps(found: Analyses, kind: str, contents: Contents) -> list[dict[str, Any]]:
    """Return the heat maps of a kind, whose files are then in the site; none without what draws them."""
    shown = [one for document in found.documents if document.kind == kind for one in heat_maps(document)]
    return [_drawing(contents, one, *draw_map(one)) for one in shown[:MOST_MAPS] if can_draw()]


def _variants(found: Analyses, kind: str, contents: Contents) -> list[dict[str, Any]]:
    """Return the plots of changes of photos of a kind, whose files are then in the site."""
    if kind != "texture_bias" or not can_draw():
        return []
    return [_drawing(contents, one, *draw_variants(one)) for one in variant_plots(found.of(kind))]


def _curves(found: Analyses, kind: str, contents: Contents) -> list[dict[str, Any]]:
    """Return the plots of concepts that go or come, whose files are then in the site."""
    if kind != "concept_curves" or not can_draw():
        return []
    shown = []
    for title, classes, plot in concept_plots(it for it in found.documents if it.kind == kind)[:MOST_MAPS]:
        drawn = draw_score(plot)
        files = _drawing(contents, plot, drawn.files, drawn.width, drawn.height)
        shown.append(files | {"title": title, "classes": classes})
    return shown


def _drawing(
    contents: Contents, shown: object, files: tuple[tuple[str, bytes], ...], width: int, height: int
) -> dict[str, Any]:
    """Put a drawing's files into the site, and return what its figure needs."""
    for path, content in files:
        contents.pictures.drawing(path, content)
    return {"of": shown, "files": files, "width": width, "height": height}
