"""Transferability: does a network that had no part in a picture see in it what it was made for? And its own network?

MACO (Fel et al. 2023), table 2; a picture's accuracy by its own network is VITAL's, tables 1 and 3.
"""

from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np

from atlas.core.metric_card import MetricCard
from atlas.core.sources import MACO, VITAL
from atlas.errors import ScoreError
from atlas.evaluation.arrays import Array, as_rows
from atlas.evaluation.class_match import ClassMatch
from atlas.evaluation.ranking import SEEDS, Verdicts, ranked

Key = TypeVar("Key", bound=Hashable)

_JUDGED = (
    "A judge with fewer classes chooses among its own, which is easier: compare methods by one judge, never judges "
    "by their shares.",
    "Relatives of the rendered network share its blind spots: judges of another family tell more.",
    SEEDS,
)


def _card(k: int) -> MetricCard:
    among = "first" if k == 1 else f"among its first {k}"
    return MetricCard(
        name=f"transfer_top{k}",
        title=f"transferability, top {k}",
        summary=f"share of pictures whose class a judge, which had no part in making them, ranks {among}",
        meaning=(
            "A picture that other networks recognise shows what the class looks like, not only what this network "
            "happens to answer to.",
        ),
        definition=f"The share of pictures of classes for whose class the judge's probability is {among}; classes of "
        "both are matched by WordNet id or name; Wilson's interval.",
        lowest=0,
        highest=1,
        better="higher",
        form="percent",
        n="share of n pictures",
        paper=MACO,
        limits=_JUDGED,
    )


OWN = MetricCard(
    name="own_top1",
    title="own accuracy",
    summary="share of pictures whose class the rendered network itself ranks first",
    meaning=("Nearly all pictures by ascent reach it, for that is what they are made for; those that do not, failed.",),
    definition="The share of pictures of classes for whose class the rendered network's probability is first, on the "
    "whole stored picture; Wilson's interval.",
    lowest=0,
    highest=1,
    better="higher",
    form="percent",
    n="share of n pictures",
    paper=VITAL,
    limits=("It does not tell whether the picture shows the class: noise that fools the network has it too.", SEEDS),
)
PROBABILITY = MetricCard(
    name="transfer_probability",
    title="judge's probability",
    summary="probability that a judge, which had no part in making a picture, gives its class",
    definition="The judge's softmax of its logits on the whole stored picture, at the picture's class.",
    lowest=0,
    highest=1,
    better="higher",
    form="percent",
    n="mean over n classes of the means over their pictures",
    paper=MACO,
    limits=_JUDGED[:2],
    compared=True,
)
CARDS = (_card(1), _card(5), PROBABILITY, OWN)


def transfer(probabilities: Array, classes: Sequence[int], match: ClassMatch, keys: Sequence[Key]) -> Verdicts[Key]:
    """Return what a judge makes of pictures: ``.top(1)``, ``.top(5)``, ``.score()`` are the figures.

    Args:
        probabilities: (N, K), the judge's, of pictures as they are stored.
        classes: index of each picture's class among the rendered model's.
        match: of the model's classes with the judge's.
        keys: of the pictures, such as (class, seed).

    Returns:
        The verdicts, whose classes are indices of the judge's. Left out is what the judge has no class for, and what
        gave it no finite probabilities.

    Raises:
        ScoreError: other numbers of pictures or classes, or what are no probabilities.
    """
    rows = _probabilities(probabilities)
    if rows.shape[1] != match.classes:
        raise ScoreError(
            f"the judge gives {rows.shape[1]} probabilities and has {match.classes} named classes",
            "name each of its classes, in the order of its outputs",
        )
    return ranked(rows, [match.place(index) for index in classes], keys, "probabilities")


def own(probabilities: Array, classes: Sequence[int], keys: Sequence[Key]) -> Verdicts[Key]:
    """Return what the rendered model makes of its own pictures: ``.top(1)``, and the first two classes of each.

    Args:
        probabilities: (N, K). classes: index of each picture's class. keys: of the pictures.

    Raises:
        ScoreError: other numbers of pictures, or what are no probabilities.
    """
    rows = _probabilities(probabilities)
    known = range(rows.shape[1])
    return ranked(rows, [it if it in known else f"there is no class {it}" for it in classes], keys, "probabilities")


def _probabilities(probabilities: Array) -> np.ndarray:
    rows = as_rows(probabilities, "probabilities")
    wrong = rows[np.isfinite(rows) & ((rows < 0) | (rows > 1 + 1e-3))]
    if len(wrong):
        raise ScoreError(f"{wrong[0]:.4g} is no probability", "take the softmax of the logits first")
    return rows
