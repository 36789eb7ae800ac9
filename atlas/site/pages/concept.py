"""The page of a concept."""

from typing import Any

from atlas.core.analysis import ClassConcepts, Concept, PhotoCredit
from atlas.site.catalog.addresses import root_of
from atlas.site.catalog.concepts import ClassView, ConceptView, placed_among_patches
from atlas.site.documents import concept_json
from atlas.site.drawings.sheets import sheet
from atlas.site.metadata import SiteMetadata
from atlas.site.page import Figure, Link, Page
from atlas.site.pages.citation import cite_concept
from atlas.site.pages.class_section import ClassSection, demonstration, factorisation_name
from atlas.site.pages.unit import other_figures
from atlas.site.words.formats import number, percent

PARTS = 6
"""Sub-concepts that the page shows: each asks for two files."""
OTHER_SEEDS = 6
"""Further renderings that it shows."""
CREDITS = 36
"""Photo credits that it lists; each patch leads to its own, on the pages of the photo set."""


def concept_page(section: ClassSection, place: int, metadata: SiteMetadata, date: str) -> Page:
    """Return the page of one concept.

    Args:
        section: its class's. place: of the concept in it.
    """
    view, document = section.view, section.document
    concept, details = view.concepts[place], document.concepts[place]
    before = view.concepts[place - 1] if place else None
    after = view.concepts[place + 1] if place + 1 < len(view.concepts) else None
    model, credits = view.model, _credits(details, document, view)
    heat = section.overlays.heats[place]
    by_number = {other.number: other for other in view.concepts}
    context = {
        "concept": concept,
        "details": details,
        "document": document,
        "patches": sheet(details.sprite, details.crops, document.photos, view.photos),
        "photos": sheet(details.photo_sprite, details.photos, document.photos, view.photos, heat),
        "together": [(by_number[it.concept], it.cosine) for it in details.together if it.concept in by_number],
        "parts": _parts(concept, details, document),
        "unshown_parts": max(0, len(details.parts) - PARTS),
        "credits": credits[:CREDITS],
        "uncredited": len(credits[CREDITS:]),
        "others": concept.shown[1 : 1 + OTHER_SEEDS],
        "factorisation": factorisation_name(document.factorisation),
        "demonstration": demonstration(view, document),
    }
    label = f" “{concept.label.text}”, labelled by {concept.label.author}." if concept.label else ""
    return Page(
        concept.address,
        "concept.html",
        "concept",
        f"{concept.title} · {model.card.name}",
        f"What drives {model.card.name} to see {view.title}: concept {concept.number}, "
        f"{view.amount(concept.importance.value)}.{label}"[:300],
        concept_json(concept, details, document, heat, root_of(concept.address)),
        context,
        crumbs=[
            Link(model.card.name, model.address),
            Link(view.title, view.address),
            Link(f"Concept {concept.number}"),
        ],
        previous=Link(before.title, before.address) if before else None,
        next=Link(after.title, after.address) if after else None,
        figures=concept_figures(concept, details, document),
        citation=cite_concept(concept, metadata, date),
        image=concept.shown[0].picture.raw[-1].path if concept.shown and concept.shown[0].picture else "",
    )


def concept_figures(concept: ConceptView, details: Concept, document: ClassConcepts) -> list[Figure]:
    """Return the figures beside a concept's picture."""
    view, importance = concept.owner, details.importance
    interval = f"95 % interval {view.value(importance.low)} to {view.value(importance.high)}"
    figures = [
        Figure(view.value(importance.value), f"{view.measure_name}, {interval}"),
        Figure(f"{concept.number} of {document.fitted}", "rank by importance among the fitted directions"),
        Figure(percent(details.first), "of the photos have it as their most important concept"),
        _stability(details),
        Figure(number(document.error), f"relative reconstruction error of the factorisation into {document.fitted}"),
    ]
    cosine = concept.lead.measured("cosine") if concept.lead else None
    if concept.lead and cosine is not None:
        share = placed_among_patches(details, cosine)
        among = f": higher than {share}\u00a0% of the class's own patches" if share is not None else ""
        figures.insert(3, Figure(number(cosine), f"cosine of the rendering's activation to the direction{among}"))
    return [*figures, *(other_figures(concept.lead) if concept.lead else ())]


def _stability(details: Concept) -> Figure:
    if details.stability is None:
        return Figure("not measured", "stability: the factorisation was made only once", word=True)
    words = "stability: its smallest best cosine when the factorisation is repeated"
    return Figure(number(details.stability), words if details.stable else f"{words}, too small to rely on")


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
