"""Analyser: one kind of analysis: what its numbers say, and how a table of it is planned.

To add one is to write a module with a task of findings and an instance of :class:`Analyser`, and to name that in
:data:`atlas.analyses.registry.ANALYSES`, or as an entry point of a package; keys, storing, repair and tables are the
same for all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from atlas.analyses.registry import ANALYSES
from atlas.config import AnalyseBlock
from atlas.core.metric_card import MetricCard
from atlas.errors import ConfigError
from atlas.plan.findings.scene import Asked, Scene


@dataclass(frozen=True)
class Analyser:
    """A kind of analysis.

    Attributes:
        cards: what its numbers say, the main one first.
        plan: yields what a table asks for; raises ConfigError, whose problems begin with a key of the table.
    """

    cards: tuple[MetricCard, ...]
    plan: Callable[[AnalyseBlock, Scene], Iterable[Asked]]

    @property
    def summary(self) -> str:
        """What it tells, in a sentence without a full stop."""
        return self.cards[0].summary


def analyser(kind: str) -> Analyser:
    """Return a kind of analysis.

    Raises:
        ConfigError: its package fails, or gives something else.
    """
    found = ANALYSES.get(kind)
    if not isinstance(found, Analyser):
        package = ANALYSES.origin(kind).package
        raise ConfigError(
            [f'kind: "{kind}" of {package} is no Analyser; bring that package up to date, or take it off']
        )
    return found
