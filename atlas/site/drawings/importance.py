"""The importance bar of a class: one segment for each concept, as long as it matters, and one for all the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from atlas.core.analysis import ClassConcepts
from atlas.site.catalog.concepts import ClassView

ROOM_FOR_VALUE, ROOM_FOR_NUMBER = 8.5, 2.4
"""Percent of the bar that a segment needs to show its figure at a desk, and its number alone."""
ROOM_ON_TABLET, ROOM_ON_PHONE = 4.2, 8.4
"""Percent that it needs for its number on smaller screens: 25 pixels of 600, and of 300."""
ROOM_TO_LEAD = 0.4
"""Percent that it needs to be a link: a thinner one could be neither hit nor seen to have the focus."""


@dataclass(frozen=True)
class Segment:
    """One segment: where it begins and how long it is, in percent of the bar; what it says, and where it leads.

    ``number`` is 0 for the directions that are not shown.
    """

    start: float
    length: float
    number: int
    text: str
    title: str

    @property
    def leads(self) -> bool:
        """Whether it is a link to its concept's card."""
        return bool(self.number) and self.length >= ROOM_TO_LEAD

    @property
    def shows_number(self) -> bool:
        """Whether its number fits."""
        return self.length >= ROOM_FOR_NUMBER

    @property
    def fits(self) -> str:
        """The smallest screen on which its number fits: ``phone``, ``tablet`` or ``desk``."""
        if self.length >= ROOM_ON_PHONE:
            return "phone"
        return "tablet" if self.length >= ROOM_ON_TABLET else "desk"

    @property
    def shows_value(self) -> bool:
        """Whether its figure fits beside the number, on a wide screen."""
        return self.length >= ROOM_FOR_VALUE


@dataclass(frozen=True)
class Bar:
    """The bar. ``words`` say what its length means."""

    segments: Sequence[Segment]
    words: str


def importance_bar(view: ClassView, document: ClassConcepts) -> Bar | None:
    """Return the bar of a class's concepts, or None if no concept raises the logit."""
    values = [(concept.number, concept.importance.value) for concept in view.concepts]
    rest, hidden = document.importance_rest, document.fitted - len(view.concepts)
    total = sum(max(0.0, value) for _, value in values) + max(0.0, rest)
    if not total > 0:
        return None
    if hidden > 0 and rest > 0:
        values.append((0, rest))
    segments, start = [], 0.0
    for number, value in values:
        length = 100 * max(0.0, value) / total
        text = view.value(value)
        name = f"Concept {number}" if number else f"The other {hidden} fitted directions"
        segments.append(Segment(start, length, number, text, f"{name}: {view.amount(value)}"))
        start += length
    return Bar(segments, _words(view, sum(value for _, value in values), hidden))


def _words(view: ClassView, total: float, hidden: int) -> str:
    others = f" The last segment is the sum of the {hidden} fitted directions that are not shown." if hidden > 0 else ""
    sum_words = view.value(total)
    if view.measure == "share":
        return f"Each segment is as long as the concept's share of the logit; they sum to {sum_words}.{others}"
    return (
        "Each segment is as long as the concept's total Sobol index: the share of the logit's variance that it takes "
        "part in, alone or with others. What several do together counts for each of them, so that the indices need "
        f"not sum to 1: here they sum to {sum_words}.{others}"
    )
