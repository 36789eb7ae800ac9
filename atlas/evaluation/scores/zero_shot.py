"""Zero-shot: whether a CLIP finds a class by its name in a picture of it."""

from dataclasses import replace
from typing import ClassVar

from atlas.core.metric_card import MetricCard
from atlas.errors import ScoreError
from atlas.evaluation import zero_shot
from atlas.evaluation.scores.base import CLIP, EMBEDDING, Evidence, Measured, Score, left_out
from atlas.evaluation.scores.places import places

PLACES = {1: "zero_shot_top1", 5: "zero_shot_top5"}
"""Among how many first classes a picture's is to be, and the name of the share of those whose is."""


class ZeroShot(Score):
    """Compares a picture's embedding with those of the names of all classes of the rendered model."""

    title: ClassVar[str] = "Zero-shot"
    summary: ClassVar[str] = "whether a CLIP finds a picture's class by name, first of all classes, or among five"
    cards: ClassVar[tuple[MetricCard, ...]] = zero_shot.CARDS
    needs: ClassVar[frozenset[str]] = frozenset({CLIP})
    libraries: ClassVar[tuple[str, ...]] = ("open_clip",)

    def measure(self, seen: Evidence) -> Measured:
        """See :meth:`Score.measure`; a picture's own number is 1 where its class is among the first, else 0."""
        if seen.names is None:
            raise ScoreError("no class has a name", "give the model class_names")
        classes = [index for index, _ in seen.aims]
        verdicts = zero_shot.zero_shot(seen.pictures[EMBEDDING], seen.names[EMBEDDING], classes, seen.aims)
        lines, columns = places(verdicts, seen.aims, PLACES)
        titles = {card.name: f"{card.title}, by {seen.network}" for card in self.cards}
        named = [replace(line, title=titles[line.name]) for line in lines]
        return Measured(named, columns, left_out=left_out(verdicts.left_out))


ZERO_SHOT = ZeroShot()
