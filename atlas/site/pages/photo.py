"""The pages of photos: what one model made of one photo."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from atlas.site.catalog.addresses import root_of
from atlas.site.catalog.studies import FAMILIES, FamilyWords, Strip, Study, succeeded
from atlas.site.documents import study_json
from atlas.site.drawings.plots import Drawing
from atlas.site.metadata import SiteMetadata
from atlas.site.page import Figure, Link, Page, pager
from atlas.site.pages.citation import cite_study
from atlas.site.words.formats import thousands
from atlas.site.words.measures import MEASURES


def study_pages(
    study: Study,
    drawings: Sequence[Drawing],
    metadata: SiteMetadata,
    date: str,
    before: Study | None,
    after: Study | None,
) -> Iterator[Page]:
    """Yield the pages of one photo.

    Args:
        drawings: how well each layer keeps it. before, after: its neighbours in the model's list.
    """
    model = study.model
    addresses = [study.page_address(number) for number in range(1, len(study.pages) + 1)]
    made = [_counted(len(group), FAMILIES[family]) for family, group in study.families.items()]
    for number, (address, strips) in enumerate(zip(addresses, study.pages, strict=True), 1):
        first = number == 1
        yield Page(
            address,
            "photo.html",
            "photo",
            f"{study.title if first else f'{study.title}, page {number}'} · {model.card.name}",
            f"What {model.card.name} makes of {study.title}: {', '.join(made)}."[:300],
            study_json(study, strips, number, root_of(address)),
            {
                "study": study,
                "families": by_family(strips),
                "drawings": drawings if first else [],
                "table": plot_table(drawings) if first else None,
                "known": known_measures(strips),
            },
            crumbs=[Link(model.card.name, model.address), Link("Photos", f"{model.address}#photos"), Link(study.title)],
            previous=Link(before.title, before.address) if before and len(addresses) == 1 else None,
            next=Link(after.title, after.address) if after and len(addresses) == 1 else None,
            pages=pager(addresses, number),
            number=number,
            last=len(addresses),
            figures=_figures(study) if first else [],
            citation=cite_study(study, metadata, date),
            image=study.photo.raw[-1].path if study.photo else "",
            view="raw",
        )


def by_family(strips: Sequence[Strip]) -> list[tuple[Any, list[Strip]]]:
    """Return strips under the words for their families."""
    return [(FAMILIES[family], list(group)) for family, group in groupby(strips, key=lambda strip: strip.family)]


def known_measures(strips: Sequence[Strip]) -> list[str]:
    """Return the names of measurements on a page that have a meaning to be told."""
    named = {name for strip in strips for name in strip.measures}
    return [name for name in MEASURES if name in named]


def plot_table(drawings: Sequence[Drawing]) -> dict[str, Any] | None:
    """Return the plots' numbers as a table: means over seeds, one row for each layer."""
    if not drawings:
        return None
    plots = [drawing.plot for drawing in drawings]
    rows = [
        (layer, [curve.mean(place) for plot in plots for curve in plot.curves])
        for place, layer in enumerate(plots[0].layers)
    ]
    return {"plots": plots, "rows": rows}


def _counted(count: int, words: FamilyWords) -> str:
    return f"{thousands(count)} {words.noun if count == 1 else words.plural}"


def _figures(study: Study) -> list[Figure]:
    figures = []
    for family, group in study.families.items():
        done = [rendering for rendering in group if rendering.record.status == "done"]
        words = FAMILIES[family]
        missing = f", {len(group) - len(done)} without a picture" if len(done) < len(group) else ""
        if family == "adversarial":
            known = [result for rendering in done if (result := succeeded(rendering.record)) is not None]
            if known:
                missing = f", {sum(known)} of {len(known)} successful{missing}"
        noun = words.noun if len(done) == 1 else words.plural
        figures.append(Figure(thousands(len(done)), f"{noun}{missing}"))
    return figures
