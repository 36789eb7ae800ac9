"""The page of a concept."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Literal

from pydantic import Field

from atlas.core.analysis import ClassConcepts, Concept, Part, PhotoCredit, Together
from atlas.site.catalog.addresses import root_of
from atlas.site.catalog.concepts import ClassView, ConceptView, placed_among_patches
from atlas.site.catalog.model import Model
from atlas.site.citation import cite_concept
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.documents.concepts import LISTED_NEIGHBOURS, ConceptSummary, label_data, near_data
from atlas.site.documents.photos import SpriteData, sprite_data
from atlas.site.documents.rendering import Rendering, picture_files, rendering_data
from atlas.site.drawings.class_section import ClassSection, demonstration
from atlas.site.drawings.sheets import sheet
from atlas.site.page import Figure, Link, Page, Placed
from atlas.site.page_kind import PageKind
from atlas.site.pages.figures import other_figures
from atlas.site.pictures.picture import Derived
from atlas.site.words.formats import number, percent
from atlas.site.words.glossary import Glossary

PARTS = 6
"""Sub-concepts that the page shows: each asks for two files."""
OTHER_SEEDS = 6
"""Further renderings that it shows."""
CREDITS = 36
"""Photo credits that it lists; each patch leads to its own, on the pages of the photo set."""


class OwnClass(Document):
    """The class that a concept belongs to."""

    index: int
    title: str
    href: str


class PartData(Document):
    """A part of a concept: a direction of an earlier layer."""

    layer: str
    direction: str = Field(description="digest of the direction")
    share: float = Field(description="of the concept that it explains")
    renderings: tuple[Rendering, ...]
    patches: SpriteData


class ConceptData(ConceptSummary):
    """A concept, and all that the store knows of it."""

    model: str
    weights: str = Field(description="digest of the model's weights")
    of_class: OwnClass = Field(alias="class")
    layer: str
    analysis: str = Field(description="key of the analysis that found it")
    measure: Literal["sobol", "share"] = Field(description="of importance: total Sobol index, or share of the logit")
    factorisation: str
    fitted: int = Field(description="directions that were fitted")
    error: float = Field(description="relative reconstruction error")
    component: int = Field(description="its place in the factorisation")
    patch_cosines: tuple[float, ...] = Field(
        description="percentiles of the cosines between the class's own patches and the direction"
    )
    renderings: tuple[Rendering, ...]
    patches: SpriteData
    photos: SpriteData
    together: tuple[Together, ...] = Field(description="concepts of the class that are often there as well")
    parts: tuple[PartData, ...]


class ConceptKind(PageKind):
    """The pages of concepts."""

    name = "concept"
    data = ConceptData
    header = "Concepts"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield one page for each concept, class by class."""
        for model in contents.catalog.models:
            for unit in model.classes.units if model.classes else []:
                for place, concept in enumerate(unit.concepts.concepts if unit.concepts else []):
                    yield Placed(concept.address, partial(concept_page, concept.owner, place, contents), unit)

    def index(self, model: Model) -> dict[str, Sequence[object]]:
        """Return how many concepts each class has, and what people call them."""
        views = [view for view in model.concepts.values() if view.concepts]
        labelled = [concept for view in views for concept in view.concepts if concept.label]
        return {
            "concepts": [[view.index, len(view.concepts)] for view in views],
            "labels": [
                [concept.owner.index, concept.number, concept.label.text, concept.label.author]
                for concept in labelled
                if concept.label
            ],
        }


CONCEPT = ConceptKind()


def concept_page(view: ClassView, place: int, contents: Contents) -> Page:
    """Return the page of one concept.

    Args:
        view: its class's. place: of the concept in it.
    """
    section = contents.section(view)
    document, model, concept = section.document, view.model, view.concepts[place]
    details = document.concepts[place]
    before = view.concepts[place - 1] if place else None
    after = view.concepts[place + 1] if place + 1 < len(view.concepts) else None
    label = f" “{concept.label.text}”, labelled by {concept.label.author}." if concept.label else ""
    return Page(
        concept.address,
        f"{concept.title} · {model.card.name}",
        f"What drives {model.card.name} to see {view.title}: concept {concept.number}, "
        f"{view.amount(concept.importance.value)}.{label}"[:300],
        concept_data(concept, details, document, section.overlays.heats[place]),
        _context(section, place),
        crumbs=[
            Link(model.card.name, model.address),
            Link(view.title, view.address),
            Link(f"Concept {concept.number}"),
        ],
        previous=Link(before.title, before.address) if before else None,
        next=Link(after.title, after.address) if after else None,
        figures=concept_figures(concept, details, document, contents.glossary),
        citation=cite_concept(concept, contents.metadata, contents.catalog.date),
        image=concept.shown[0].picture.raw[-1].path if concept.shown and concept.shown[0].picture else "",
    )


