"""Exaggeration: how much more of what a layer holds of a photo its caricature has."""

from torch import Tensor

from atlas.core.job import Target
from atlas.core.metric_card import MetricCard
from atlas.metrics.base import METRICS, Finished, Metric


class Exaggeration(Metric):
    """The activation's share along the photo's own."""

    card = MetricCard(
        name="exaggeration",
        title="exaggeration",
        summary="how many times as much of the photo's activation the picture has: 1 is as much as the photo, 0 none "
        "of it",
        meaning=(
            "A caricature is made to have more of what the layer found in the photo. At 3 the layer finds it three "
            "times as strongly. Only what the photo activates counts: activation elsewhere is not seen by it.",
        ),
        definition="⟨φ(x), φ⁺(x₀)⟩ / ‖φ⁺(x₀)‖², with the layer's whole activation φ, its positive part φ⁺, the picture "
        "x and the photo x₀.",
        better="higher",
        n="one value, of the whole picture",
        limits=("It grows with any rise along the photo's activation, whether or not the picture is recognisable.",),
    )
    place = 30

    def applies(self, target: Target) -> bool:
        """See :meth:`Metric.applies`."""
        return target.kind == "caricature"

    def measure(self, finished: Finished) -> Tensor:
        """See :meth:`Metric.measure`."""
        aims = finished.originals.activation.flatten(1).relu()
        return (finished.seen.activation.flatten(1) * aims).sum(dim=1) / aims.square().sum(dim=1)


METRICS.register(Exaggeration.card.name, Exaggeration())
