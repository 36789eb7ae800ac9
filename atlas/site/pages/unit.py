"""The pages of classes and of units."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from pydantic import Field

from atlas.site.catalog.addresses import page_name, root_of
from atlas.site.catalog.channels import LAYERS
from atlas.site.catalog.comparison import Comparisons
from atlas.site.catalog.credits import Credits
from atlas.site.catalog.looks import Looks, clusters_shown
from atlas.site.catalog.model import Layer, Model, Unit
from atlas.site.catalog.shown import Shown
from atlas.site.catalog.statistics import UnitOnPhotos
from atlas.site.citation import cite_unit
from atlas.site.contents import Contents
from atlas.site.documents.base import Sparse
from atlas.site.documents.class_concepts import ClassConceptsData, class_concepts
from atlas.site.documents.looks import LooksData, looks_data
from atlas.site.documents.rendering import Rendering, rendering_data
from atlas.site.documents.statistics import StatisticsData, statistics_data
from atlas.site.drawings.class_section import ClassSection
from atlas.site.drawings.sheets import Sheet, sheet
from atlas.site.page import PAGE_SIZE, Figure, Link, Page, Placed
from atlas.site.page_kind import PageKind
from atlas.site.pages.figures import other_figures
from atlas.site.words.formats import number, percent
from atlas.site.words.glossary import Glossary

MOST, MOST_BESIDE_CONCEPTS = 13, 9
"""Renderings that a page shows with their recipes; with ten concept cards there is room for fewer."""
FROM_PHOTOS = 4
"""Pictures made from photos that it shows, unless it has cards of concepts; it leads to the others."""
COMPARISONS = 4
"""Comparisons that it leads to."""
MARKED = 6
"""Renderings marked on a histogram: with more, nobody could tell them apart."""


class UnitData(Sparse):
    """A class or a unit, and what was rendered of it."""

    model: str
    weights: str = Field(description="digest of the model's weights")
    layer: str
    index: int
    title: str
    id: str | None = Field(default=None, description="of a class that has a name")
    synonyms: tuple[str, ...] | None = None
    status: str = Field(description="done, dead, failed, or none if only its concepts were asked for")
    renderings: tuple[Rendering, ...] = Field(description="the leading one first")
    looks: tuple[LooksData, ...] | None = Field(default=None, description="its facets, where some were told apart")
    statistics: StatisticsData | None = Field(default=None, description="where photos tell of it")


class ClassData(UnitData):
    """A class, what was rendered of it, and its concepts."""

    concepts: ClassConceptsData | None = Field(default=None, description="where they were looked for")


class UnitKind(PageKind):
    """The pages of units of layers before the output."""

    name = "unit"
    data = UnitData
    header = "Layers"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield one page for each unit."""
        for layer in (layer for model in contents.catalog.models for layer in self._layers(model)):
            for place, unit in enumerate(layer.units):
                yield Placed(unit.address, partial(unit_page, layer, place, contents), unit)

    def _layers(self, model: Model) -> list[Layer]:
        return model.hidden


class ClassKind(UnitKind):
    """The pages of classes."""

    name = "class"
    data = ClassData
    header = "Classes"

    def index(self, model: Model) -> dict[str, Sequence[object]]:
        """Return index and names of each class."""
        return {"classes": [_names(unit) for unit in (model.classes.units if model.classes else [])]}

    def _layers(self, model: Model) -> list[Layer]:
        return [model.classes] if model.classes else []


UNIT = UnitKind()
CLASS = ClassKind()


def unit_page(layer: Layer, place: int, contents: Contents) -> Page:
    """Return the page of one unit of a layer, or of a class.

    Args:
        place: of the unit in its layer's list.
    """
    unit, model = layer.units[place], layer.model
    seen = contents.on_photos(layer).get(unit.index)
    if seen is not None and seen.unit.sprite is not None:
        contents.pictures.sprite(layer.statistics, seen.unit.sprite)
    for key, clusters in clusters_shown(unit.looks).items():
        if clusters.sprite is not None:
            contents.pictures.sprite(key, clusters.sprite)
    section = None if unit.concepts is None else contents.section(unit.concepts)
    before = layer.units[place - 1] if place else None
    after = layer.units[place + 1] if place + 1 < len(layer.units) else None
    list_address = f"{layer.folder}/{page_name(1 + place // PAGE_SIZE)}"
    what = f"class {unit.index}" if layer.is_output else f"{layer.info.name} unit {unit.index}"
    full = f"{unit.title} ({what})" if layer.is_output and unit.title != what else what
    missing = {"none": " It was not rendered.", "done": ""}
    status = missing.get(unit.status, f" It is {unit.status}: there is no picture.")
    return Page(
        unit.address,
        f"{unit.title if layer.is_output else what} · {model.card.name}",
        f"What {model.card.name} has learned for {full}, with the recipe of each picture.{status}"[:300],
        unit_data(unit, seen, section),
        _context(unit, seen, section, contents),
        crumbs=[
            Link(model.card.name, model.address),
            Link("Classes" if layer.is_output else layer.info.name, list_address),
            Link(unit.title),
        ],
        previous=Link(before.title, before.address) if before else None,
        next=Link(after.title, after.address) if after else None,
        figures=[*unit_figures(unit, contents.glossary), *_concept_figures(section)],
        citation=cite_unit(unit, contents.metadata, contents.catalog.date),
        image=unit.image,
    )


