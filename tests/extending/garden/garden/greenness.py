"""A metric: how green a picture is."""

from typing import TYPE_CHECKING

from atlas.core.metric_card import MetricCard
from atlas.metrics.base import Metric

if TYPE_CHECKING:
    from torch import Tensor

    from atlas.core.job import Target
    from atlas.metrics.base import Finished


class Greenness(Metric):
    """Green less the mean of red and blue."""

    card = MetricCard(
        name="greenness",
        title="greenness",
        summary="how much more green than red and blue the picture is, from -1 to 1",
        meaning=("Lawns are far above 0, flamingos below it.",),
        definition="The mean over the picture of g - (r + b) / 2, with colours in [0, 1].",
        lowest=-1,
        highest=1,
        n="one value, of the whole picture",
        limits=("It says nothing of where the green is.",),
        compared=True,
    )

    def applies(self, target: "Target") -> bool:
        """Tell whether it is measured of a target's picture: of every one."""
        return True

    def measure(self, finished: "Finished") -> "Tensor":
        """Return one value for each picture."""
        red, green, blue = finished.seen.pictures.mean(dim=(2, 3)).unbind(dim=1)
        return green - (red + blue) / 2


GREENNESS = Greenness()
