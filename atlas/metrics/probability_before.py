"""Probability before: how sure the model is of the class on the photo that a picture starts from."""

from torch import Tensor

from atlas.core.job import Target
from atlas.core.metric_card import MetricCard
from atlas.metrics.base import METRICS, Finished, Metric
from atlas.metrics.probability import of_targets


class ProbabilityBefore(Metric):
    """Of the same class, on the photo."""

    card = MetricCard(
        name="probability_before",
        title="probability before",
        summary="of the same class on the photo itself",
        meaning=("What the model made of the photo before it was changed.",),
        definition="The softmax over all logits, of the photo as the network is shown it.",
        lowest=0,
        highest=1,
        form="percent",
        n="one value, of the whole photo",
    )
    place = 50

    def applies(self, target: Target) -> bool:
        """See :meth:`Metric.applies`."""
        return target.kind == "logit" and target.photo is not None

    def measure(self, finished: Finished) -> Tensor:
        """See :meth:`Metric.measure`."""
        return of_targets(finished.originals, finished)


METRICS.register(ProbabilityBefore.card.name, ProbabilityBefore())
