"""Tally: what one pass over photos keeps of every unit of a layer: extremes, a histogram, the strongest views.

Memory depends on the number of units alone. Tallies of disjoint photos merge, so a pass can be split over workers.
"""

from dataclasses import dataclass, fields

import numpy as np

BINS = 512
"""Bins per unit, half of them for negative values. Their width is a power of two, and doubles whenever a value falls
outside, so that a quantile is exact to 1/128 of the largest value seen, or better."""
FINEST = -24
"""Exponent of the narrowest bins, 6e-8: below it activations are rounding noise."""


@dataclass
class Tally:
    """Running statistics of the U units of one layer.

    Attributes:
        count: (1,) int64, views seen. total, squares: (U,) float64 sums of values and of their squares.
        low, high: (U,) smallest and largest value.
        exponent: (U,) int64, bins of unit u are ``2 ** exponent[u]`` wide.
        bins: (U, BINS) int64; bin b holds values in ``[(b - BINS/2) * width, (b + 1 - BINS/2) * width)``.
        top: (U, k) float32, values of the strongest views, descending, at most one view of each photo; -inf if fewer.
        photo, view: (U, k) int32, which photo (index into the pass's list) and which of its views; -1 if fewer.
    """

    count: np.ndarray
    total: np.ndarray
    squares: np.ndarray
    low: np.ndarray
    high: np.ndarray
    exponent: np.ndarray
    bins: np.ndarray
    top: np.ndarray
    photo: np.ndarray
    view: np.ndarray

    @staticmethod
    def empty(units: int, keep: int) -> "Tally":
        """Return a tally of nothing, for ``units`` units, that keeps the ``keep`` strongest views of each."""
        return Tally(
            np.zeros(1, dtype=np.int64),
            np.zeros(units),
            np.zeros(units),
            np.full(units, np.inf),
            np.full(units, -np.inf),
            np.full(units, FINEST, dtype=np.int64),
            np.zeros((units, BINS), dtype=np.int64),
            np.full((units, keep), -np.inf, dtype=np.float32),
            np.full((units, keep), -1, dtype=np.int32),
            np.full((units, keep), -1, dtype=np.int32),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Return it as named arrays, for a file; ``Tally(**arrays)`` is it again."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def add(self, photo: int, values: np.ndarray) -> None:
        """Take in one photo.

        Args:
            photo: its index.
            values: (V, U) float32, finite; one row per view.
        """
        self.count += len(values)
        self.total += values.sum(axis=0, dtype=np.float64)
        self.squares += np.square(values, dtype=np.float64).sum(axis=0)
        self.low = np.minimum(self.low, values.min(axis=0))
        self.high = np.maximum(self.high, values.max(axis=0))
        self._widen(_exponent_for(np.abs(values).max(axis=0)))
        places = np.floor(values / np.exp2(self.exponent)).astype(np.int64) + BINS // 2
        np.add.at(self.bins, (np.arange(values.shape[1])[None, :], places.clip(0, BINS - 1)), 1)
        best = values.argmax(axis=0)
        self._keep(values.max(axis=0)[:, None], np.full((values.shape[1], 1), photo), best[:, None])

    def merge(self, other: "Tally", offset: int) -> None:
        """Take in a tally of other photos, whose indices are raised by ``offset``."""
        self.count += other.count
        self.total += other.total
        self.squares += other.squares
        self.low, self.high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        exponent = np.maximum(self.exponent, other.exponent)
        self._widen(exponent)
        self.bins += _rebinned(other.bins, exponent - other.exponent)
        self._keep(other.top, np.where(other.photo < 0, -1, other.photo + offset), other.view)

    def quantiles(self, unit: int, shares: tuple[float, ...]) -> tuple[float, ...]:
        """Return the unit's quantiles: linear inside a bin, never beyond the extremes."""
        filled = np.flatnonzero(self.bins[unit])
        counts = self.bins[unit][filled]
        ends = np.cumsum(counts)
        width = 2.0 ** self.exponent[unit]
        result = []
        for share in shares:
            wanted = share * int(self.count[0])
            place = int(np.searchsorted(ends, wanted, side="left").clip(0, len(filled) - 1))
            inside = (wanted - (ends[place] - counts[place])) / counts[place]
            value = (filled[place] - BINS // 2 + inside) * width
            result.append(float(np.clip(value, self.low[unit], self.high[unit])))
        return tuple(result)

    def histogram(self, unit: int, bins: int) -> tuple[float, float, tuple[int, ...]]:
        """Return (low, high, counts) of the unit between its extremes, in ``bins`` equal bins; counts sum to all views.

        The counts of a fine bin are shared out over the coarse ones that it overlaps, as if they lay evenly in it.
        """
        low, high, count = float(self.low[unit]), float(self.high[unit]), int(self.count[0])
        if high <= low:
            return low, high, (count,)
        filled = np.flatnonzero(self.bins[unit])
        part = slice(filled[0], filled[-1] + 2)
        edges = ((np.arange(BINS + 1) - BINS // 2) * 2.0 ** self.exponent[unit])[part].clip(low, high)
        cumulative = np.concatenate([[0], np.cumsum(self.bins[unit])])[part]
        levels = np.interp(np.linspace(low, high, bins + 1), edges, cumulative).round().astype(np.int64)
        levels[0], levels[-1] = 0, count
        return low, high, tuple(np.diff(levels).tolist())

    def _widen(self, exponent: np.ndarray) -> None:
        wider = np.maximum(exponent, self.exponent)
        if (wider != self.exponent).any():
            self.bins = _rebinned(self.bins, wider - self.exponent)
            self.exponent = wider

    def _keep(self, values: np.ndarray, photo: np.ndarray, view: np.ndarray) -> None:
        """Keep the strongest of what is kept and what is new; of equal ones, the earlier photo."""
        keep = self.top.shape[1]
        values = np.concatenate([self.top, values.astype(np.float32)], axis=1)
        photo = np.concatenate([self.photo, photo.astype(np.int32)], axis=1)
        view = np.concatenate([self.view, view.astype(np.int32)], axis=1)
        order = np.lexsort((photo, -values), axis=1)[:, :keep]
        self.top = np.take_along_axis(values, order, axis=1)
        self.photo = np.take_along_axis(photo, order, axis=1)
        self.view = np.take_along_axis(view, order, axis=1)


def _exponent_for(largest: np.ndarray) -> np.ndarray:
    """Return the least exponent with which values up to ``largest`` fall inside the bins."""
    with np.errstate(divide="ignore"):
        needed = np.floor(np.log2(largest.astype(np.float64) / (BINS // 2))) + 1
    return np.maximum(np.where(np.isfinite(needed), needed, FINEST), FINEST).astype(np.int64)


def _rebinned(bins: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Return histograms with their bins doubled ``steps[u]`` times; the middle, value 0, stays where it is."""
    result = bins.copy()
    half = BINS // 2
    for step in range(int(steps.max(initial=0))):
        rows = np.flatnonzero(steps > step)
        if not result[rows].any():
            break  # nothing was counted yet: a first value may need many doublings
        pairs = result[rows].reshape(len(rows), half, 2).sum(axis=2)  # (rows, BINS / 2), still centred
        wide = np.zeros((len(rows), BINS), dtype=bins.dtype)
        wide[:, half // 2 : half // 2 + half] = pairs
        result[rows] = wide
    return result
