"""Plausibility: how near pictures are to judging photos of their class, in judges' features."""

from collections.abc import Sequence
from typing import ClassVar

from atlas.core.metric_card import MetricCard
from atlas.evaluation import plausibility
from atlas.evaluation.scores.base import (
    JUDGES,
    PHOTOS,
    Column,
    Evidence,
    Line,
    Measured,
    Score,
    features_at,
    left_out,
)


class Plausibility(Score):
    """Measures distances to photos at every layer of a judge that is compared, for every k."""

    title: ClassVar[str] = "Plausibility"
    summary: ClassVar[str] = "how near pictures are to judging photos of their class, in judges' features"
    neighbours: ClassVar[bool] = True
    cards: ClassVar[tuple[MetricCard, ...]] = plausibility.CARDS
    needs: ClassVar[frozenset[str]] = frozenset({JUDGES, PHOTOS})

    def cards_for(self, k: Sequence[int]) -> tuple[MetricCard, ...]:
        """See :meth:`Score.cards_for`."""
        return tuple(card for each in k for card in plausibility.cards_of(each))

    def measure(self, seen: Evidence) -> Measured:
        """See :meth:`Score.measure`."""
        classes = [index for index, _ in seen.aims]
        lines: list[Line] = []
        columns: list[Column] = []
        lost: dict[tuple[int, int], str] = {}
        for layer in seen.layers:
            name = features_at(layer)
            photos = {index: arrays[name] for index, arrays in seen.photos.items() if name in arrays}
            for k in seen.k:
                found = plausibility.plausibility(seen.pictures[name], classes, seen.aims, photos, k)
                numbers = {f"plausibility_{k}": found.ratios, f"plausibility_distance_{k}": found.distances}
                for number, scored in numbers.items():
                    if (figure := scored.figure()) is not None:
                        lines.append(Line(number, figure, layer))
                        columns.append(Column(number, [scored.values.get(aim) for aim in seen.aims], layer))
                lost |= {**found.ratios.left_out, **seen.without_photos(name)}
        return Measured(lines, columns, left_out=left_out(lost))


PLAUSIBILITY = Plausibility()
