"""Figures with how sure they are: shares with Wilson's interval, means with a bootstrap over classes."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from atlas.craft.sobol import bootstrap_interval

NORMAL = 1.959964
"""The normal distribution's quantile at .975."""


@dataclass(frozen=True)
class Figure:
    """A value, its 95 % interval, and how many it is of."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def share(outcomes: Sequence[bool]) -> Figure:
    """Return the share of outcomes that are true, with Wilson's score interval (Wilson 1927)."""
    count, n = sum(map(bool, outcomes)), len(outcomes)
    middle = (count + NORMAL**2 / 2) / (n + NORMAL**2)
    half = NORMAL / (n + NORMAL**2) * math.sqrt(count * (n - count) / n + NORMAL**2 / 4)
    return Figure(count / n, max(0.0, middle - half), min(1.0, middle + half), n)


def mean(values: Mapping[tuple[int, int], float]) -> Figure:
    """Return the mean over classes of their means over seeds, with the bootstrap interval over classes.

    Args:
        values: by class and seed.
    """
    by_class = class_means(values)
    each = np.array([by_class[index] for index in sorted(by_class)])
    low, high = bootstrap_interval(each[:, None])
    return Figure(float(each.mean()), float(low[0]), float(high[0]), len(each))


def difference(values: Mapping[tuple[int, int], float], others: Mapping[tuple[int, int], float]) -> Figure:
    """Return the mean of values minus others, paired by class and seed, with the bootstrap interval over classes.

    Raises:
        ValueError: they have nothing in common.
    """
    both = values.keys() & others.keys()
    if not both:
        raise ValueError("there is no difference of what has no class and seed in common")
    return mean({aim: values[aim] - others[aim] for aim in both})


def class_means(values: Mapping[tuple[int, int], float]) -> dict[int, float]:
    """Return the mean over seeds of each class."""
    grouped: dict[int, list[float]] = defaultdict(list)
    for (index, _), value in values.items():
        grouped[index].append(value)
    return {index: float(np.mean(each)) for index, each in grouped.items()}
