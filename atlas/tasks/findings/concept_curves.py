"""Deletion and insertion of concepts: the logits of a class's photos while its concepts go, or come, and areas."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

import numpy as np
from torch import Tensor

from atlas.analyses.concept_curves import CARD, Curve, curve_of, orders
from atlas.core.figures import mean
from atlas.core.metric_card import MetricCard
from atlas.core.score import ScoreCurve
from atlas.craft.curves import deletion_curve, insertion_curve
from atlas.craft.importance import share_importance
from atlas.craft.reconstruct import Logit, pooled
from atlas.models.anatomy.tail import Context, tail_of
from atlas.tasks.analysis import AnalysisTask, Arrays, keep_arrays, read_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.class_bench import ClassBench
from atlas.tasks.concepts import ConceptsTask
from atlas.tasks.findings.finding import FindingTask, Found, figure_of
from atlas.tasks.importance import MAPS_PER_PASS
from atlas.tasks.task import Outcome

LOGITS_VERSION, CURVES_VERSION = 1, 1
"""Raise one whenever what it makes of the same concepts changes."""
OF: Mapping[str, Callable[..., np.ndarray]] = {"deletion": deletion_curve, "insertion": insertion_curve}


@dataclass(frozen=True)
class ConceptLogitsTask(AnalysisTask):
    """The logits of a class's photos while its concepts go or come, arrays (orders, p, r + 1): ``deletion, random``.

    Attributes:
        concepts: of the class, which are there. random: how many random orders. seed: of these.
    """

    kind: ClassVar[str] = "measurement"
    cost: ClassVar[int] = 0
    evaluates: ClassVar[bool] = True

    concepts: ConceptsTask
    random: int
    seed: int

    def __str__(self) -> str:
        return f"{self.model}: deletion and insertion of the concepts of {self.concepts.name}"

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} concept curves"

    @property
    def columns(self) -> tuple[str, str, str]:
        """See :attr:`Task.columns`."""
        return self.analysis.layers[0], self.kind, "concept curves"

    @staticmethod
    def run(tasks: "Sequence[ConceptLogitsTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`."""
        on_photo = bench.counted(sum(len(task.concepts.photos) for task in tasks))
        return [task._measure(bench, on_photo) for task in tasks]

    def _measure(self, bench: Bench, on_photo: Callable[[], None]) -> Outcome:
        started, task = perf_counter(), self.concepts
        on = ClassBench(bench, on_photo, task.analysis, task.photos, task.viewer, task.settings)
        fit = task.fit(on)
        device = str(bench.device)
        parts = [
            (rows, pooled(fit.maps[rows], fit.directions, logit, MAPS_PER_PASS, device), logit)
            for rows, logit in self._parts(on, len(fit.maps))
        ]
        shares = [share_importance(strengths, fit.directions, logit).mean for _, strengths, logit in parts]
        seeds = [[self.seed, task.class_index, number] for number in range(self.random)]
        found = orders(fit.per_photo, np.mean(shares, axis=0), seeds)

        def curves(curve: Callable[..., np.ndarray], order: np.ndarray) -> np.ndarray:
            found = []
            for rows, strengths, logit in parts:
                own = order if order.ndim == 1 else order[rows]
                found.append(curve(strengths, fit.directions, logit, own, MAPS_PER_PASS, device))
            return np.concatenate(found)

        arrays: Arrays = {
            f"{name}, {order}": np.stack([curves(curve, each) for each in several])
            for name, curve in OF.items()
            for order, several in found.items()
            if several
        }
        keep_arrays(bench, self.analysis, arrays, {"photos": len(fit.maps)}, perf_counter() - started)
        return Outcome(self, "done")

    def _parts(self, on: ClassBench, count: int) -> Iterator[tuple[slice, Logit]]:
        """Yield photos that go through the rest of the network together, and that; class tokens are a photo's own."""
        tail = tail_of(on.network, on.layer)
        alone = bool(tail.layer.prefix_tokens)
        for start in range(count) if alone else [0]:
            context = tail.capture(on.images([on.data.photos[start]])).context if alone else Context()

            def logit(activations: Tensor, context: Context = context) -> Tensor:
                return tail(activations, context.take([0] * len(activations)))[:, on.index]

            yield slice(start, start + 1) if alone else slice(0, count), logit


@dataclass(frozen=True)
class ConceptCurvesTask(FindingTask):
    """Areas under deletion and insertion: of one class with its curves, or the mean over several.

    Attributes:
        logits: class index to key of what was measured. seed: of the bootstrap.
    """

    name: ClassVar[str] = "concept_curves"
    cards: ClassVar[tuple[MetricCard, ...]] = (CARD,)

    logits: tuple[tuple[int, str], ...]
    seed: int

    def find(self, bench: Bench) -> Found:
        """See :meth:`FindingTask.find`."""
        found: dict[str, dict[int, Curve]] = {}
        photos = 0
        for index, key in self.logits:
            arrays = read_arrays(bench.store, key)[1]
            for name, logits in arrays.items():
                found.setdefault(name, {})[index] = curve_of(list(logits), self.seed)
            photos += next(iter(arrays.values())).shape[1]
        layer = self.analysis.layers[0]
        if len(self.logits) > 1:
            areas = {
                name: mean({index: curve.area.value for index, curve in curves.items()}, self.seed)
                for name, curves in found.items()
            }
        else:
            areas = {name: curve.area for name, curves in found.items() for curve in curves.values()}
        figures = tuple(figure_of(CARD.name, area, layer=layer, variant=name) for name, area in areas.items())
        drawn = [_drawn(name, curve) for name, curves in found.items() for curve in curves.values()]
        curves = tuple(drawn) if len(self.logits) == 1 else ()
        return Found({"figures": figures, "curves": curves, "photo_count": photos})


def _drawn(name: str, curve: Curve) -> ScoreCurve:
    steps = len(curve.mean) - 1
    return ScoreCurve(
        name=name,
        x=tuple(step / max(steps, 1) for step in range(steps + 1)),
        y=tuple(curve.mean.tolist()),
        low=tuple(curve.low.tolist()),
        high=tuple(curve.high.tolist()),
        x_title="concepts gone" if name.startswith("deletion") else "concepts there",
        x_unit="share",
    )
