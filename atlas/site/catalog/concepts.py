"""Concepts as pages show them: light views of the analyses that are current. The documents are read when written."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from atlas.core.analysis import ClassConcepts, Concept, Importance
from atlas.core.record import Record
from atlas.site.catalog.credits import Credits
from atlas.site.catalog.head import ModelHead
from atlas.site.catalog.shown import Shown, ordered
from atlas.site.words.labels import Label
from atlas.store import Store

DirectionKey = tuple[str, int, str]
"""(layer, class index, digest of the direction): what a rendering of a concept names."""


class Near(NamedTuple):
    """A concept of another class, and the cosine between the two directions."""

    concept: "ConceptView"
    cosine: float


@dataclass(eq=False)
class ConceptView:
    """One concept. ``nearest`` are those of other classes; ``sought_by`` those whose nearest one this is."""

    owner: "ClassView"
    number: int
    key: str
    direction: str
    importance: Importance
    stable: bool
    label: Label | None
    renderings: list[Shown]
    parts: dict[tuple[str, str], list[Shown]]
    nearest: list[Near] = field(default_factory=list)
    sought_by: list[Near] = field(default_factory=list)

    @property
    def model(self) -> ModelHead:
        """The model."""
        return self.owner.model

    @property
    def photos(self) -> Credits:
        """Whom the photos that it was found in are owed to."""
        return self.owner.photos

    @property
    def address(self) -> str:
        """The page's address."""
        return f"{self.model.folder}/c/{self.owner.index}/{self.number}.html"

    @property
    def title(self) -> str:
        """Name for people. A label is never part of it: it is a person's opinion."""
        title = self.owner.title
        return f"Concept {self.number} of {f'class {title}' if title.isdigit() else title}"

    @cached_property
    def shown(self) -> list[Shown]:
        """The renderings that have a picture."""
        return [rendering for rendering in self.renderings if rendering.picture is not None]

    @property
    def lead(self) -> Shown | None:
        """The rendering that stands for the concept."""
        return self.renderings[0] if self.renderings else None

    @property
    def own_class(self) -> int:
        """The class it belongs to."""
        return self.owner.index

    def alt(self, rendering: Shown) -> str:
        """Describe a picture for those who cannot see it."""
        return f"{self.title}, {self.owner.amount(self.importance.value)}"


@dataclass(eq=False)
class ClassView:
    """The concepts of one class, and what is needed of their analysis without reading it again.

    Attributes:
        photos: whom those that the concepts were found in are owed to.
        layer: where the directions are. measure: of importance. fitted: directions in all.
        reason: why there are no concepts.
        read: returns the whole document.
    """

    model: ModelHead
    photos: Credits
    index: int
    key: str
    layer: str
    measure: Literal["sobol", "share"]
    fitted: int
    reason: str
    read: Callable[[], ClassConcepts]
    concepts: list[ConceptView] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The class's name."""
        return self.model.label(self.index)

    @property
    def address(self) -> str:
        """Address of the class's page."""
        return self.model.class_address(self.index)

    @property
    def measure_name(self) -> str:
        """What importance is measured by, in words."""
        return {"sobol": "total Sobol index of the logit", "share": "share of the logit"}[self.measure]

    @property
    def metric(self) -> str:
        """The name of the number that importance is."""
        return f"importance_{self.measure}"

    def value(self, importance: float) -> str:
        """Write an importance as a figure: an index with two decimals, a share as a percentage."""
        if self.measure == "share":
            return f"{100 * importance:.0f} %".replace("-", "−")
        return f"{importance:.2f}".replace("-", "−")

    def amount(self, importance: float) -> str:
        """Write an importance so that it can stand alone: ``18 % of the logit``, ``total Sobol index 0.18``."""
        written = self.value(importance)
        return f"{written} of the logit" if self.measure == "share" else f"total Sobol index {written}"

    @property
    def pictures(self) -> Iterable[Shown]:
        """Every rendering of its concepts and of their parts."""
        for concept in self.concepts:
            yield from concept.renderings
            for renderings in concept.parts.values():
                yield from renderings


def read_class(
    store: Store,
    model: ModelHead,
    photos: Credits,
    key: str,
    directions: Mapping[DirectionKey, list[Record]],
    labels: Mapping[str, Label],
) -> tuple[ClassView, ClassConcepts]:
    """Return the view of one class's concepts, and the document it was made of.

    Args:
        photos: takes note of the photos that are shown. directions: the records of directions.
    """
    document = store.document(ClassConcepts, key)
    photos.add(document.photos)
    index = document.analysis.class_index or 0
    layer = document.analysis.layers[0]

    def read() -> ClassConcepts:
        return store.document(ClassConcepts, key)

    view = ClassView(model, photos, index, key, layer, document.measure, document.fitted, document.reason, read)

    def renderings(at: str, direction: str) -> list[Shown]:
        return ordered(directions.get((at, index, direction), ()), model.method_cards)

    for concept in document.concepts:
        name = document.concept_key(concept)
        parts = {(part.layer, part.direction): renderings(part.layer, part.direction) for part in concept.parts}
        view.concepts.append(
            ConceptView(
                view,
                concept.number,
                name,
                concept.direction,
                concept.importance,
                concept.stable,
                labels.get(name),
                renderings(layer, concept.direction),
                parts,
            )
        )
    return view, document


def placed_among_patches(concept: Concept, cosine: float) -> int | None:
    """Return how many percent of the class's own patches have a smaller cosine to the direction; None if unknown."""
    percentiles = concept.patch_cosines
    if len(percentiles) < 2:
        return None
    below = bisect_left(percentiles, cosine) - 1
    return max(0, 100 * below // (len(percentiles) - 1))
