"""References: what scores say of VITAL's pictures with fewer, foreign or unseen references, and with some blocks."""

from dataclasses import dataclass
from typing import ClassVar

from atlas.analyses.references import CARD
from atlas.core.finding import FindingFigure
from atlas.core.metric_card import MetricCard
from atlas.core.score import Score
from atlas.tasks.bench import Bench
from atlas.tasks.findings.finding import FindingTask, Found

REFERENCES_VERSION = 3
"""Raise it whenever what is told of the same scores changes."""


@dataclass(frozen=True)
class ReferencesTask(FindingTask):
    """The figures of the scores of each variant of VITAL, as one judge or nobody sees its pictures.

    Attributes:
        variants: what is varied and how, such as ``number: 50``, and key of a score of its pictures.
    """

    name: ClassVar[str] = "references"
    cards: ClassVar[tuple[MetricCard, ...]] = (CARD,)

    variants: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        by = f", judged by {self.models[-1].name}" if len(self.models) > 1 else ""
        return f"{self.model}: references{by}"

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} references"

    def find(self, bench: Bench) -> Found:
        """See :meth:`FindingTask.find`; figures are told number by number, so that variants stand below each other."""
        figures: list[FindingFigure] = []
        left_out: list[str] = []
        photos = 0  # that judged: a transfer is judged by none, and a plausibility by those of the classes alone
        for variant, key in self.variants:
            document = bench.store.document(Score, key)
            figures += [
                FindingFigure(
                    name=figure.name,
                    other_layer=figure.layer,
                    variant=variant,
                    value=figure.value,
                    low=figure.low,
                    high=figure.high,
                    n=figure.n,
                )
                for figure in document.figures
            ]
            photos = max(photos, document.photos)
            left_out += [f"{variant}, {document.score}: {line}" for line in document.left_out]
        numbers = list(dict.fromkeys((figure.name, figure.other_layer) for figure in figures))
        figures.sort(key=lambda figure: numbers.index((figure.name, figure.other_layer)))
        return Found({"figures": tuple(figures), "photo_count": photos, "left_out": tuple(left_out)})
