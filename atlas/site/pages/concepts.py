"""The list of a model's concepts, class by class."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal

from pydantic import Field

from atlas.site.catalog.addresses import root_of
from atlas.site.catalog.concepts import ConceptView
from atlas.site.catalog.model import Model
from atlas.site.catalog.numbers import counted
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.documents.concepts import LabelData, label_data
from atlas.site.page import PAGE_SIZE, Page, Placed, list_addresses
from atlas.site.page_kind import PageKind, SearchEntry
from atlas.site.pages.listing import ListingData, listing_page


class ConceptEntry(Document):
    """A concept."""

    of_class: int = Field(alias="class", description="index of the class")
    number: int = Field(description="its rank within the class, from 1")
    key: str
    label: LabelData | None
    importance: float
    measure: Literal["sobol", "share"] = Field(description="of importance: total Sobol index, or share of the logit")
    href: str


class ConceptsData(ListingData):
    """One page of the list of a model's concepts."""

    demonstration: str = Field(description="says so if the photos only show how it works; empty if they are real")
    concepts: tuple[ConceptEntry, ...]


class ConceptsKind(PageKind):
    """The lists of concepts: one for each model that has any."""

    name = "concepts"
    data = ConceptsData
    header = "Concepts"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the pages of each model's list."""
        for model in contents.catalog.models:
            concepts = [concept for view in model.concepts.values() for concept in view.concepts]
            addresses = list_addresses(f"{model.folder}/concepts", len(concepts), PAGE_SIZE) if concepts else []
            for number, address in enumerate(addresses, 1):
                shown = concepts[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
                yield Placed(address, partial(_page, model, shown, addresses, number), model)

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for each model's list."""
        for model in contents.catalog.models:
            if model.numbers.concepts:
                words = counted(model.numbers.concepts, "concept")
                yield SearchEntry("Concepts", words, concepts_address(model), model=model)


CONCEPTS = ConceptsKind()


def concepts_address(model: Model) -> str:
    """Return the address of the list of a model's concepts."""
    return f"{model.folder}/concepts/index.html"


def _page(model: Model, shown: Sequence[ConceptView], addresses: list[str], number: int) -> Page:
    numbers, root = model.numbers, root_of(addresses[0])
    summary = (
        f"{counted(numbers.concepts, 'concept')} of {counted(numbers.explained, 'class', 'classes')}, class by class, "
        "the most important ones of each first."
    )
    data = ConceptsData(
        model=model.card.name,
        page=number,
        of=len(addresses),
        demonstration=model.demonstration,
        concepts=tuple(_entry(concept, root) for concept in shown),
    )
    context = {"concepts": shown, "demonstration": model.demonstration}
    return listing_page(model, "Concepts", summary, addresses, number, data, context)


def _entry(concept: ConceptView, root: str) -> ConceptEntry:
    return ConceptEntry(
        of_class=concept.owner.index,
        number=concept.number,
        key=concept.key,
        label=label_data(concept),
        importance=concept.importance.value,
        measure=concept.owner.measure,
        href=root + concept.address,
    )
