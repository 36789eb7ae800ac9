"""k-means clustering of the directions of activations; other factorisations begin with its clusters."""

from collections.abc import Sequence

import numpy as np

from atlas.core.factorisation_card import FactorisationCard
from atlas.craft.encode import nearest
from atlas.craft.factorisations.base import Factorisation, Fitting
from atlas.craft.factorisations.convergence import without_convergence_warnings


class KMeans(Factorisation):
    """Each direction is the centre of a cluster."""

    card = FactorisationCard(
        name="k-means",
        title="k-means clustering",
        summary="Patches whose activations point the same way form a cluster, and each direction is the mean of one.",
        strengths="Only the direction nearest to an activation has a strength: its projection.",
        limits=("A patch shows one concept and no more, so concepts that occur together are not told apart.",),
        takes_signed=True,
    )

    def directions(self, activations: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
        """See :meth:`Factorisation.directions`."""
        return [clustered(matrix, count, fitting)[0] for matrix in activations]

    def encode(self, activations: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """See :meth:`Factorisation.encode`: only the nearest direction has a strength."""
        return nearest(activations, directions)


K_MEANS = KMeans()


def clustered(matrix: np.ndarray, count: int, fitting: Fitting) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres (r, C) of the patches' directions, and the cluster of each patch, (n,) from 0 to r - 1.

    Norms are left out, since they are what strengths say. A careful start is the best of four k-means++ clusterings.
    """
    from sklearn.cluster import KMeans as Clustering

    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    directions = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    tries = {"init": "k-means++", "n_init": 4} if fitting.start == "spectral" else {"init": "random", "n_init": 1}
    model = Clustering(count, random_state=fitting.seed, **tries)
    with without_convergence_warnings():
        model.fit(directions, sample_weight=(lengths[:, 0] > 0).astype(matrix.dtype))
    return model.cluster_centers_, model.labels_
