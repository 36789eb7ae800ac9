"""Clusters of vectors by k-means: the same vectors are in the same clusters on every machine and in every run."""

import numpy as np
from numpy.typing import NDArray

SEED = 0
"""Of k-means."""
STARTS = 10
"""Random starts of k-means, the best of which counts (scikit-learn's default until 1.4)."""


def clusters(values: NDArray[np.float64], count: int) -> list[list[int]]:
    """Return the members of each cluster, nearest to its centre first; the largest cluster first.

    Args:
        values: (K, C), in an order that does not depend on chance. count: at most K.
    """
    from sklearn.cluster import KMeans

    fit = KMeans(count, n_init=STARTS, random_state=SEED).fit(values)
    distances = ((values - fit.cluster_centers_[fit.labels_]) ** 2).sum(axis=1)
    nearest_first = distances.argsort(kind="stable")
    members = [[int(place) for place in nearest_first if fit.labels_[place] == label] for label in range(count)]
    return sorted(members, key=lambda each: (-len(each), each))
