"""Findings: what an analysis makes of measurements and looks, with how sure each number is."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, ClassVar

from atlas.core.figures import Figure
from atlas.core.finding import Finding, FindingFigure, StudiedModel
from atlas.core.metric_card import MetricCard
from atlas.core.score import PhotoSplit
from atlas.errors import ScoreError
from atlas.tasks.analysis import AnalysisTask
from atlas.tasks.bench import Bench
from atlas.tasks.task import Outcome


@dataclass
class Found:
    """What an analysis found, and the files that it names.

    Attributes:
        fields: of the finding, besides what the task knows of it. files: name to content.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class FindingTask(AnalysisTask, ABC):
    """One analysis of one model, or of two.

    Attributes:
        models: that it is about. split: of all photos, if there is one.
    """

    kind: ClassVar[str] = "finding"
    cost: ClassVar[int] = 0
    evaluates: ClassVar[bool] = True
    name: ClassVar[str]
    """Of the kind of analysis."""
    cards: ClassVar[tuple[MetricCard, ...]]
    """What its numbers say."""

    models: tuple[StudiedModel, ...]
    split: PhotoSplit | None

    @property
    def needs(self) -> tuple[str, ...]:
        """See :attr:`Task.needs`."""
        return self.analysis.upstream

    @property
    def question(self) -> object:
        """What it answers: of findings that answer one question, the one that tells most is enough."""
        return self.key

    @property
    def extent(self) -> int:
        """How much it tells, beside others that answer its question."""
        return 1

    def __str__(self) -> str:
        return f"{self.name} of {' and '.join(dict.fromkeys(model.name for model in self.models))}"

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return str(self)

    @property
    def columns(self) -> tuple[str, str, str]:
        """See :attr:`Task.columns`."""
        return "", self.kind, self.name

    @staticmethod
    def run(tasks: "Sequence[FindingTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`."""
        return [task._run(bench) for task in tasks]

    def _run(self, bench: Bench) -> Outcome:
        started = perf_counter()
        found = self._found(bench)
        document = Finding(
            key=self.key,
            analysis=self.analysis,
            kind=self.name,
            models=self.models,
            class_index=self.analysis.class_index,
            split=self.split,
            provenance=bench.provenance(perf_counter() - started),
            **found.fields,
        )
        for card in self.cards:
            bench.store.save_metric(card)
        bench.store.commit(self.key, document, found.files)
        return Outcome(self, "done")

    def _found(self, bench: Bench) -> Found:
        """Return what is found, or why there is nothing: the same measurements say so each time, so that it is kept."""
        try:
            return self.find(bench)
        except ScoreError as error:
            return Found({"photo_count": 0, "left_out": (error.sentence,)})

    @abstractmethod
    def find(self, bench: Bench) -> Found:
        """Return what is found.

        Raises:
            ScoreError: there is nothing to find; says what it would take.
        """


def figure_of(name: str, figure: Figure, **of: Any) -> FindingFigure:
    """Return a number as a document holds it; ``of``: what it is of."""
    return FindingFigure(name=name, value=figure.value, low=figure.low, high=figure.high, n=figure.n, **of)


def is_number(*values: float) -> bool:
    """Tell whether all values are finite."""
    return all(map(math.isfinite, values))
