"""Figures: numbers with how sure they are; shares with Wilson's interval, means with a bootstrap.

A mean is over what was drawn from the many that it speaks for: classes, photos or units. Several pictures of one class,
such as those of several seeds, tell nothing of other classes, so they are averaged first: their values are given under
pairs, of the class and the seed, and whole classes are drawn again by the bootstrap.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean
from typing import TYPE_CHECKING, Any, TypeVar

from atlas.errors import ScoreError

if TYPE_CHECKING:
    import numpy as np

LEVEL = 0.95
"""Nominal coverage of every interval."""

RESAMPLES = 2000
"""Of the bootstrap; the ends of a 95 % interval are then its 50th values from either side."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Figure:
    """A value, its 95 % interval, and how many it is of.

    A mean of one has both ends at its value, for nothing is known of others: :attr:`is_certain` tells.
    """

    value: float
    low: float
    high: float
    n: int

    @property
    def is_certain(self) -> bool:
        """Whether the interval says how sure the value is; that of a mean of one says nothing."""
        return self.n > 1 or self.low < self.high

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def share(outcomes: Sequence[bool]) -> Figure:
    """Return the share of outcomes that are true, with Wilson's score interval (Wilson 1927, equation 1).

    It takes outcomes as independent of each other. Several of each class are less sure than it says: :func:`mean` of
    them as 0 and 1, by class, has an interval for that.

    Raises:
        ScoreError: no outcomes.
    """
    count, n = sum(map(bool, outcomes)), len(outcomes)
    if not n:
        raise ScoreError("there is no share of no outcomes", "score at least one picture")
    normal = NormalDist().inv_cdf((1 + LEVEL) / 2)
    middle = (count + normal**2 / 2) / (n + normal**2)
    half = normal / (n + normal**2) * math.sqrt(count * (n - count) / n + normal**2 / 4)
    # At the ends the interval is closed in exact arithmetic, which rounding would miss.
    low, high = (0.0 if count == 0 else middle - half), (1.0 if count == n else middle + half)
    return Figure(count / n, low, high, n)


def mean(values: Mapping[Key, float] | Sequence[float], seed: int = 0) -> Figure:
    """Return the mean over groups of their means, with the bootstrap's interval over groups.

    Args:
        values: by what is drawn, such as a class, a photo's digest or a unit, all of one type that sorts; or by pairs
            of that and what repeats it, such as (class, seed). Values in a plain sequence are drawn one by one.
        seed: of the resampling.

    Returns:
        The figure; its n is the number of groups.

    Raises:
        ScoreError: no values, or one that is NaN or infinite.
    """
    import numpy as np

    by_group = group_means(values)
    each = np.array([by_group[group] for group in sorted(by_group)])
    low, high = bootstrap_interval(each[:, None], seed)
    return Figure(float(each.mean()), float(low[0]), float(high[0]), len(each))


def difference(
    values: Mapping[Key, float] | Sequence[float], others: Mapping[Key, float] | Sequence[float], seed: int = 0
) -> Figure:
    """Return the mean of values minus others, paired by their keys, with the bootstrap's interval over groups.

    Args:
        values, others: as :func:`mean` takes them. What only one of them has is left out; plain sequences are paired
            by position.
        seed: of the resampling.

    Raises:
        ScoreError: they have nothing in common, are sequences of two lengths, or one is NaN or infinite.
    """
    in_order = not isinstance(values, Mapping) and not isinstance(others, Mapping)
    if in_order and len(values) != len(others):
        raise ScoreError(
            f"{len(values)} values cannot be paired by position with {len(others)}", "give both by what they are of"
        )
    first, second = _by_key(values), _by_key(others)
    both = first.keys() & second.keys()
    if not both:
        raise ScoreError("there is no difference of values that have no item in common", "score the same items by both")
    return mean({key: first[key] - second[key] for key in both}, seed)


def group_means(values: Mapping[Key, float] | Sequence[float]) -> dict[Any, float]:
    """Return the mean of each group of values, which are given as :func:`mean` takes them.

    Raises:
        ScoreError: a value is NaN or infinite.
    """
    grouped: dict[Any, list[float]] = defaultdict(list)
    for key, value in _by_key(values).items():
        if not math.isfinite(value):
            raise ScoreError(f"the value of {key} is {value}, which has no mean", "leave it out, and say so")
        grouped[group_of(key)].append(value)
    return {group: fmean(each) for group, each in grouped.items()}


def group_of(key: Hashable) -> Any:
    """Return what is drawn of a key: the first of a pair, or the key itself."""
    return key[0] if isinstance(key, tuple) else key


def _by_key(values: Mapping[Key, float] | Sequence[float]) -> Mapping[Any, float]:
    return values if isinstance(values, Mapping) else dict(enumerate(values))


def bootstrap_interval(items: "np.ndarray", seed: int = 0, level: float = LEVEL) -> tuple["np.ndarray", "np.ndarray"]:
    """Return the percentile bootstrap's interval of the mean over items (Efron 1979).

    Args:
        items: (n, d): d values of each photo, class or unit. With one item, both ends are its value: nothing is known
            of others.
        seed: of the resampling.
        level: the interval's nominal coverage.

    Returns:
        low (d,) and high (d,), float64.

    Raises:
        ScoreError: no items.
    """
    import numpy as np

    if not len(items):
        raise ScoreError("there is no interval without items", "score at least one photo, class or unit")
    means = resampled(len(items), seed) @ items.astype(np.float64) / len(items)
    return interval_of(means, level)


def resampled(count: int, seed: int = 0) -> "np.ndarray":
    """Return how often each of some items is drawn in every resample of as many, (:data:`RESAMPLES`, count)."""
    import numpy as np

    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)


def interval_of(samples: "np.ndarray", level: float = LEVEL) -> tuple["np.ndarray", "np.ndarray"]:
    """Return the ends between which the middle of some samples (r, ...) lies, two of (...): the bootstrap's interval.

    Args:
        level: the share of samples between them.
    """
    import numpy as np

    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
