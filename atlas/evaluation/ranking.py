"""Ranking: at which place the class of a picture comes among all classes, by probability or by likeness."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from atlas.core.figures import Figure, mean, share
from atlas.evaluation.arrays import Array, as_rows, check_keys

Key = TypeVar("Key", bound=Hashable)

SEEDS = "Pictures of several seeds of one class count as independent, so that the interval is then too narrow."
"""What Wilson's interval cannot tell, for cards of shares."""

SHOWN = 2
"""Of the first classes that a verdict names."""


@dataclass(frozen=True)
class Verdict:
    """What is made of one picture.

    Attributes:
        score: of the picture's class: a probability or a cosine.
        rank: of that class, from 1. Of classes with equal scores each counts as behind the others, so that one who
            says the same of everything recognises nothing.
        first: the :data:`SHOWN` classes of the highest scores, with these, highest first.
    """

    score: float
    rank: int
    first: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Verdicts(Generic[Key]):
    """What is made of some pictures.

    Attributes:
        of: each picture's, by its key. left_out: why there is none of the others.
        classes: how many there are to choose from.
    """

    of: Mapping[Key, Verdict]
    left_out: Mapping[Key, str]
    classes: int

    def top(self, k: int = 1) -> Figure | None:
        """Return the share of pictures whose class is among the first ``k``, with Wilson's interval.

        Returns:
            None without pictures, or where there are no more than ``k`` classes, of which every picture's is one.
        """
        if not self.of or k >= self.classes:
            return None
        return share([verdict.rank <= k for verdict in self.of.values()])

    def score(self, seed: int = 0) -> Figure | None:
        """Return the mean score of the pictures' classes, with the bootstrap's interval over groups; None of none."""
        return mean({key: verdict.score for key, verdict in self.of.items()}, seed) if self.of else None


def ranked(scores: Array, places: Sequence[int | str], keys: Sequence[Key], what: str) -> Verdicts[Key]:
    """Return the verdicts on pictures.

    Args:
        scores: (N, K), of each picture by each class; higher is more like it.
        places: index of each picture's class among the K, or why it is none of them.
        keys: of the pictures.
        what: the scores are, for messages.

    Raises:
        ScoreError: the scores have no two dimensions, or not a row for each key.
    """
    rows = as_rows(scores, what)
    check_keys(keys, rows, what)
    of: dict[Key, Verdict] = {}
    left_out: dict[Key, str] = {}
    for key, row, place in zip(keys, rows, places, strict=True):
        if isinstance(place, str):
            left_out[key] = place
        elif not np.isfinite(row).all():
            left_out[key] = f"its {what} are not finite"
        else:
            first = np.argsort(-row, kind="stable")[:SHOWN]
            rank = int((row >= row[place]).sum())
            of[key] = Verdict(float(row[place]), rank, tuple((int(index), float(row[index])) for index in first))
    return Verdicts(of, left_out, rows.shape[1])
