"""What the multiplicative updates of Ding, Li and Jordan (2010) have in common; they descend from a clustering."""

import numpy as np

from atlas.core.metric_card import Source

UPDATES = 100
"""On 960 patches and 25 concepts, three times as many lower the error by 0.2 % and 1.4 %."""

SOFTNESS = 0.2
"""Added to the clusters' indicators, as Ding et al. do, since an update cannot leave zero."""

TINY = 1e-12
"""Added to what is divided by."""

PAPER = Source(
    title="Convex and Semi-Nonnegative Matrix Factorizations",
    authors="Ding, Li and Jordan",
    year=2010,
    url="https://doi.org/10.1109/TPAMI.2008.277",
)


def indicators(labels: np.ndarray, count: int) -> np.ndarray:
    """Return (n, r) float32: 1 for the cluster of each row, else 0."""
    return np.eye(count, dtype=np.float32)[labels]


def positive(values: np.ndarray) -> np.ndarray:
    """Return the positive part, 0 elsewhere."""
    return np.maximum(values, 0)


def negative(values: np.ndarray) -> np.ndarray:
    """Return the size of the negative part, 0 elsewhere."""
    return np.maximum(-values, 0)
