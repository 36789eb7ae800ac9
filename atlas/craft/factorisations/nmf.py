"""Non-negative matrix factorisation, in scikit-learn or in torch."""

from collections.abc import Iterator, Sequence

import numpy as np

from atlas.core.factorisation_card import FactorisationCard
from atlas.craft.factorisations.base import Factorisation, Fitting
from atlas.craft.factorisations.convergence import without_convergence_warnings
from atlas.craft.paper import CRAFT

LARGE = 4_000_000
"""Values from which NMF is done in torch on a CPU as well: 3,000 patches of 1,280 channels. On one core both solvers
take as long, but scikit-learn's updates have no second: on two, torch needs 0.7 of its time for twice that many values.
"""

BATCH_VALUES = 1 << 28
"""Values of the padded activations that torch takes at once: 1 GiB, of which it needs two."""

ITERATIONS = 400
"""At most. scikit-learn's default, 200, ends before its own tolerance is met on 25 concepts of 1,000 patches."""


class NonNegative(Factorisation):
    """NMF by coordinate descent (Cichocki and Phan 2009) from NNDSVDa."""

    card = FactorisationCard(
        name="nmf",
        title="non-negative matrix factorisation",
        summary="Activations that are never negative become sums of directions that are never negative: parts add up, "
        "and none takes away from another.",
        limits=(
            "It needs a layer that is never negative, as after a ReLU.",
            "What it finds depends on where it starts: some directions do not come back from other starts.",
        ),
        takes_signed=False,
        paper=CRAFT,
    )

    def directions(self, activations: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
        """See :meth:`Factorisation.directions`; ``auto`` takes torch on a GPU, and for :data:`LARGE` data."""
        in_torch = [_is_for_torch(matrix, fitting) for matrix in activations]
        chosen = [matrix for matrix, is_chosen in zip(activations, in_torch, strict=True) if is_chosen]
        batched = iter(_in_torch(chosen, count, fitting))
        return [
            next(batched) if is_chosen else _in_sklearn(matrix, count, fitting)
            for matrix, is_chosen in zip(activations, in_torch, strict=True)
        ]


NMF = NonNegative()


def _is_for_torch(matrix: np.ndarray, fitting: Fitting) -> bool:
    if fitting.solver != "auto":
        return fitting.solver == "torch"
    return not fitting.device.startswith("cpu") or matrix.size >= LARGE


def _in_sklearn(matrix: np.ndarray, count: int, fitting: Fitting) -> np.ndarray:
    from sklearn.decomposition import NMF

    spectral = fitting.start == "spectral" and count <= min(matrix.shape)
    model = NMF(count, init="nndsvda" if spectral else "random", max_iter=ITERATIONS, random_state=fitting.seed)
    with without_convergence_warnings():
        return model.fit(matrix).components_


def _in_torch(matrices: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
    import torch

    from atlas.craft.factorisations.nmf_batch import factorise_batch

    found: list[np.ndarray] = []
    for group in _groups(matrices, fitting.device):
        padded = torch.zeros(len(group), max(map(len, group)), group[0].shape[1])
        for target, matrix in zip(padded, group, strict=True):
            target[: len(matrix)] = torch.from_numpy(matrix)
        _, directions = factorise_batch(
            padded.to(fitting.device),
            [len(matrix) for matrix in group],
            count,
            fitting.seed,
            fitting.start,
            ITERATIONS,
        )
        found.extend(directions.cpu().numpy())
    return found


def _groups(matrices: Sequence[np.ndarray], device: str) -> Iterator[list[np.ndarray]]:
    """Group matrices for one batch each; a CPU gains nothing from batches, so that each is alone there."""
    limit = 0 if device.startswith("cpu") else BATCH_VALUES
    group: list[np.ndarray] = []
    for matrix in matrices:
        size = (len(group) + 1) * max(map(len, [*group, matrix])) * matrix.shape[1]
        if group and (size > limit or matrix.shape[1] != group[0].shape[1]):
            yield group
            group = []
        group.append(matrix)
    if group:
        yield group
