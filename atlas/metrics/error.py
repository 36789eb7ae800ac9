"""Error: how far a layer's activation on an inversion is from the one on the photo."""

from torch import Tensor

from atlas.core.job import Target
from atlas.core.metric_card import MetricCard, Source
from atlas.metrics.base import METRICS, Finished, Metric


class Error(Metric):
    """The relative distance of activations."""

    card = MetricCard(
        name="error",
        title="error",
        summary="distance between the layer's activation on the picture and on the photo, relative to the photo's: 0 "
        "is the same, 1 is as far as nothing at all",
        meaning=(
            "What an inversion is made for: to the layer, picture and photo shall look alike. A small error with a "
            "picture that looks quite unlike the photo shows what the layer has thrown away.",
        ),
        definition="‖φ(x) − φ(x₀)‖ / ‖φ(x₀)‖, with the layer's whole activation φ, the picture x and the photo x₀.",
        lowest=0,
        better="lower",
        n="one value, of the whole picture",
        paper=Source(
            title="Understanding Deep Image Representations by Inverting Them",
            authors="A. Mahendran, A. Vedaldi",
            year=2015,
            url="https://arxiv.org/abs/1412.0035",
        ),
        limits=("It is relative to its own layer: equal errors at two layers need not mean that as much is lost.",),
    )
    place = 30

    def applies(self, target: Target) -> bool:
        """See :meth:`Metric.applies`."""
        return target.kind == "inversion"

    def measure(self, finished: Finished) -> Tensor:
        """See :meth:`Metric.measure`."""
        aims = finished.originals.activation.flatten(1)
        return (finished.seen.activation.flatten(1) - aims).norm(dim=1) / aims.norm(dim=1)


METRICS.register(Error.card.name, Error())
