"""The concepts of a class, in JSON."""

from typing import Literal

from pydantic import Field, JsonValue

from atlas.core.analysis import PhotoCounts
from atlas.core.factorisation_card import FactorisationCard
from atlas.site.documents.base import Document
from atlas.site.documents.concepts import LISTED_NEIGHBOURS, ConceptSummary, label_data, near_data
from atlas.site.drawings.class_section import ClassSection


class ListedConcept(ConceptSummary):
    """One concept of a class."""

    href: str


class ClassConceptsData(Document):
    """What was found of the concepts of a class, and how."""

    key: str = Field(description="of the analysis")
    layer: str
    parameters: dict[str, JsonValue]
    versions: dict[str, str]
    factorisation: str
    factorisation_card: FactorisationCard = Field(description="what the factorisation does, and what it cannot do")
    measure: Literal["sobol", "share"] = Field(description="of importance: total Sobol index, or share of the logit")
    heat: str = Field(description="how heat maps are made")
    counts: PhotoCounts
    patches: int
    fitted: int = Field(description="directions that were fitted")
    error: float = Field(description="relative reconstruction error")
    importance_rest: float = Field(description="of the directions that are not shown")
    reason: str = Field(description="why there are no concepts; empty if there are")
    warnings: tuple[str, ...]
    demonstration: str = Field(description="says so if the photos only show how it works; empty if they are real")
    concepts: tuple[ListedConcept, ...]


def class_concepts(section: ClassSection, root: str) -> ClassConceptsData:
    """Return what a class's page says of its concepts."""
    view, document = section.view, section.document
    return ClassConceptsData(
        key=view.key,
        layer=view.layer,
        parameters=document.analysis.parameters,
        versions=document.provenance.versions,
        factorisation=document.factorisation,
        factorisation_card=document.card,
        measure=document.measure,
        heat=document.heat,
        counts=document.counts,
        patches=document.patches,
        fitted=document.fitted,
        error=document.error,
        importance_rest=document.importance_rest,
        reason=document.reason,
        warnings=document.warnings,
        demonstration=section.demonstration,
        concepts=tuple(
            ListedConcept(
                number=concept.number,
                key=concept.key,
                label=label_data(concept),
                importance=details.importance,
                first=details.first,
                stability=details.stability,
                stable=details.stable,
                direction=details.direction,
                similar=near_data(concept.nearest, root),
                sought_by=near_data(concept.sought_by[:LISTED_NEIGHBOURS], root),
                href=root + concept.address,
            )
            for concept, details in zip(view.concepts, document.concepts, strict=True)
        ),
    )
