"""A factorisation: directions are patches' own activations, chosen so that they are far apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atlas.core.factorisation_card import FactorisationCard
from atlas.craft.factorisations.base import Factorisation

if TYPE_CHECKING:
    import numpy as np

    from atlas.craft.factorisations.base import Fitting


class Medoids(Factorisation):
    """Farthest-first traversal (Gonzalez 1985) by cosine."""

    card = FactorisationCard(
        name="medoids",
        title="farthest-first medoids",
        summary="Each direction is the activation of a real patch, as unlike those chosen before as there is.",
        limits=("Odd patches are chosen first, for nothing is like them.",),
        takes_signed=True,
    )

    def directions(self, activations: "Sequence[np.ndarray]", count: int, fitting: "Fitting") -> "Sequence[np.ndarray]":
        """Return the directions of each matrix."""
        return [_chosen(matrix, count, fitting.seed) for matrix in activations]


def _chosen(matrix: "np.ndarray", count: int, seed: int) -> "np.ndarray":
    import numpy as np

    rows = matrix[np.linalg.norm(matrix, axis=1) > 0]
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    chosen = [int(np.random.default_rng(seed).integers(len(rows)))]
    nearest = rows @ rows[chosen[0]]
    while len(chosen) < count:
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, rows @ rows[chosen[-1]])
    return rows[chosen]


MEDOIDS = Medoids()