def unit_data(unit: Unit, seen: UnitOnPhotos | None, section: ClassSection | None) -> UnitData:
    """Return what the JSON of a class's or unit's page says."""
    root = root_of(unit.address)
    data = UnitData(
        model=unit.model.card.name,
        weights=unit.model.weights,
        layer=unit.layer.info.name,
        index=unit.index,
        title=unit.title,
        id=unit.label.id if unit.label else None,
        synonyms=unit.label.synonyms if unit.label else None,
        status=unit.status,
        renderings=tuple(rendering_data(shown, root) for shown in unit.renderings),
        looks=tuple(looks_data(found) for found in unit.looks) or None,
        statistics=None if seen is None else statistics_data(seen, unit, root),
    )
    if not unit.layer.is_output:
        return data
    return ClassData(**dict(data), concepts=None if section is None else class_concepts(section, root))


def _context(unit: Unit, seen: UnitOnPhotos | None, section: ClassSection | None, contents: Contents) -> dict[str, Any]:
    """Return what the template shows."""
    has_cards = section is not None and bool(section.cards)
    channels = unit.model.channels.get(unit.index, [])[:LAYERS] if unit.layer.is_output else []
    return {
        "unit": unit,
        "section": section,
        "referred": any(shown.record.job.target.references for shown in unit.renderings),
        **photo_context(unit, seen),
        "channels": channels,
        **renderings_context(unit, (MOST_BESIDE_CONCEPTS if has_cards else MOST) - len(channels), contents.glossary),
        "compared": _compared(unit, contents.comparisons),
        "from_photos": unit.model.from_photos.get((unit.layer.info.name, unit.index), []),
        "most_from_photos": 0 if has_cards else FROM_PHOTOS,
    }


def renderings_context(unit: Unit, most: int, glossary: Glossary) -> dict[str, Any]:
    """Return which of a unit's renderings the template shows, and where: one of each method in a row, then the others.

    Args:
        most: pictures that the page has room for.
    """
    row = unit.by_method if len(unit.by_method) > 1 else []
    looks = [look.rendering for found in unit.looks for look in found.shown]
    first = [*{it.key: it for it in (*row, *looks)}.values()]  # looks of 3 and of 4 may have one in common
    chosen = sorted([*first, *(it for it in unit.renderings if it not in first)], key=lambda it: it is not unit.lead)
    chosen = chosen[: max(most, len(first)) if looks else most]
    return {
        "looks": [(found, photos_of_looks(found, unit.model.photos)) for found in unit.looks],
        "row": [it for it in chosen if it in row],
        "others": [it for it in chosen[1:] if it not in row and it not in looks and it.picture is not None],
        "recipes": chosen[1:],
        "measures": [name for name in glossary.compared if any(it.record.measurement(name) for it in row)],
        "unshown": len(unit.renderings) - len(chosen),
    }


def photos_of_looks(found: Looks, photo_set: Credits | None) -> Sheet | None:
    """Return the photos that stand for facets, those of clusters in order."""
    clusters = found.clusters
    if clusters is None or clusters.sprite is None:
        return None
    return sheet(clusters.sprite, clusters.crops, clusters.photos, photo_set)


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


def unit_figures(unit: Unit, glossary: Glossary) -> list[Figure]:
    """Return the figures beside a unit's picture: what it reaches, how it is recognised, and as what else."""
    if unit.lead is None:
        return []
    record, figures = unit.lead.record, []
    if record.status == "done" and unit.reached is not None:
        name = "objective" if record.measurement("activation") is None else "activation"
        title = "logit" if unit.layer.is_output else glossary.title(name)
        figures.append(Figure(number(unit.reached), f"{title} reached", metric=name))
    if unit.probability is not None:
        words = "probability of this class on the picture"
        figures.append(Figure(percent(unit.probability), words, metric="probability"))
    if unit.rivals:
        rival = unit.rivals[0]
        place = "second" if unit.top_classes[0].index == unit.own_class else "first"
        address = unit.model.unit_address(rival.index) or ""
        words = f"{place} class on this picture, {percent(rival.probability)}"
        figures.append(Figure(unit.model.label(rival.index), words, address, word=True))
    return [*figures, *other_figures(unit.lead, glossary)]


def _concept_figures(section: ClassSection | None) -> list[Figure]:
    if section is None or not section.view.concepts:
        return []
    counts, concepts = section.document.counts, section.view.concepts
    figures = []
    if counts.readable:
        label = f"of {counts.readable:,} photos predicted as this class"
        figures.append(Figure(percent(counts.predicted / counts.readable), label, metric="predicted_share"))
    unstable = sum(not concept.stable for concept in concepts)
    words = f"concepts, {unstable} unstable" if unstable else "concepts"
    figures.append(Figure(str(len(concepts)), words, metric="count_concepts"))
    return figures


def _names(unit: Unit) -> list[object]:
    names = [unit.label.id, *unit.label.synonyms] if unit.label else []
    return [unit.index, unit.title, *(name for name in names if name)]
