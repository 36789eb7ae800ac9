"""Galleries: all inversions, caricatures, accentuations or adversarial examples of a model, photo by photo."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from pydantic import Field

from atlas.site.catalog.addresses import page_name, root_of
from atlas.site.catalog.model import Model
from atlas.site.catalog.shown import Shown
from atlas.site.catalog.studies import FAMILIES, Family, Strip, Study, succeeded
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.page import Figure, Link, Page, Placed, pager
from atlas.site.page_kind import PageKind, SearchEntry
from atlas.site.words.formats import number, percent, thousands

ROW = 5
"""Pictures of a strip that a gallery shows beside the photo."""
PAGE_PICTURES = 34
"""Files of pictures on one page: with the page, style, script and icon a first view asks for 38."""
BRIEF: dict[Family, tuple[str, ...]] = {
    "inversion": ("error", "psnr", "fft2d"),
    "caricature": ("exaggeration", "psnr", "fft2d"),
    "accentuation": ("probability_before", "probability", "activation"),
    "adversarial": ("probability", "perturbation"),
}
"""Numbers that stand below the pictures of each family."""
PAGE_ROWS = 12
"""Rows on one page, for its HTML."""


@dataclass
class Entry:
    """What a gallery shows of one photo on one page: rows of a strip and some of its renderings."""

    study: Study
    rows: list[tuple[Strip, list[Shown]]] = field(default_factory=list)


class GalleryPicture(Document):
    """One picture of a row."""

    key: str
    of: str = Field(description="what it is of: a layer, or a class or unit")
    status: str
    href: str


class GalleryRow(Document):
    """Pictures of one photo by one method: of some layers, of adversarial examples all."""

    method: str
    renderings: tuple[GalleryPicture, ...]


class GalleryEntry(Document):
    """What a gallery shows of one photo."""

    photo: str = Field(description="sha256 of the photo's file")
    title: str
    href: str
    rows: tuple[GalleryRow, ...]


class GalleryData(Document):
    """One page of a gallery."""

    model: str
    weights: str = Field(description="digest of the model's weights")
    family: str
    page: int
    of: int = Field(description="pages")
    entries: tuple[GalleryEntry, ...]


class GalleryKind(PageKind):
    """The galleries of one family: one for each model that has pictures of it."""

    data = GalleryData
    template = "gallery.html"

    def __init__(self, family: Family) -> None:
        self.name = FAMILIES[family].folder
        self._family = family

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the pages of each model's gallery."""
        for model in contents.catalog.models:
            paged = paged_entries(model, self._family)
            addresses = [f"{gallery_folder(model, self._family)}/{page_name(place + 1)}" for place in range(len(paged))]
            for place, entries in enumerate(paged):
                make = partial(gallery_page, model, self._family, entries, addresses, place + 1)
                yield Placed(addresses[place], make, model)

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for each model's gallery."""
        for model in contents.catalog.models:
            if self._family in model.families:
                title, address = FAMILIES[self._family].title, gallery_address(model, self._family)
                yield SearchEntry(title, "gallery", address, model=model)


INVERSIONS = GalleryKind("inversion")
CARICATURES = GalleryKind("caricature")
ACCENTUATIONS = GalleryKind("accentuation")
ADVERSARIAL = GalleryKind("adversarial")


def gallery_folder(model: Model, family: Family) -> str:
    """Return the folder of a gallery."""
    return f"{model.folder}/{FAMILIES[family].folder}"


def gallery_address(model: Model, family: Family) -> str:
    """Return the address of a gallery's first page."""
    return f"{gallery_folder(model, family)}/index.html"


def gallery_page(model: Model, family: Family, entries: list[Entry], addresses: list[str], place: int) -> Page:
    """Return page ``place``, from 1, of a gallery."""
    words, studies = FAMILIES[family], model.families[family]
    title = words.title if place == 1 else f"{words.title}, page {place}"
    renderings = [rendering for study in studies for rendering in study.families[family]]
    pictures = [
        rendering.picture for entry in entries for _, row in entry.rows for rendering in row if rendering.picture
    ]
    return Page(
        addresses[place - 1],
        f"{title} · {model.card.name}",
        f"{title} of {len(studies)} photos by {model.card.name}. {words.summary}"[:300],
        GalleryData(
            model=model.card.name,
            weights=model.weights,
            family=family,
            page=place,
            of=len(addresses),
            entries=tuple(_entry(entry, root_of(addresses[0])) for entry in entries),
        ),
        {"model": model, "family": family, "words": words, "entries": entries, "measures": BRIEF[family]},
        crumbs=[Link(model.card.name, model.address), Link(words.title)],
        pages=pager(addresses, place),
        number=place,
        last=len(addresses),
        figures=_figures(family, renderings, len(studies)) if place == 1 else [],
        image=pictures[0].raw[-1].path if pictures else "",
        view="raw",
    )


def _entry(entry: Entry, root: str) -> GalleryEntry:
    study = entry.study
    rows = [
        GalleryRow(
            method=strip.lead.record.job.method,
            renderings=tuple(
                GalleryPicture(
                    key=rendering.record.key,
                    of=study.subject(rendering),
                    status=rendering.record.status,
                    href=root + study.address_of(rendering),
                )
                for rendering in chosen
            ),
        )
        for strip, chosen in entry.rows
    ]
    return GalleryEntry(photo=study.digest, title=study.title, href=root + study.address, rows=tuple(rows))


def paged_entries(model: Model, family: Family) -> list[list[Entry]]:
    """Return the entries of each page of a model's gallery; no page if it has none."""
    if family not in model.families:
        return []
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
        Figure(thousands(len(done)), words.noun if len(done) == 1 else words.plural, metric="count_pictures"),
        Figure(thousands(studies), "photo" if studies == 1 else "photos", metric="count_photos"),
    ]
    missing = len(renderings) - len(done)
    if missing:
        figures.append(Figure(thousands(missing), "without a picture", metric="count_failed"))
    if family == "adversarial":
        known = [result for rendering in done if (result := succeeded(rendering.record)) is not None]
        changes = [value for rendering in done if (value := rendering.measured("perturbation")) is not None]
        if known:
            label = f"succeeded: {sum(known)} of {len(known)}"
            figures.append(Figure(percent(sum(known) / len(known)), label, metric="count_succeeded"))
        if changes:
            label = f"largest change of any pixel, where black to white is 1; median {number(median(changes))}"
            figures.append(Figure(number(max(changes)), label, metric="perturbation"))
    return figures
