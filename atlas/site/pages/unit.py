"""The pages of classes and of units."""

from collections.abc import Iterator
from typing import Any

from atlas.site.catalog.addresses import page_name, root_of
from atlas.site.catalog.comparison import Comparisons
from atlas.site.catalog.model import Layer, Unit
from atlas.site.catalog.shown import Shown
from atlas.site.catalog.statistics import OnPhotos, UnitOnPhotos
from atlas.site.contents import Contents
from atlas.site.documents import class_json, statistics_json, unit_json
from atlas.site.drawings.sheets import sheet
from atlas.site.page import PAGE_SIZE, Figure, Link, Page
from atlas.site.pages.citation import cite_unit
from atlas.site.pages.class_section import ClassSection
from atlas.site.words.formats import number, percent

KNOWN_MEASUREMENTS = {"objective", "activation", "probability", "cosine"}
"""Measurements that have their own words on a page; others are shown under their own names."""
MOST, MOST_BESIDE_CONCEPTS = 13, 9
"""Renderings that a page shows with their recipes; with ten concept cards there is room for fewer."""
FROM_PHOTOS = 4
"""Pictures made from photos that it shows, unless it has cards of concepts; it leads to the others."""
COMPARISONS = 4
"""Comparisons that it leads to."""
MARKED = 6
"""Renderings marked on a histogram: with more, nobody could tell them apart."""


def unit_page(layer: Layer, place: int, seen: OnPhotos, section: ClassSection | None, contents: Contents) -> Page:
    """Return the page of one unit of a layer, or of a class.

    Args:
        place: of the unit in its layer's list.
        seen: what photos say of the layer's units. section: the concepts of a class.
    """
    unit = layer.units[place]
    name = "Classes" if layer.is_output else layer.info.name
    before = layer.units[place - 1] if place else None
    after = layer.units[place + 1] if place + 1 < len(layer.units) else None
    list_address = f"{layer.folder}/{page_name(1 + place // PAGE_SIZE)}"
    what = f"class {unit.index}" if layer.is_output else f"{layer.info.name} unit {unit.index}"
    full = f"{unit.title} ({what})" if layer.is_output and unit.title != what else what
    missing = {"none": " It was not rendered.", "done": ""}
    status = missing.get(unit.status, f" It is {unit.status}: there is no picture.")
    on_photos, root = seen.get(unit.index), root_of(unit.address)
    data = unit_json(unit, root)
    if section is not None:
        data["concepts"] = class_json(section.view, section.document, root)
    if on_photos is not None:
        data["statistics"] = statistics_json(on_photos, unit, root)
    return Page(
        unit.address,
        "class.html" if layer.is_output else "unit.html",
        "class" if layer.is_output else "unit",
        f"{unit.title if layer.is_output else what} · {layer.model.card.name}",
        f"What {layer.model.card.name} has learned for {full}, with the recipe of each picture.{status}"[:300],
        data,
        {
            "unit": unit,
            "section": section,
            "referred": any(rendering.record.job.target.references for rendering in unit.renderings),
            **photo_context(unit, on_photos),
            **renderings_context(unit, MOST_BESIDE_CONCEPTS if section and section.cards else MOST),
            "compared": _compared(unit, contents.comparisons),
            "from_photos": unit.model.from_photos.get((layer.info.name, unit.index), []),
            "most_from_photos": 0 if section and section.cards else FROM_PHOTOS,
        },
        crumbs=[Link(layer.model.card.name, layer.model.address), Link(name, list_address), Link(unit.title)],
        previous=Link(before.title, before.address) if before else None,
        next=Link(after.title, after.address) if after else None,
        figures=[*unit_figures(unit), *_concept_figures(section)],
        citation=cite_unit(unit, contents.metadata, contents.catalog.date),
        image=picture_of(unit),
    )


