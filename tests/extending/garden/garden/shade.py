"""A score: how dark a method's pictures of classes are."""

from typing import TYPE_CHECKING

from atlas.core.figures import mean
from atlas.core.metric_card import MetricCard
from atlas.evaluation.scores.base import Column, Evidence, Line, Measured, Score

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

CARD = MetricCard(
    name="shade",
    title="shade",
    summary="how dark pictures are: 1 is black, 0 is white",
    definition="1 less the mean of all pixels and colours, in [0, 1]; mean over classes.",
    lowest=0,
    highest=1,
    n="mean over n classes",
)


class Shade(Score):
    """Nobody judges: it looks at the pictures by itself."""

    title = "Shade"
    summary = "how dark pictures of classes are"
    cards = (CARD,)

    def look(self, pixels: "np.ndarray") -> "Mapping[str, np.ndarray]":
        """Return what is kept of one picture (H, W, 3): arrays of one row each."""
        return {"shade": 1 - pixels.mean(keepdims=True).reshape(1, 1) / 255}

    def measure(self, seen: Evidence) -> Measured:
        """Return the mean, with its interval over classes, and the value of each picture."""
        values = seen.pictures["shade"][:, 0].astype(float).tolist()
        return Measured([Line("shade", mean(dict(zip(seen.aims, values, strict=True))))], [Column("shade", values)])


SHADE = Shade()
