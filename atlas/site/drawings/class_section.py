"""ClassSection: what a class's page shows of its concepts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from atlas.core.analysis import ClassConcepts, Concept
from atlas.site.catalog.concepts import ClassView, ConceptView
from atlas.site.catalog.credits import demonstration_notice
from atlas.site.drawings.importance import Bar, importance_bar
from atlas.site.drawings.sheets import card_place
from atlas.site.pictures.overlays import CARD_PATCHES, CARDS, Overlays

SHARED = 5
"""Concepts shown of each direction of sharing: with ten cards the page asks for 40 files at most."""


class Pair(NamedTuple):
    """Two concepts of different classes that point the same way: this class's, the other's, and the cosine."""

    own: ConceptView
    other: ConceptView
    cosine: float


@dataclass(frozen=True)
class Card:
    """A concept's card: its view, all that is known of it, and where its patches are in the cards' file."""

    concept: ConceptView
    details: Concept
    place: str
    patches: int


@dataclass(frozen=True)
class ClassSection:
    """The concepts of one class as its page shows them."""

    view: ClassView
    document: ClassConcepts
    overlays: Overlays

    @cached_property
    def bar(self) -> Bar | None:
        """The importance bar."""
        return importance_bar(self.view, self.document)

    @cached_property
    def cards(self) -> list[Card]:
        """The cards of the most important concepts."""
        pairs = list(zip(self.view.concepts, self.document.concepts, strict=True))[:CARDS]
        return [
            Card(concept, details, card_place(row), min(CARD_PATCHES, details.sprite.count))
            for row, (concept, details) in enumerate(pairs)
        ]

    @property
    def others(self) -> Sequence[ConceptView]:
        """Concepts without a card."""
        return self.view.concepts[CARDS:]

    @cached_property
    def shared(self) -> list[Pair]:
        """This class's concepts and the nearest ones of other classes, nearest first."""
        pairs = [Pair(own, *near) for own in self.view.concepts for near in own.nearest[:1]]
        return sorted(pairs, key=lambda pair: -pair.cosine)[:SHARED]

    @cached_property
    def sought_by(self) -> list[Pair]:
        """Concepts of other classes whose nearest one is of this class, nearest first."""
        pairs = [Pair(own, *near) for own in self.view.concepts for near in own.sought_by]
        return sorted(pairs, key=lambda pair: -pair.cosine)[:SHARED]

    @property
    def demonstration(self) -> str:
        """What a reader must know if the photos are only there to show how it works; empty if they are real."""
        return demonstration(self.view, self.document)


def demonstration(view: ClassView, document: ClassConcepts) -> str:
    """Say that a demonstration is one; empty if it is none."""
    photos = view.photos
    if not photos.card.demonstration:
        return ""
    count = document.counts.used or document.counts.found
    what = f"{count} photo{'' if count == 1 else 's'}"
    sources = {photo.source for photo in document.photos}
    if count > 1 and len(sources) == 1 and "" not in sources:
        what += " cut from one"
    return demonstration_notice(what, "concepts")
