"""Deletion and insertion of concepts: whether concepts that count as important are what the logit is made of.

Concepts go one by one, or come, in the order of their importance and in others (Petsiuk et al. 2018; Fel et al. 2023).
The curves themselves need the network: :mod:`atlas.craft.curves`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atlas.core.figures import Figure, bootstrap_interval, interval_of, resampled
from atlas.core.metric_card import MetricCard, Source
from atlas.craft.curves import area_under
from atlas.errors import ScoreError

CARD = MetricCard(
    name="concept_curves",
    title="area under deletion or insertion",
    about="concepts",
    summary="how much of the class's logit is left, on the mean, while concepts are deleted, or come, in some order",
    meaning=(
        "Where the first concepts to go make up most of the logit, it falls at once and the area under deletion is "
        "small; where they are the first to come, the area under insertion is large. Of a good order the first is far "
        "below that of random orders, and the second far above it.",
        "In the order that is held out, each half of the photos goes by the importance that was measured on the other "
        "half, so that no photo is judged by itself.",
    ),
    definition="The area under the curve of the mean logit over photos, which is scaled to 1 with all concepts and 0 "
    "with none, over the share of concepts that are gone, or there (trapezoidal rule). Of random orders: the mean.",
    n="one value of n photos of a class, with the bootstrap's interval over photos; or the mean over n classes",
    paper=Source(
        title="RISE: Randomized Input Sampling for Explanation of Black-box Models",
        authors="Petsiuk, Das, Saenko",
        year=2018,
        url="https://arxiv.org/abs/1806.07421",
    ),
    limits=(
        "Photos without some of their concepts are like none that the model has seen.",
        "What the concepts leave of the activation is gone from the start.",
    ),
)


def orders(per_photo: np.ndarray, share: np.ndarray, seeds: Sequence[Sequence[int]]) -> dict[str, list[np.ndarray]]:
    """Return the orders in which concepts go: (r,), or (p, r) where photos differ in it.

    Args:
        per_photo: (p, r), each concept's importance on each photo.
        share: (r,), each concept's share of the logit.
        seeds: of each random order.

    Returns:
        ``importance``, ``reverse``, ``share``, ``random`` (one order for each seed), and where there are two photos
        ``held out``: every second photo goes by what the others say.
    """
    first = _falling(per_photo.mean(axis=0))
    found = {"importance": [first], "reverse": [first[::-1]]}
    halves = np.arange(len(per_photo)) % 2
    if len(halves) > 1:
        other = np.stack([_falling(per_photo[halves != half].mean(axis=0)) for half in (0, 1)])
        found["held out"] = [other[halves]]
    found["share"] = [_falling(share)]
    found["random"] = [np.random.default_rng(list(seed)).permutation(len(first)) for seed in seeds]
    return found


@dataclass(frozen=True)
class Curve:
    """What deleting or inserting concepts in one order does to a class's logit.

    Attributes:
        mean, low, high: (r + 1,), the logit over photos after each concept, with the ends of its 95 % interval.
        area: under the curve of the mean; see the card.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    area: Figure


def curve_of(curves: Sequence[np.ndarray], seed: int = 0) -> Curve:
    """Return the curve over a class's photos.

    Args:
        curves: (p, r + 1) of the logits, see :mod:`atlas.craft.curves`; several of as many orders of one kind.
        seed: of the bootstrap over photos.

    Raises:
        ScoreError: no photos, or a logit is NaN or infinite.
    """
    stacked = np.stack(curves).astype(np.float64)  # (orders, p, r + 1)
    count = stacked.shape[1]
    if not count or not np.isfinite(stacked).all():
        raise ScoreError("there is no curve of no photos, or of logits that are not finite", "leave these photos out")
    times = resampled(count, seed)
    drawn = np.mean([area_under(times @ each / count) for each in stacked], axis=0)
    low, high = map(float, interval_of(drawn))
    area = float(np.mean([area_under(each.mean(axis=0)) for each in stacked]))
    over_orders = stacked.mean(axis=0)
    return Curve(over_orders.mean(axis=0), *bootstrap_interval(over_orders, seed), Figure(area, low, high, count))


def _falling(values: np.ndarray) -> np.ndarray:
    """Return the indices from the largest value to the smallest, the first of equal ones first."""
    return np.argsort(-values, kind="stable")
