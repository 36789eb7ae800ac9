"""Cosine: how nearly a picture's activation has the direction that it was made for."""

from torch import Tensor

from atlas.core.job import Target
from atlas.core.metric_card import MetricCard
from atlas.metrics.base import METRICS, Finished, Metric
from atlas.synthesis.scores.units import Directions


class Cosine(Metric):
    """Between the mean activation and a direction."""

    card = MetricCard(
        name="cosine",
        title="cosine",
        summary="between the picture's activation and the direction; 1 is the same direction",
        meaning=(
            "A picture can have much of a concept and as much of everything else; the cosine tells whether the concept "
            "is what most of its activation is. Patches of photos give the scale: see where among them it lies.",
        ),
        definition="⟨a, v⟩ / (‖a‖ ‖v‖) of the direction v and the layer's activation a on the whole stored picture, "
        "mean over positions.",
        lowest=-1,
        highest=1,
        better="as the target",
        n="one value, of the whole picture",
        limits=("In layers whose activations are never negative, any two directions have a cosine above 0.",),
    )
    place = 20

    def applies(self, target: Target) -> bool:
        """See :meth:`Metric.applies`."""
        return target.kind == "direction"

    def measure(self, finished: Finished) -> Tensor:
        """See :meth:`Metric.measure`."""
        activation = finished.seen.activation
        return Directions(finished.targets, activation.device, finished.load_input).project(activation)[1][:, 0]


METRICS.register(Cosine.card.name, Cosine())
