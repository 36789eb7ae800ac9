"""KID: how far pictures as a whole are from photos as a whole, without the bias that a Frechet distance has of few.

The squared maximum mean discrepancy with the kernel (xᵀy / d + 1)³ (Bińkowski et al. 2018, section 3), by its unbiased
estimator (Gretton et al. 2012, equation 3). Our own code: torchmetrics has no interval, takes as many photos as
pictures, and draws them by torch's global generator.
"""

from dataclasses import dataclass

import numpy as np

from atlas.core.figures import Figure, interval_of, resampled
from atlas.core.metric_card import MetricCard, Source
from atlas.evaluation.arrays import Array, finite_sets

SUBSET = 1000
"""Of more pictures, or photos, so many are drawn: the size of the paper's subsets, which bounds time and memory."""

CARD = MetricCard(
    name="kid",
    title="kernel distance",
    summary="distance between the features of pictures and of judging photos, unbiased: it does not depend on n",
    meaning=(
        "0: in these features, pictures cannot be told from photos. It may be below 0, for it is an estimate that is "
        "right in the mean.",
        "It is called KID where the features are InceptionV3's 2,048, and KD-<network> elsewhere: values of two "
        "networks, or of two layers of one, do not compare.",
    ),
    definition="The mean of k(x, x′) over pairs of different pictures, plus that of k(y, y′) over pairs of different "
    "photos, minus twice that of k(x, y), with k(x, y) = (xᵀy / d + 1)³ of d features.",
    better="lower",
    n="one value of n pictures and as many photos as are told",
    paper=Source(
        title="Demystifying MMD GANs",
        authors="M. Bińkowski, D. J. Sutherland, M. Arbel, A. Gretton",
        year=2018,
        url="https://arxiv.org/abs/1801.01401",
    ),
    limits=(
        "Pictures are taken as independent of each other, which those of several seeds of one class are not: the "
        "interval is then too narrow.",
    ),
)
CARDS = (CARD,)


@dataclass(frozen=True)
class KernelDistance:
    """A distance between two sets.

    Attributes:
        figure: the distance with its interval; its n is the number of pictures.
        photos: how many there are.
    """

    figure: Figure
    photos: int


def kid(pictures: Array, photos: Array, seed: int = 0) -> KernelDistance:
    """Return the distance between pictures and photos.

    The interval is the bootstrap's for this kind of statistic (Arcones and Giné 1992): pictures and photos are drawn
    again, each from its own, and what is drawn twice forms no pair with itself, which would count as likeness.

    Args:
        pictures: (N, D) features; those that are not finite are left out. photos: (M, D), the same.
        seed: of the subsets, where there are more than :data:`SUBSET`, and of the resampling.

    Raises:
        ScoreError: fewer than two of either, or features of two kinds.
    """
    generators = [np.random.default_rng([seed, place]) for place in range(2)]
    first, second = (
        rows if len(rows) <= SUBSET else rows[generator.permutation(len(rows))[:SUBSET]]
        for rows, generator in zip(finite_sets(pictures, photos), generators, strict=True)
    )
    own, others, across = kernel(first, first), kernel(second, second), kernel(first, second)
    seeds = [int(generator.integers(2**31)) for generator in generators]
    times, photo_times = resampled(len(first), seeds[0]), resampled(len(second), seeds[1])
    drawn = discrepancy(own, others, across, times.astype(np.float64), photo_times.astype(np.float64))
    once = np.ones((1, len(first))), np.ones((1, len(second)))
    value = float(discrepancy(own, others, across, *once)[0])
    low, high = interval_of(drawn[np.isfinite(drawn)])
    return KernelDistance(Figure(value, float(low), float(high), len(first)), len(second))


def kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return (xᵀy / d + 1)³ of all pairs of rows (n, d) and (m, d), (n, m)."""
    return (first @ second.T / first.shape[1] + 1) ** 3


def discrepancy(
    own: np.ndarray, others: np.ndarray, across: np.ndarray, times: np.ndarray, other_times: np.ndarray
) -> np.ndarray:
    """Return the unbiased squared maximum mean discrepancy of two sets, each item taken so many times, (r,).

    Args:
        own: (n, n), the kernel within the first set. others: (m, m), within the second. across: (n, m).
        times: (r, n). other_times: (r, m). Once each gives the plain estimator.

    Returns:
        NaN where all that was drawn of a set is one item, so that there is no pair.
    """
    between = np.einsum("rn,rn->r", times, other_times @ across.T)
    total = between / (times.sum(axis=1) * other_times.sum(axis=1))
    return _within(own, times) + _within(others, other_times) - 2 * total


def _within(own: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the mean of a kernel over pairs of different items, (r,)."""
    square = times**2
    pairs = times.sum(axis=1) ** 2 - square.sum(axis=1)
    sums = np.einsum("rn,rn->r", times, times @ own) - square @ np.diagonal(own)
    return np.divide(sums, pairs, out=np.full(len(times), np.nan), where=pairs > 0)
