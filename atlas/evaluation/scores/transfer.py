"""Transferability: what judges, and the rendered model itself, take pictures of classes for."""

from typing import ClassVar

from atlas.core.metric_card import MetricCard
from atlas.errors import ScoreError
from atlas.evaluation import transfer
from atlas.evaluation.scores.base import PROBABILITIES, Column, Evidence, Line, Measured, Score, left_out
from atlas.evaluation.scores.places import places

PLACES = {1: "transfer_top1", 5: "transfer_top5"}
OWN_PLACES = {1: "own_top1"}
"""Among how many first classes a picture's is to be, and the name of the share of those whose is."""


class Transfer(Score):
    """Asks every judge, and the rendered model itself, which class a picture shows."""

    title: ClassVar[str] = "Transferability"
    summary: ClassVar[str] = "whether judges, and its own model, rank a picture's class first, or among the first five"
    cards: ClassVar[tuple[MetricCard, ...]] = transfer.CARDS
    classes: ClassVar[bool] = True
    own: ClassVar[bool] = True
    version: ClassVar[int] = 3

    def measure(self, seen: Evidence) -> Measured:
        """See :meth:`Score.measure`.

        A picture's own numbers are 1 where its class is among the first, else 0, and the judge's probability of it.
        """
        if PROBABILITIES not in seen.pictures or seen.match is None:
            raise ScoreError("the judge has no classes", "leave it out of transfer, or name another")
        if not seen.own and seen.match.classes < 2:
            raise ScoreError("the judge has one class, which it always ranks first", "name one with more classes")
        classes = [index for index, _ in seen.aims]
        if seen.own:
            verdicts = transfer.own(seen.pictures[PROBABILITIES], classes, seen.aims)
        else:
            verdicts = transfer.transfer(seen.pictures[PROBABILITIES], classes, seen.match, seen.aims)
        lines, columns = places(verdicts, seen.aims, OWN_PLACES if seen.own else PLACES)
        if not seen.own and (mean := verdicts.score()) is not None:
            lines.append(Line("transfer_probability", mean))
            found = [verdicts.of.get(aim) for aim in seen.aims]
            probabilities = [None if verdict is None else verdict.score for verdict in found]
            columns.append(Column("transfer_probability", probabilities))
        return Measured(lines, columns, left_out=left_out(verdicts.left_out))


TRANSFER = Transfer()
