"""The pages of photos: what one model made of one photo."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from pydantic import Field

from atlas.core.analysis import PhotoCredit
from atlas.core.record import ClassScore
from atlas.site.catalog.addresses import root_of
from atlas.site.catalog.studies import FAMILIES, FamilyWords, Strip, Study, succeeded
from atlas.site.citation import cite_study
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.documents.rendering import Rendering, rendering_data
from atlas.site.drawings.channel_sheets import published_sheets, unit_of
from atlas.site.drawings.plots import Drawing, draw, make_plots
from atlas.site.page import Figure, Link, Page, Placed, pager
from atlas.site.page_kind import PageKind, SearchEntry
from atlas.site.words.formats import thousands


class StudiedPhoto(Document):
    """A photo, and whom it is owed to, where that is known."""

    digest: str = Field(description="sha256 of the photo's file")
    credit: PhotoCredit | None


class StudyData(Document):
    """What a model made of a photo: one page of it."""

    model: str
    weights: str = Field(description="digest of the model's weights")
    photo: StudiedPhoto
    classes: tuple[ClassScore, ...] = Field(description="what the model sees in the photo, strongest first")
    page: int
    of: int = Field(description="pages")
    families: dict[str, str] = Field(description="first 12 digits of a rendering's key to its family")
    succeeded: dict[str, bool] = Field(description="the same, for adversarial examples whose success can be told")
    renderings: tuple[Rendering, ...]


class PhotoKind(PageKind):
    """The pages of photos."""

    name = "photo"
    data = StudyData

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the pages of each photo of each model."""
        for model in contents.catalog.models:
            around = [None, *model.studies, None]
            for place, study in enumerate(model.studies):
                for number in range(1, len(study.pages) + 1):
                    make = partial(study_page, study, number, around[place], around[place + 2], contents)
                    yield Placed(study.page_address(number), make, model)

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for each photo of each model."""
        for model in contents.catalog.models:
            for study in model.studies:
                yield SearchEntry(study.name, "photo", study.address, model=model)


PHOTO = PhotoKind()


def study_page(study: Study, number: int, before: Study | None, after: Study | None, contents: Contents) -> Page:
    """Return page ``number``, from 1, of a photo.

    Args:
        before, after: its neighbours in the model's list.
    """
    model, first, strips = study.model, number == 1, study.pages[number - 1]
    addresses = [study.page_address(place) for place in range(1, len(study.pages) + 1)]
    made = [_counted(len(group), FAMILIES[family]) for family, group in study.families.items()]
    drawings = _drawings(study, contents) if first else []
    return Page(
        addresses[number - 1],
        f"{study.title if first else f'{study.title}, page {number}'} · {model.card.name}",
        f"What {model.card.name} makes of {study.title}: {', '.join(made)}."[:300],
        study_data(study, number),
        {
            "study": study,
            "families": by_family(strips),
            "drawings": drawings,
            "table": plot_table(drawings) if first else None,
            "known": measured_names(strips),
            "channels": _channels(study, contents) if first else None,
        },
        crumbs=[Link(model.card.name, model.address), Link("Photos", f"{model.address}#photos"), Link(study.title)],
        previous=Link(before.title, before.address) if before and len(addresses) == 1 else None,
        next=Link(after.title, after.address) if after and len(addresses) == 1 else None,
        pages=pager(addresses, number),
        number=number,
        last=len(addresses),
        figures=_figures(study) if first else [],
        citation=cite_study(study, contents.metadata, contents.catalog.date),
        image=study.photo.raw[-1].path if study.photo else "",
        view="raw",
    )


def study_data(study: Study, number: int) -> StudyData:
    """Return what the JSON of page ``number``, from 1, of a photo says."""
    strips, root = study.pages[number - 1], root_of(study.page_address(number))
    shown = [(strip.family, rendering) for strip in strips for rendering in strip.renderings]
    results = {it.key: succeeded(it.record) for family, it in shown if family == "adversarial"}
    return StudyData(
        model=study.model.card.name,
        weights=study.model.weights,
        photo=StudiedPhoto(digest=study.digest, credit=study.credit),
        classes=study.classes,
        page=number,
        of=len(study.pages),
        families={rendering.key: family for family, rendering in shown},
        succeeded={key: result for key, result in results.items() if result is not None},
        renderings=tuple(rendering_data(rendering, root) for _, rendering in shown),
    )


def _channels(study: Study, contents: Contents) -> dict[str, Any] | None:
    """Return what a class's channels gave on the photo, those of its first layer, and where the others are told."""
    model = next(each for each in contents.catalog.models if study in each.studies)
    if not study.channels:
        return None
    shown, *others = study.channels
    sheets, place = published_sheets(shown, model, contents.pictures), shown.place_of(study.digest)
    assert place is not None  # it is one of those photos
    told = [(one, one.part) for one in shown.on(place)]
    rows = [(one, unit_of(model, shown.layer, part.channel), sheets.cell(part, place)) for one, part in told]
    rise = shown.finding.crops[place].value
    return {"shown": shown, "model": model, "sheets": sheets, "rows": rows, "rise": rise, "others": others}


def _drawings(study: Study, contents: Contents) -> list[Drawing]:
    """Return the plots of how well each layer keeps the photo, whose files are then in the site."""
    drawings = [draw(plot) for plot in make_plots(study, contents.glossary)]
    for path, content in (file for drawing in drawings for file in drawing.files):
        contents.pictures.drawing(path, content)
    return drawings


def by_family(strips: Sequence[Strip]) -> list[tuple[Any, list[Strip]]]:
    """Return strips under the words for their families."""
    return [(FAMILIES[family], list(group)) for family, group in groupby(strips, key=lambda strip: strip.family)]


def measured_names(strips: Sequence[Strip]) -> list[str]:
    """Return the names of all that was measured of a page's pictures, in the order of their first mention."""
    return list(dict.fromkeys(name for strip in strips for name in strip.measures))


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
        figures.append(Figure(thousands(len(done)), f"{noun}{missing}", metric="count_pictures"))
    return figures
