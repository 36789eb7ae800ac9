"""Class-relatedness: whether another model finds, in a channel's picture, the class that the channel works for.

Shi et al. 2023, section V-C and figure 14. A channel's point for a class is the sum, over photos of the class, of its
Aumann-Shapley value for the class's logit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from atlas.core.figures import Figure, share
from atlas.core.metric_card import MetricCard
from atlas.core.sources import VIT_AND_CNN
from atlas.errors import ScoreError

FIRST = 10
"""Classes among which the channel's own must be (section V-C: top-10)."""

NONE = -1
"""The class of a channel that works for none."""

CARD = MetricCard(
    name="class_relatedness",
    title="class-relatedness",
    about="models",
    summary="share of channels whose picture another model takes for the class that the channel works for",
    meaning=(
        "Every channel gets the class whose logits it raises most, summed over that class's photos. Its picture is "
        "then shown to another model. High: channels are made for classes, and their pictures show these. Near "
        "chance: they are parts that many classes share, or their pictures show nothing that another model knows.",
    ),
    definition=f"The share of channels whose class is among the {FIRST} that the other model ranks first. Chance is "
    f"{FIRST} over the number of that model's classes.",
    lowest=0,
    highest=1,
    form="percent",
    n="share of n channels, with Wilson's interval",
    paper=VIT_AND_CNN,
    limits=(
        "A model of few classes finds any of them among ten first: compare with chance.",
        "A class with more photos collects more points; take as many of each.",
        "Channels whose class the other model does not have, and those without a picture, are left out.",
    ),
)

CHANCE = MetricCard(
    name="class_relatedness_chance",
    title="class-relatedness by chance",
    about="models",
    summary="share of channels whose class another model would have among its first ones by guessing",
    definition=f"{FIRST} over the number of the other model's classes; 1 at most.",
    lowest=0,
    highest=1,
    form="percent",
    n="one value of n classes",
    paper=VIT_AND_CNN,
)
CARDS = (CARD, CHANCE)


def points(values: np.ndarray, classes: np.ndarray, count: int) -> np.ndarray:
    """Return the points (C, K) of channels for classes; those of several groups of photos add up.

    Args:
        values: (N, C), what each channel contributed on each photo to the logit of the photo's class.
        classes: (N,) of the photos, from 0 to ``count - 1``.
        count: K, how many classes the model has.

    Raises:
        ScoreError: a value is NaN or infinite.
    """
    if not np.isfinite(values).all():
        raise ScoreError("an attribution is NaN or infinite", "leave the photo out, and say so")
    collected = np.zeros((count, values.shape[1]))
    np.add.at(collected, classes, values)
    return collected.T


def assigned(collected: np.ndarray) -> np.ndarray:
    """Return the class (C,) with the most points of each channel; :data:`NONE` where no class has more than 0.

    Args:
        collected: (C, K).
    """
    return np.where(collected.max(axis=1) > 0, collected.argmax(axis=1), NONE)


@dataclass(frozen=True)
class Relatedness:
    """How many channels' pictures show their class to another model.

    Attributes:
        related: the share; None if no channel can be asked about, or the other model has no more classes than are
            among its first, so that all are.
        chance: the share that a model that guesses reaches.
        channels: whether each channel's class is among the first, by the channel.
    """

    related: Figure | None
    chance: float
    channels: Mapping[int, bool]


def relatedness(
    classes: Mapping[int, int], ranks: Mapping[int, np.ndarray], known: Mapping[int, int], first: int = FIRST
) -> Relatedness:
    """Return whether another model finds channels' classes in their pictures.

    Args:
        classes: channel to its class, see :func:`assigned`.
        ranks: channel to the other model's ranks (K,) of its own classes, 1 the first, on the channel's picture
            (:func:`atlas.analyses.ranks.ranks`); a channel without a picture has none.
        known: class of the model to the same class of the other one, for those that it has.

    Raises:
        ScoreError: no pictures.
    """
    if not ranks:
        raise ScoreError("no channel has a picture", "render the layer's channels first")
    asked = {
        channel: bool(ranks[channel][known[index]] <= first)
        for channel, index in classes.items()
        if index in known and channel in ranks
    }
    number = len(next(iter(ranks.values())))
    told = asked and first < number
    return Relatedness(share(list(asked.values())) if told else None, min(1.0, first / number), asked)
