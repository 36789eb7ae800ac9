"""Semi-NMF (Ding, Li and Jordan 2010): strengths >= 0, directions of any sign."""

from collections.abc import Sequence

import numpy as np

from atlas.core.factorisation_card import FactorisationCard
from atlas.craft.factorisations.base import Factorisation, Fitting
from atlas.craft.factorisations.k_means import clustered
from atlas.craft.factorisations.updates import PAPER, SOFTNESS, TINY, UPDATES, indicators, negative, positive


class SemiNonNegative(Factorisation):
    """Semi-NMF from a k-means clustering."""

    card = FactorisationCard(
        name="semi-nmf",
        title="semi-non-negative matrix factorisation",
        summary="Directions may be any, of both signs, and only strengths are never negative: the error is nearly as "
        "small as that of a singular value decomposition.",
        limits=("Its directions are nearly arbitrary within the space that they span, so few of them come back.",),
        takes_signed=True,
        paper=PAPER,
    )

    def directions(self, activations: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
        """See :meth:`Factorisation.directions`."""
        return [_directions(matrix, clustered(matrix, count, fitting)[1], count) for matrix in activations]


SEMI_NMF = SemiNonNegative()


def _directions(activations: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Return directions W (r, C) of any sign that minimise ||A - UW|| with U >= 0.

    Args:
        activations: A (n, C) of mean norm about 1.
        labels: (n,), the cluster of each row, from which to start; clusters 0 to r - 1.
        count: r.
    """
    strengths = indicators(labels, count) + SOFTNESS
    directions = _best_directions(activations, strengths)
    for _ in range(UPDATES):
        product, gram = activations @ directions.T, directions @ directions.T
        up = positive(product) + strengths @ negative(gram)
        down = negative(product) + strengths @ positive(gram)
        strengths *= np.sqrt(up / (down + TINY))
        directions = _best_directions(activations, strengths)
    return directions


def _best_directions(activations: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Return the least-squares W of ||A - UW||; the shortest, where strengths depend on each other."""
    return np.linalg.pinv(strengths.T @ strengths, hermitian=True) @ (strengths.T @ activations)