def renderings_context(unit: Unit, most: int) -> dict[str, Any]:
    """Return which of a unit's renderings the template shows, and where: one of each method in a row, then the others.

    Args:
        most: pictures that the page has room for.
    """
    row = unit.by_method if len(unit.by_method) > 1 else []
    chosen = [*row, *(it for it in unit.renderings if it not in row)] if row else unit.renderings
    chosen = sorted(chosen, key=lambda it: it is not unit.lead)[:most]
    return {
        "row": [it for it in chosen if it in row],
        "others": [it for it in chosen[1:] if it not in row and it.picture is not None],
        "recipes": chosen[1:],
        "measures": [name for name in ("objective", "activation", "probability") if row],
        "unshown": len(unit.renderings) - len(chosen),
    }


def _compared(unit: Unit, comparisons: Comparisons) -> list[Link]:
    """Return links to the rows of comparisons that show the class."""
    if not unit.layer.is_output:
        return []
    places = ((found, found.address_of(unit)) for found in comparisons.of(unit.model))
    return [Link(found.title, address) for found, address in places if address][:COMPARISONS]


def photo_context(unit: Unit, seen: UnitOnPhotos | None) -> dict[str, Any]:
    """Return what the template shows of photos: the histogram with its marks, and the views that activate it most."""
    if seen is None:
        return {"seen": None, "drawing": None, "top": None}
    sprite = seen.unit.sprite
    top = sheet(sprite, seen.unit.crops, seen.layer.photos, unit.model.photos) if sprite is not None else None
    return {"seen": seen, "drawing": seen.draw(_marked(unit)), "top": top}


def _marked(unit: Unit) -> list[Shown]:
    """Return what a histogram marks: one rendering of each method, one that lowers the unit, then the others."""
    lowering = [it for it in unit.shown if it.record.job.target.sign < 0][:1]
    first = [*unit.by_method[: MARKED - len(lowering)], *lowering]
    return [*first, *(it for it in unit.shown if it not in first and it.record.job.target.kind != "neuron")][:MARKED]


def unit_figures(unit: Unit) -> list[Figure]:
    """Return the figures beside a unit's picture: what it reaches, how it is recognised, and as what else."""
    if unit.lead is None:
        return []
    record, figures = unit.lead.record, []
    if record.status == "done" and unit.reached is not None:
        measured = record.measurement("activation") is not None
        what = "logit" if unit.layer.is_output else "activation" if measured else "objective"
        figures.append(Figure(number(unit.reached), f"{what} reached"))
    if unit.probability is not None:
        figures.append(Figure(percent(unit.probability), "probability of this class on the picture"))
    if unit.rivals:
        rival = unit.rivals[0]
        place = "second" if unit.top_classes[0].index == unit.own_class else "first"
        address = unit.model.unit_address(rival.index) or ""
        words = f"{place} class on this picture, {percent(rival.probability)}"
        figures.append(Figure(unit.model.label(rival.index), words, address, word=True))
    return [*figures, *other_figures(unit.lead)]


def other_figures(rendering: Shown) -> Iterator[Figure]:
    """Yield a figure for every measurement that has no words of its own."""
    for measured in rendering.record.measurements:
        if measured.name not in KNOWN_MEASUREMENTS:
            unit_name = "" if measured.unit == "1" else f" {measured.unit}"
            count = f", mean of {measured.n}" if measured.n > 1 else ""
            yield Figure(number(measured.value) + unit_name, measured.name.replace("_", " ") + count)


def _concept_figures(section: ClassSection | None) -> list[Figure]:
    if section is None or not section.view.concepts:
        return []
    counts, concepts = section.document.counts, section.view.concepts
    figures = []
    if counts.readable:
        label = f"of {counts.readable:,} photos predicted as this class"
        figures.append(Figure(percent(counts.predicted / counts.readable), label))
    unstable = sum(not concept.stable for concept in concepts)
    figures.append(Figure(str(len(concepts)), f"concepts, {unstable} unstable" if unstable else "concepts"))
    return figures


def picture_of(unit: Unit) -> str:
    """Return the path of the picture that stands for a unit, or an empty string."""
    return unit.shown[0].picture.raw[-1].path if unit.shown and unit.shown[0].picture else ""