def _context(section: ClassSection, place: int) -> dict[str, Any]:
    """Return what the template shows of one concept of a class."""
    view, document = section.view, section.document
    concept, details, heat = view.concepts[place], document.concepts[place], section.overlays.heats[place]
    by_number, credits = {other.number: other for other in view.concepts}, _credits(details, document, view)
    return {
        "concept": concept,
        "details": details,
        "document": document,
        "patches": sheet(details.sprite, details.crops, document.photos, view.photos),
        "photos": sheet(details.photo_sprite, details.photos, document.photos, view.photos, heat),
        "together": [
            (by_number[other.concept], other.cosine) for other in details.together if other.concept in by_number
        ],
        "parts": _parts(concept, details, document),
        "unshown_parts": max(0, len(details.parts) - PARTS),
        "credits": credits[:CREDITS],
        "uncredited": len(credits[CREDITS:]),
        "others": concept.shown[1 : 1 + OTHER_SEEDS],
        "demonstration": demonstration(view, document),
    }


def concept_data(concept: ConceptView, details: Concept, document: ClassConcepts, heat: Derived) -> ConceptData:
    """Return what the JSON of a concept's page says."""
    view, photos, credits, root = concept.owner, document.photos, concept.photos, root_of(concept.address)
    heat_file = picture_files((heat,), root)[0]
    return ConceptData(
        model=view.model.card.name,
        weights=view.model.weights,
        of_class=OwnClass(index=view.index, title=view.title, href=root + view.address),
        layer=view.layer,
        analysis=view.key,
        measure=view.measure,
        factorisation=document.factorisation,
        fitted=document.fitted,
        error=document.error,
        number=concept.number,
        key=concept.key,
        label=label_data(concept),
        importance=details.importance,
        first=details.first,
        stability=details.stability,
        stable=details.stable,
        direction=details.direction,
        component=details.component,
        patch_cosines=details.patch_cosines,
        renderings=tuple(rendering_data(shown, root) for shown in concept.renderings),
        patches=sprite_data(details.sprite, details.crops, photos, credits, root),
        photos=sprite_data(details.photo_sprite, details.photos, photos, credits, root, heat_file),
        together=details.together,
        similar=near_data(concept.nearest, root),
        sought_by=near_data(concept.sought_by[:LISTED_NEIGHBOURS], root),
        parts=tuple(_part(concept, part, document, root) for part in details.parts),
    )


def _part(concept: ConceptView, part: Part, document: ClassConcepts, root: str) -> PartData:
    return PartData(
        layer=part.layer,
        direction=part.direction,
        share=part.share,
        renderings=tuple(rendering_data(shown, root) for shown in concept.parts[part.layer, part.direction]),
        patches=sprite_data(part.sprite, part.crops, document.photos, concept.photos, root),
    )


def concept_figures(
    concept: ConceptView, details: Concept, document: ClassConcepts, glossary: Glossary
) -> list[Figure]:
    """Return the figures beside a concept's picture."""
    view, importance = concept.owner, details.importance
    interval = f"95 % interval {view.value(importance.low)} to {view.value(importance.high)}"
    figures = [
        Figure(view.value(importance.value), f"{view.measure_name}, {interval}", metric=view.metric),
        Figure(
            f"{concept.number} of {document.fitted}",
            "rank by importance among the fitted directions",
            metric=view.metric,
        ),
        Figure(percent(details.first), "of the photos have it as their most important concept", metric="concept_first"),
        _stability(details),
        Figure(
            number(document.error),
            f"relative reconstruction error of the factorisation into {document.fitted}",
            metric="reconstruction_error",
        ),
    ]
    cosine = concept.lead.measured("cosine") if concept.lead else None
    if concept.lead and cosine is not None:
        share = placed_among_patches(details, cosine)
        among = f": higher than {share}\u00a0% of the class's own patches" if share is not None else ""
        label = f"cosine of the rendering's activation to the direction{among}"
        figures.insert(3, Figure(number(cosine), label, metric="cosine"))
    return [*figures, *(other_figures(concept.lead, glossary) if concept.lead else ())]


def _stability(details: Concept) -> Figure:
    if details.stability is None:
        label = "stability: the factorisation was made only once"
        return Figure("not measured", label, word=True, metric="concept_stability")
    words = "stability: its smallest best cosine when the factorisation is repeated"
    label = words if details.stable else f"{words}, too small to rely on"
    return Figure(number(details.stability), label, metric="concept_stability")


def _parts(concept: ConceptView, details: Concept, document: ClassConcepts) -> list[dict[str, Any]]:
    photos, photo_set = document.photos, concept.photos
    return [
        {
            "part": part,
            "renderings": [it for it in concept.parts[part.layer, part.direction] if it.picture is not None],
            "patches": sheet(part.sprite, part.crops, photos, photo_set),
        }
        for part in details.parts[:PARTS]
    ]


def _credits(details: Concept, document: ClassConcepts, view: ClassView) -> list[tuple[PhotoCredit, str]]:
    """Return the photos that the page shows, in the order of their names, with the addresses of their entries."""
    crops = [*details.crops, *details.photos, *(crop for part in details.parts[:PARTS] for crop in part.crops)]
    photos = [document.photos[place] for place in sorted({crop.photo for crop in crops})]
    return [(photo, view.photos.address_of(photo.digest)) for photo in sorted(photos, key=lambda it: it.name)]
