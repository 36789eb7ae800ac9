"""Places: whether pictures' classes are among the first few that somebody takes them for, as scores tell it."""

from collections.abc import Mapping, Sequence

from atlas.evaluation.ranking import Verdicts
from atlas.evaluation.scores.base import Column, Line

Aim = tuple[int, int]
"""The class of a picture and its seed."""


def places(verdicts: Verdicts[Aim], aims: Sequence[Aim], names: Mapping[int, str]) -> tuple[list[Line], list[Column]]:
    """Return the share of pictures whose class is among the first so many, and 1 or 0 of each picture.

    Args:
        aims: of all pictures; of one without a verdict there is no number.
        names: among how many a class is to be, and the number's name; without choice among more there is none.
    """
    figures = {k: figure for k in names if (figure := verdicts.top(k)) is not None}
    found = [verdicts.of.get(aim) for aim in aims]
    columns = [
        Column(names[k], [None if verdict is None else float(verdict.rank <= k) for verdict in found]) for k in figures
    ]
    return [Line(names[k], figure) for k, figure in figures.items()], columns
