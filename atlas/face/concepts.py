"""Concepts of classes, found in photos: as a program asks for them, and as a notebook shows them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, overload

from atlas.core.analysis import ClassConcepts, Importance, Sprite
from atlas.core.analysis import Concept as ConceptDocument
from atlas.face.html import concept_rows
from atlas.picture import Pictures

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Concept:
    """One direction of a layer that a class is made of.

    Attributes:
        document: all that the store knows of it.
        pictures: renderings of the direction, one for each seed.
        patches_png: the patches of photos that answer most to it, cell by cell.
    """

    document: ConceptDocument
    pictures: Pictures
    patches_png: bytes

    @property
    def number(self) -> int:
        """Its rank by importance, from 1."""
        return self.document.number

    @property
    def importance(self) -> Importance:
        """How much it matters to the class: value, and a 95 % interval."""
        return self.document.importance

    @property
    def is_stable(self) -> bool:
        """Whether it came back when the factorisation was repeated."""
        return self.document.stable

    @cached_property
    def patches(self) -> "tuple[Image.Image, ...]":
        """The patches of photos that answer most to it, best first."""
        return cells(self.patches_png, self.document.sprite)

    def __repr__(self) -> str:
        return f"<Concept {self.number}: importance {self.importance.value:.3f}, {len(self.patches)} patches>"


class Concepts(Sequence[Concept]):
    """The concepts of one class, most important first; a sequence of :class:`Concept`.

    Attributes:
        name: of the class. document: the whole result, as the store keeps it.
    """

    def __init__(self, name: str, document: ClassConcepts, concepts: Sequence[Concept]) -> None:
        self.name = name
        self.document = document
        self._concepts = tuple(concepts)

    @property
    def reason(self) -> str:
        """Why there are no concepts; empty if there are."""
        return self.document.reason

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know, in sentences."""
        return self.document.warnings

    @property
    def importance(self) -> list[float]:
        """The importance of each."""
        return [concept.importance.value for concept in self]

    def __len__(self) -> int:
        return len(self._concepts)

    @overload
    def __getitem__(self, place: int) -> Concept: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Concept]: ...
    def __getitem__(self, place: int | slice) -> Concept | Sequence[Concept]:
        return self._concepts[place]

    def __repr__(self) -> str:
        return f"<Concepts of {self.name}: {len(self)}, in {self.document.analysis.layers[0]}>"

    def _repr_html_(self) -> str:
        return concept_rows(
            self.name,
            self.document,
            [(one.document, next(iter(one.pictures), None), one.patches_png) for one in self],
        )


class ConceptsByClass(dict[str, Concepts]):
    """Concepts of several classes, by the classes' names."""

    def _repr_html_(self) -> str:
        return "".join(concepts._repr_html_() for concepts in self.values())


def cells(png: bytes, sprite: Sprite) -> "tuple[Image.Image, ...]":
    """Return the pictures of a sprite, in order, each as large as it was stored."""
    from PIL import Image

    sheet = Image.open(io.BytesIO(png)).convert("RGB")
    side = sprite.cell
    corners = [(number % sprite.columns * side, number // sprite.columns * side) for number in range(sprite.count)]
    return tuple(sheet.crop((left, top, left + side, top + side)) for left, top in corners)
