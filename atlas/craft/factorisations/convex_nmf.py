"""Convex NMF (Ding, Li and Jordan 2010): strengths >= 0, directions that are weighted means of patches."""

from collections.abc import Sequence

import numpy as np

from atlas.core.factorisation_card import FactorisationCard
from atlas.craft.factorisations.base import Factorisation, Fitting
from atlas.craft.factorisations.k_means import clustered
from atlas.craft.factorisations.updates import PAPER, SOFTNESS, TINY, UPDATES, indicators, negative, positive
from atlas.errors import ConceptError

MOST_PATCHES = 10_000
"""It needs three matrices of patches by patches: 1.2 GB at that number."""


class Convex(Factorisation):
    """Convex NMF from a k-means clustering."""

    card = FactorisationCard(
        name="convex-nmf",
        title="convex matrix factorisation",
        summary="Each direction is a weighted mean of some of the patches, which keeps it among what the layer really "
        "does, makes it sparse, and lets it come back from other starts.",
        limits=(f"It takes at most {MOST_PATCHES:,} patches, for it compares each with each.",),
        takes_signed=True,
        paper=PAPER,
    )

    def directions(self, activations: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
        """See :meth:`Factorisation.directions`.

        Raises:
            ConceptError: more than :data:`MOST_PATCHES` rows.
        """
        return [_directions(matrix, clustered(matrix, count, fitting)[1], count) for matrix in activations]


CONVEX_NMF = Convex()


def _directions(activations: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Return directions W = VA (r, C), V >= 0, that minimise ||A - UVA|| with U >= 0.

    Args:
        activations: A (n, C) of mean norm about 1.
        labels: (n,), the cluster of each row, from which to start; clusters 0 to r - 1.
        count: r.
    """
    if len(activations) > MOST_PATCHES:
        raise ConceptError(
            f'"convex-nmf" takes at most {MOST_PATCHES:,} patches, and there are {len(activations):,}',
            "use fewer photos or larger patches, or k-means or dictionary",
        )
    clusters = indicators(labels, count)
    strengths = clusters + SOFTNESS
    weights = strengths / np.maximum(clusters.sum(axis=0), 1)
    kernel = activations @ activations.T
    attracting, repelling = positive(kernel), negative(kernel)
    for _ in range(UPDATES):
        shared = weights @ (strengths.T @ strengths)
        up = attracting @ strengths + repelling @ shared
        down = repelling @ strengths + attracting @ shared
        weights *= np.sqrt(up / (down + TINY))
        near, far = attracting @ weights, repelling @ weights
        up, down = near + strengths @ (weights.T @ far), far + strengths @ (weights.T @ near)
        strengths *= np.sqrt(up / (down + TINY))
    return weights.T @ activations
