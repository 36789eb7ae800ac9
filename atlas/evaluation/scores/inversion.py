"""Inversion: how near pictures of what a layer holds of a photo are to that photo, layer by layer."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from atlas.core.metric_card import MetricCard
from atlas.core.score import Subject
from atlas.evaluation import inversions, lpips
from atlas.evaluation.scores.base import INVERSIONS, LPIPS, Column, Evidence, Line, Measured, Score

NUMBERS = ("psnr", "ssim", "lpips", "fft2d", "error")
"""In the order of tables."""


class Inversion(Score):
    """Means over photos of what is measured of each picture beside its photo; nobody judges."""

    title: ClassVar[str] = "Inversion"
    summary: ClassVar[str] = "how near pictures of what a layer holds of a photo are to it, layer by layer"
    of: ClassVar[Subject] = INVERSIONS
    cards: ClassVar[tuple[MetricCard, ...]] = (*inversions.CARDS, *lpips.CARDS)
    uses: ClassVar[frozenset[str]] = frozenset({LPIPS})
    measurements: ClassVar[tuple[str, ...]] = ("psnr", "fft2d", "error")
    libraries: ClassVar[tuple[str, ...]] = ("skimage",)

    def compare(self, picture: NDArray[np.uint8], photo: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
        """See :meth:`Score.compare`."""
        first, second = (each.astype(np.float64).transpose(2, 0, 1) / 255 for each in (picture, photo))
        return {"ssim": np.full((1, 1), inversions.ssim(first, second), np.float32)}

    def measure(self, seen: Evidence) -> Measured:
        """See :meth:`Score.measure`."""
        keys = [(target.photo or "", seed) for target, seed in zip(seen.targets, seen.seeds, strict=True)]
        layers = list(dict.fromkeys(target.layer for target in seen.targets))
        lines: list[Line] = []
        for name in NUMBERS:
            values = {
                layer: {
                    key: float(value)
                    for key, target, value in zip(keys, seen.targets, seen.pictures[name][:, 0], strict=True)
                    if target.layer == layer
                }
                for layer in layers
                if name in seen.pictures
            }
            lines += [Line(name, figure, layer) for layer, figure in inversions.by_layer(values).items()]
        columns = [
            Column(card.name, [_finite(value) for value in seen.pictures[card.name][:, 0]])
            for card in self.cards
            if card.name in seen.pictures
        ]
        lost = {name: int((~np.isfinite(seen.pictures[name])).sum()) for name in NUMBERS if name in seen.pictures}
        unmeasured = [f"{name} of {count} pictures, which have none" for name, count in lost.items() if count]
        return Measured(lines, columns, left_out=unmeasured)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


INVERSION = Inversion()
