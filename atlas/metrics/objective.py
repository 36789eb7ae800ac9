"""Objective: what the method itself maximised."""

import torch
from torch import Tensor

from atlas.core.job import Target
from atlas.core.metric_card import MetricCard
from atlas.metrics.base import METRICS, Finished, Metric


class Objective(Metric):
    """The last value of the trace."""

    card = MetricCard(
        name="objective",
        title="objective",
        summary="what the method itself maximised, in its own unit, over the views of its last step",
        meaning=(
            "A method climbs its objective step by step; this is where it ended. It tells whether the ascent came to "
            "rest, not how good the picture is: views are crops or shifts of the picture, with noise, and some methods "
            "subtract penalties from what the unit answers.",
        ),
        definition="The mean over the views of the last step of what the method maximises.",
        unit="activation",
        varies=True,
        better="higher",
        n="mean over the views of the last step",
        limits=("Objectives of methods with different units cannot be compared.",),
        compared=True,
    )
    place = 0

    def applies(self, target: Target) -> bool:
        """See :meth:`Metric.applies`: every method has an objective."""
        return True

    def measure(self, finished: Finished) -> Tensor:
        """See :meth:`Metric.measure`."""
        return torch.tensor([trace[-1] for trace in finished.traces], dtype=torch.float64)

    def unit(self, finished: Finished) -> str:
        """See :meth:`Metric.unit`: the method's own."""
        return finished.objective_unit

    def samples(self, finished: Finished) -> int:
        """See :meth:`Metric.samples`: the views of one step."""
        return finished.views


METRICS.register(Objective.card.name, Objective())
