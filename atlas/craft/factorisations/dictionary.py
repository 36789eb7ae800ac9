"""Sparse dictionary learning."""

from collections.abc import Sequence

import numpy as np

from atlas.core.factorisation_card import FactorisationCard
from atlas.core.metric_card import Source
from atlas.craft.factorisations.base import Factorisation, Fitting
from atlas.craft.factorisations.convergence import without_convergence_warnings

PENALTY = 0.1
"""Weight of the strengths' sum in dictionary learning, for activations of mean norm 1 (0.5 to 2)."""


class Dictionary(Factorisation):
    """Sparse dictionary learning (Mairal et al. 2009) with strengths >= 0 and directions of any sign."""

    card = FactorisationCard(
        name="dictionary",
        title="sparse dictionary learning",
        summary="Each patch is to be a sum of few directions, of any sign: a penalty on the strengths' sum makes most "
        "of them zero.",
        limits=(
            "How sparse strengths are depends on the penalty, which is the same for every layer.",
            "The penalty acts while directions are learned; the strengths shown are found without it.",
        ),
        takes_signed=True,
        paper=Source(
            title="Online Dictionary Learning for Sparse Coding",
            authors="Mairal, Bach, Ponce and Sapiro",
            year=2009,
            url="https://doi.org/10.1145/1553374.1553463",
        ),
    )

    def directions(self, activations: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
        """See :meth:`Factorisation.directions`."""
        return [_atoms(matrix, count, fitting) for matrix in activations]


DICTIONARY = Dictionary()


def _atoms(matrix: np.ndarray, count: int, fitting: Fitting) -> np.ndarray:
    from sklearn.decomposition import MiniBatchDictionaryLearning

    model = MiniBatchDictionaryLearning(
        count,
        alpha=PENALTY,
        max_iter=20,
        fit_algorithm="cd",
        positive_code=True,
        dict_init=_random_rows(matrix, count, fitting.seed) if fitting.start == "random" else None,
        random_state=fitting.seed,
    )
    with without_convergence_warnings():
        return model.fit(matrix).components_


def _random_rows(matrix: np.ndarray, count: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(matrix.any(axis=1)))[:count]
    return matrix[rows] / np.linalg.norm(matrix[rows], axis=1, keepdims=True)
