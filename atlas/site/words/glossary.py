"""Glossary: what every number of a site is called, what it says, and how it is written; from cards in the store."""

import re
from collections.abc import Iterable, Mapping

from atlas.core.metric_card import MetricCard
from atlas.core.record import Measurement, Record
from atlas.site.words.formats import fine_percent, number, percent
from atlas.site.words.own_cards import OWN_CARDS

ADDRESS = "metrics/index.html"
"""The page that explains every number, but for those of scores and analyses."""
SCORES_ADDRESS = "metrics/scores.html"
"""The page that explains what scores measure."""
ANALYSES_ADDRESS = "metrics/analyses.html"
"""The page that explains what analyses of models find."""
COMPARED = ("objective", "activation", "probability")
"""The first numbers of pictures that stand side by side, in this order."""
NAMED = (
    *COMPARED,
    "probability_before",
    "perturbation",
    "error",
    "psnr",
    "fft2d",
    "exaggeration",
    "cosine",
    "photo_activation",
    "importance_sobol",
    "importance_share",
    "concept_first",
    "concept_stability",
    "reconstruction_error",
    "predicted_share",
    "concepts_together",
    "part_share",
)
"""Numbers that templates name: they are listed whether a card is kept or not, so that every link leads somewhere."""
UNKNOWN = "no description is kept"
"""What is said of a number without a card."""


def anchor(name: str) -> str:
    """Return a number's place on the page that explains it: its name, unless a stranger's name cannot be one."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)


class Glossary:
    """The words for numbers.

    Args:
        cards: name to card of what was measured; what the site works out itself is added.
        scored: names of the numbers that scores measure; those that are measured of every picture are none of them.
    """

    def __init__(self, cards: Mapping[str, MetricCard], scored: Iterable[str] = ()) -> None:
        self.scored = frozenset(scored) - frozenset(NAMED)
        self.cards = {card.name: card for card in OWN_CARDS} | dict(cards)

    def title(self, name: str, of_class: bool = False) -> str:
        """Return what a number is called; ``of_class``: where the measured unit is a class."""
        card = self.cards.get(name)
        return name.replace("_", " ") if card is None else card.called(of_class)

    def meaning(self, name: str) -> str:
        """Return what a number says, in one sentence without its full stop."""
        card = self.cards.get(name)
        return UNKNOWN if card is None else card.summary

    def limits(self, name: str) -> str:
        """Return what a number cannot tell, in sentences; empty if nothing is known of that."""
        card = self.cards.get(name)
        return "" if card is None else " ".join(card.limits)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all numbers with a card, and of those that pages name in any case."""
        return (*self.cards, *(name for name in NAMED if name not in self.cards))

    def address(self, name: str) -> str:
        """Return where a number is explained."""
        return f"{self.page(name)}#{anchor(name)}"

    def page(self, name: str) -> str:
        """Return the address of the page that explains a number; all together would be longer than a page may be."""
        card = self.cards.get(name)
        if card is not None and card.about == "models":
            return ANALYSES_ADDRESS
        return SCORES_ADDRESS if name in self.scored else ADDRESS

    @property
    def compared(self) -> tuple[str, ...]:
        """Names of the numbers that are shown where pictures stand side by side."""
        hidden = {*COMPARED, *self.scored}  # what judges say stands apart
        return (*COMPARED, *sorted(name for name, card in self.cards.items() if card.compared and name not in hidden))

    def finely(self, name: str, value: float) -> str:
        """Write a number as its card says, without its unit; shares near the ends with more digits."""
        return fine_percent(value) if self.is_share(name) else number(value)

    def is_share(self, name: str) -> bool:
        """Tell whether a number is written in percent."""
        card = self.cards.get(name)
        return card is not None and card.form == "percent"

    def value(self, measured: Measurement) -> str:
        """Write a measurement with its unit; one that varies in brackets, and none for an activation."""
        card = self.cards.get(measured.name)
        if card is not None and card.form == "percent":
            return percent(measured.value).replace(" ", "\u00a0")
        value = number(measured.value)
        if measured.unit == "1" or measured.name == "activation":
            return value
        return f"{value} ({measured.unit})" if card is not None and card.varies else f"{value} {measured.unit}"

    def value_of(self, record: Record, name: str) -> str:
        """Return a record's measurement as written, or a dash."""
        measured = record.measurement(name)
        return "–" if measured is None or record.status != "done" else self.value(measured)
