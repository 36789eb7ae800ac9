"""Perturbation: the largest change of any value against the photo."""

from torch import Tensor

from atlas.core.job import Target
from atlas.core.metric_card import MetricCard
from atlas.metrics.base import METRICS, Finished, Metric, item_by_item


def largest_difference(pictures: Tensor, photos: Tensor) -> Tensor:
    """Return the largest absolute difference of any value, image units, (B,)."""
    return (pictures.double() - photos.double()).abs().flatten(1).amax(dim=1).float()


class Perturbation(Metric):
    """Against the photo that a picture is of, or starts from."""

    card = MetricCard(
        name="perturbation",
        title="largest change",
        summary="of any pixel and colour against the photo, where black to white is 1",
        meaning=(
            "The L∞ distance, by which the strength of adversarial examples is given: at 8/255, which is 0.031, no "
            "value of any pixel differs by more than 8 of 255 steps, and people see no difference.",
        ),
        definition="max |x − x₀| over all pixels and colours of the picture x and the photo x₀, in [0, 1] units.",
        lowest=0,
        highest=1,
        better="lower",
        n="the largest of all pixels and colours",
        limits=("One pixel decides it: it does not tell how many changed.",),
    )
    place = 80

    def applies(self, target: Target) -> bool:
        """See :meth:`Metric.applies`."""
        return target.photo is not None

    def measure(self, finished: Finished) -> Tensor:
        """See :meth:`Metric.measure`."""
        return item_by_item(largest_difference, finished)


METRICS.register(Perturbation.card.name, Perturbation())
