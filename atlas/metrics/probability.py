"""Probability: how sure the model is of the class on the finished picture."""

import math

from torch import Tensor

from atlas.core.job import Target
from atlas.core.metric_card import MetricCard
from atlas.metrics.base import METRICS, Finished, Metric, Seen


def of_targets(seen: Seen, finished: Finished) -> Tensor:
    """Return the probability of each target's class, (B,); NaN if the model has no classes."""
    if seen.probabilities is None:
        return seen.pictures.new_full((len(finished.targets),), math.nan)
    units = seen.probabilities.new_tensor([target.unit for target in finished.targets]).long()
    return seen.probabilities.gather(1, units[:, None])[:, 0]


class Probability(Metric):
    """Of the class among all classes."""

    card = MetricCard(
        name="probability",
        title="probability",
        summary="of the class among all classes, on the whole stored picture: measured alike for every method",
        meaning=(
            "What the model would answer if it were shown the picture: near 100 %, it takes it for the class and "
            "nothing else. It saturates: two pictures at 99 % may have quite different logits.",
        ),
        definition="The softmax over all logits, of the whole stored picture resized to the network's input.",
        lowest=0,
        highest=1,
        better="as the target",
        form="percent",
        n="one value, of the whole picture",
        limits=("The model that the picture was made with is its easiest judge; another model may see nothing in it.",),
        compared=True,
    )
    place = 40

    def applies(self, target: Target) -> bool:
        """See :meth:`Metric.applies`."""
        return target.kind == "logit"

    def measure(self, finished: Finished) -> Tensor:
        """See :meth:`Metric.measure`."""
        return of_targets(finished.seen, finished)


METRICS.register(Probability.card.name, Probability())
