"""Concepts in JSON: what the pages of classes and of concepts say of them alike."""

from collections.abc import Iterable

from pydantic import Field

from atlas.core.analysis import Importance
from atlas.site.catalog.concepts import ConceptView, Near
from atlas.site.documents.base import Document

LISTED_NEIGHBOURS = 50
"""Concepts listed that seek the same one: of a thousand classes, one concept may be the nearest of hundreds."""


class LabelData(Document):
    """What a person calls a concept."""

    text: str
    author: str


class NearData(Document):
    """A concept of another class whose direction is near."""

    of_class: int = Field(alias="class", description="index of that class")
    number: int
    key: str
    cosine: float
    href: str


class ConceptSummary(Document):
    """What all pages say of a concept."""

    number: int = Field(description="its rank within the class, from 1")
    key: str = Field(description="12 digits by which labels name it")
    label: LabelData | None
    importance: Importance = Field(description="by the measure of its analysis, with a 95 % interval")
    first: float = Field(description="share of the photos that have it as their most important concept")
    stability: float | None = Field(
        description="smallest best cosine when the factorisation is repeated; null if it was made only once"
    )
    stable: bool
    direction: str = Field(description="digest of the direction")
    similar: tuple[NearData, ...] = Field(description="the nearest concepts of other classes")
    sought_by: tuple[NearData, ...] = Field(description="concepts of other classes whose nearest one this is")


def label_data(concept: ConceptView) -> LabelData | None:
    """Return what a person calls a concept, if anybody does."""
    return LabelData(text=concept.label.text, author=concept.label.author) if concept.label else None


def near_data(found: Iterable[Near], root: str) -> tuple[NearData, ...]:
    """Return concepts of other classes."""
    return tuple(
        NearData(
            of_class=near.concept.owner.index,
            number=near.concept.number,
            key=near.concept.key,
            cosine=round(near.cosine, 6),
            href=root + near.concept.address,
        )
        for near in found
    )
