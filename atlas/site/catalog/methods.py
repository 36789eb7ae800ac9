"""MethodBook: what is known of the methods that pictures were made with: their cards, as the store keeps them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from atlas.core.job import DEFAULT_METHOD
from atlas.core.method_card import MethodCard

LEADING = (DEFAULT_METHOD, "maco")
"""Methods whose pictures come before those of all others."""


def precedence(method: str) -> tuple[int, str]:
    """Return the place of a method among others: those whose pictures lead, then all by name."""
    return LEADING.index(method) if method in LEADING else len(LEADING), method


@dataclass(frozen=True)
class MethodBook:
    """Cards of methods by name: of several versions the newest."""

    cards: dict[str, MethodCard] = field(default_factory=dict)

    def card(self, name: str) -> MethodCard:
        """Return a method's card, or one that says that it is lost."""
        return self.cards.get(name) or MethodCard.model_construct(
            name=name,
            version=0,
            title=name,
            summary=f"Renderings made with the method {name}.",
            paragraphs=(f"The pictures below were made with the method “{name}”. The store has lost its description.",),
        )

    def title(self, name: str) -> str:
        """Return a method's name as people write it."""
        return self.card(name).title

    def perturbs(self, name: str) -> bool:
        """Tell whether a method changes photos by what cannot be seen."""
        return self.card(name).perturbs


def method_book(cards: Iterable[MethodCard]) -> MethodBook:
    """Return the book of some cards."""
    return MethodBook({card.name: card for card in sorted(cards, key=lambda card: card.version)})
