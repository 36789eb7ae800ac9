"""Cards: what all numbers say that a run may measure, kept in the store for those that only read it."""

from collections.abc import Iterator
from contextlib import suppress

from atlas.activations import cards as activations
from atlas.analyses.registry import ANALYSES
from atlas.core.metric_card import MetricCard
from atlas.craft import cards as concepts
from atlas.errors import ConfigError
from atlas.evaluation.scores.base import SCORES
from atlas.metrics import diversity, in_order
from atlas.plan.findings.analyser import analyser
from atlas.store import Store


def metric_cards() -> Iterator[MetricCard]:
    """Yield the card of every number: of pictures, of units on photos, of concepts, of scores and of analyses."""
    yield from (metric.card for metric in in_order())
    yield from diversity.CARDS
    yield from activations.CARDS
    yield from concepts.CARDS
    for kind in ANALYSES.names():
        with suppress(ConfigError):  # which is said to whoever uses it
            yield from analyser(kind).cards
    for _, score in SCORES:
        yield from score.cards


def keep_cards(store: Store) -> None:
    """Store what all numbers say; newer words replace older ones."""
    for card in metric_cards():
        store.save_metric(card)
