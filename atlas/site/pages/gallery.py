"""Galleries: all inversions, caricatures, accentuations or adversarial examples of a model, photo by photo."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from atlas.site.catalog.addresses import page_name, root_of
from atlas.site.catalog.model import Model
from atlas.site.catalog.shown import Shown
from atlas.site.catalog.studies import FAMILIES, Family, Strip, Study, succeeded
from atlas.site.page import Figure, Link, Page, pager
from atlas.site.words.formats import number, percent, thousands

ROW = 5
"""Pictures of a strip that a gallery shows beside the photo."""
PAGE_PICTURES = 34
"""Files of pictures on one page: with the page, style, script and icon a first view asks for 38."""
PAGE_ROWS = 12
"""Rows on one page, for its HTML."""


@dataclass
class Entry:
    """What a gallery shows of one photo on one page: rows of a strip and some of its renderings."""

    study: Study
    rows: list[tuple[Strip, list[Shown]]] = field(default_factory=list)


def gallery_folder(model: Model, family: Family) -> str:
    """Return the folder of a gallery."""
    return f"{model.folder}/{FAMILIES[family].folder}"


def gallery_address(model: Model, family: Family) -> str:
    """Return the address of a gallery's first page."""
    return f"{gallery_folder(model, family)}/index.html"


def gallery_pages(model: Model, family: Family) -> Iterator[Page]:
    """Yield the pages of one gallery; all pictures must be there."""
    words, paged = FAMILIES[family], paged_entries(model, family)
    folder = gallery_folder(model, family)
    addresses = [f"{folder}/{page_name(place)}" for place in range(1, len(paged) + 1)]
    renderings = [it for study in model.families[family] for it in study.families[family]]
    figures = _figures(family, renderings, len(model.families[family]))
    for place, (address, entries) in enumerate(zip(addresses, paged, strict=True), 1):
        title = words.title if place == 1 else f"{words.title}, page {place}"
        shown = [rendering for entry in entries for _, row in entry.rows for rendering in row if rendering.picture]
        yield Page(
            address,
            "gallery.html",
            words.folder,
            f"{title} · {model.card.name}",
            f"{title} of {len(model.families[family])} photos by {model.card.name}. {words.summary}"[:300],
            _json(model, family, entries, place, len(paged), root_of(address)),
            {"model": model, "family": family, "words": words, "entries": entries},
            crumbs=[Link(model.card.name, model.address), Link(words.title)],
            pages=pager(addresses, place),
            number=place,
            last=len(paged),
            figures=figures if place == 1 else [],
            image=shown[0].picture.raw[-1].path if shown and shown[0].picture else "",
            view="raw",
        )


def count_gallery_pages(model: Model) -> int:
    """Return how many pages all galleries of a model have."""
    return sum(len(paged_entries(model, family)) for family in model.families)


def paged_entries(model: Model, family: Family) -> list[list[Entry]]:
    """Return the entries of each page of a gallery."""
    pages: list[list[Entry]] = [[]]
    files = rows = 0
    for study in model.families[family]:
        for strip, chosen in _rows(study, family):
            here = pages[-1][-1] if pages[-1] and pages[-1][-1].study is study else None
            cost = (2 if family == "adversarial" else 1) * len(chosen) + (here is None)
            if rows and (files + cost > PAGE_PICTURES or rows >= PAGE_ROWS):
                pages.append([])
                here, files, rows = None, 0, 0
            if here is None:
                here = Entry(study)
                pages[-1].append(here)
            here.rows.append((strip, chosen))
            files, rows = files + cost, rows + 1
    return pages


def _rows(study: Study, family: Family) -> Iterator[tuple[Strip, list[Shown]]]:
    """Yield what is shown of each strip: each adversarial example, or of the others a few layers from first to last."""
    for strip in study.strips:
        if strip.family != family:
            continue
        if family == "adversarial":
            yield from ((strip, [rendering]) for rendering in strip.renderings)
            continue
        leads = [group[0] for _, group in strip.groups]
        spread = [leads[round(place * (len(leads) - 1) / (ROW - 1))] for place in range(ROW)]
        yield strip, leads if len(leads) <= ROW else spread


def _figures(family: Family, renderings: list[Shown], studies: int) -> list[Figure]:
    words = FAMILIES[family]
    done = [rendering for rendering in renderings if rendering.record.status == "done"]
    figures = [
        Figure(thousands(len(done)), words.noun if len(done) == 1 else words.plural),
        Figure(thousands(studies), "photo" if studies == 1 else "photos"),
    ]
    missing = len(renderings) - len(done)
    if missing:
        figures.append(Figure(thousands(missing), "without a picture"))
    if family == "adversarial":
        known = [result for rendering in done if (result := succeeded(rendering.record)) is not None]
        changes = [value for rendering in done if (value := rendering.measured("perturbation")) is not None]
        if known:
            figures.append(Figure(percent(sum(known) / len(known)), f"succeeded: {sum(known)} of {len(known)}"))
        if changes:
            label = f"largest change of any pixel, where black to white is 1; median {number(median(changes))}"
            figures.append(Figure(number(max(changes)), label))
    return figures


def _json(model: Model, family: Family, entries: list[Entry], place: int, last: int, root: str) -> dict[str, Any]:
    return {
        "model": model.card.name,
        "weights": model.weights,
        "family": family,
        "page": place,
        "of": last,
        "entries": [
            {
                "photo": entry.study.digest,
                "title": entry.study.title,
                "href": root + entry.study.address,
                "rows": [
                    {
                        "method": strip.lead.record.job.method,
                        "renderings": [
                            {
                                "key": rendering.record.key,
                                "of": entry.study.subject(rendering),
                                "status": rendering.record.status,
                                "href": root + entry.study.address_of(rendering),
                            }
                            for rendering in chosen
                        ],
                    }
                    for strip, chosen in entry.rows
                ],
            }
            for entry in entries
        ],
    }
