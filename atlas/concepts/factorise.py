"""From a class's patches to its concepts: activations A (n, C) as strengths U (n, r) times directions W (r, C)."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from atlas.concepts.encode import encode
from atlas.concepts.signed_nmf import convex_nmf, semi_nmf
from atlas.errors import ConceptError, did_you_mean

Solver: TypeAlias = Literal["auto", "sklearn", "torch"]
Start: TypeAlias = Literal["spectral", "random"]

LARGE = 4_000_000
"""Values from which NMF is done in torch on a CPU as well: 3,000 patches of 1,280 channels. On one core both solvers
take as long, but scikit-learn's updates have no second: on two, torch needs 0.7 of its time for twice that many values.
"""

BATCH_VALUES = 1 << 28
"""Values of the padded activations that torch takes at once: 1 GiB, of which it needs two."""

ITERATIONS = 400
"""At most. scikit-learn's default, 200, ends before its own tolerance is met on 25 concepts of 1,000 patches."""

DICTIONARY_PENALTY = 0.1
"""Weight of the strengths' sum in dictionary learning, for activations of mean norm 1 (0.5 to 2)."""


@dataclass(frozen=True)
class Factorisation:
    """Concepts of some activations, those with the largest strengths in all first.

    Attributes:
        coefficients: U (n, r) float32, >= 0: :func:`atlas.concepts.encode.encode` of the activations.
        directions: W (r, C) float32; rows have unit norm, or are zero where a concept was not needed.
        error: ||A - UW|| / ||A||, Frobenius norms.
    """

    coefficients: np.ndarray
    directions: np.ndarray
    error: float


@dataclass(frozen=True)
class Fitting:
    """How directions are found; the arguments of :func:`factorise` that are not data."""

    solver: Solver
    seed: int
    start: Start
    device: str


@dataclass(frozen=True)
class FactorisationKind:
    """One way to factorise.

    Attributes:
        title: its name on pages.
        takes_signed: whether activations may be negative.
        function: (matrices, count, fitting) to the directions of each matrix, of any scale and order.
    """

    title: str
    takes_signed: bool
    function: Callable[[Sequence[np.ndarray], int, Fitting], list[np.ndarray]]


def factorise(
    activations: np.ndarray,
    count: int,
    kind: str = "nmf",
    solver: Solver = "auto",
    seed: int = 0,
    start: Start = "spectral",
    device: str = "cpu",
) -> Factorisation:
    """Factorise the activations of one class's patches.

    Args:
        activations: A (n, C), one row per patch.
        count: directions r to fit.
        kind: a name of :data:`FACTORISATIONS`.
        solver: of ``nmf``: ``torch`` is meant for GPUs and large data, where ``auto`` chooses it.
        seed: of all random numbers.
        start: ``spectral``, a careful start that depends little on the seed: a singular value decomposition, or the
            best of four k-means++ clusterings for all kinds that begin with one; or ``random``, to see which concepts
            come back.
        device: for ``torch``.

    Raises:
        ConceptError: what :func:`check_activations` finds, or an unknown name.
    """
    return factorise_many([activations], count, kind, solver, seed, start, device)[0]


def factorise_many(
    activations: Sequence[np.ndarray],
    count: int,
    kind: str = "nmf",
    solver: Solver = "auto",
    seed: int = 0,
    start: Start = "spectral",
    device: str = "cpu",
) -> list[Factorisation]:
    """Factorise many classes, each as if alone; on a GPU they are computed together.

    Args:
        activations: one (n, C) each; n may differ.

    Raises:
        ConceptError: one of them cannot be factorised; check them one by one to know which.
    """
    for name, value, allowed in (("solver", solver, ("auto", "sklearn", "torch")), ("start", start, _STARTS)):
        if value not in allowed:
            raise ConceptError(f'there is no {name} "{value}"', f"choose one of {', '.join(allowed)}")
    for matrix in activations:
        check_activations(matrix, count, kind)
    scaled = [(matrix / _scale(matrix)).astype(np.float32) for matrix in activations]
    directions = FACTORISATIONS[kind].function(scaled, count, Fitting(solver, seed, start, device))
    return [_finished(matrix, found, kind) for matrix, found in zip(activations, directions, strict=True)]


def check_activations(activations: np.ndarray, count: int, kind: str = "nmf") -> None:
    """Find out whether activations can be factorised, without doing it.

    Raises:
        ConceptError: they are not finite, of the wrong shape, all zero, signed where the kind takes no signs, or have
            fewer rows, or fewer different ones, than concepts are asked for.
    """
    if kind not in FACTORISATIONS:
        hint = did_you_mean(kind, FACTORISATIONS) or f"choose one of {', '.join(FACTORISATIONS)}"
        raise ConceptError(f'there is no factorisation "{kind}"', hint)
    if activations.ndim != 2 or count < 1:
        raise ConceptError(
            f"cannot fit {count} concepts to activations of shape {activations.shape}",
            "give one row of channels per patch, and ask for at least one concept",
        )
    if not np.isfinite(activations).all():
        bad = int((~np.isfinite(activations)).any(axis=1).sum())
        raise ConceptError(
            f"the activations of {bad} of {len(activations)} patches are not finite",
            "choose another layer, or float32 instead of bfloat16",
        )
    if len(activations) and not activations.any():
        raise ConceptError("the layer's activations are zero on every patch", "choose another layer")
    _check_signs(activations, kind)
    _check_rank(activations, count)


def _check_signs(activations: np.ndarray, kind: str) -> None:
    if FACTORISATIONS[kind].takes_signed or activations.min(initial=0) >= 0:
        return
    signed = ", ".join(name for name, entry in FACTORISATIONS.items() if entry.takes_signed)
    raise ConceptError(
        f'"{kind}" takes no negative activations, and {(activations < 0).mean():.1%} of these are '
        f"(the lowest is {activations.min():.3g})",
        f"choose a layer that is never negative, as after a ReLU, or a factorisation that takes signs: {signed}",
    )


def _check_rank(activations: np.ndarray, count: int) -> None:
    """Refuse more concepts than there are patches; patches of which one is a copy of another count once."""
    if len(activations) < count:
        raise ConceptError(
            f"{count} concepts cannot be found in {len(activations)} patches", "ask for fewer concepts, or add photos"
        )
    different: set[bytes] = set()
    for row in activations:
        if row.any():
            different.add((row + 0.0).tobytes())  # + 0.0 turns -0.0 into 0.0
            if len(different) == count:
                return
    patches = "all alike" if len(different) == 1 else f"only {len(different)} different ones"
    raise ConceptError(
        f"{count} concepts cannot be found in {len(activations)} patches that are {patches}, blank ones not counted",
        "ask for fewer concepts, or add photos that differ",
    )


def _scale(activations: np.ndarray) -> float:
    """Return the mean norm, rounded to a power of four: it and its root divide without losing a digit.

    Solvers then see activations of norm about 1, so that their thresholds mean the same for every network, and squares
    stay within float32.
    """
    largest = float(np.abs(activations).max())
    norm = largest * float(np.linalg.norm(activations / largest, axis=1).mean())
    return float(4.0 ** np.round(np.log2(norm) / 2))


def _finished(activations: np.ndarray, directions: np.ndarray, kind: str) -> Factorisation:
    """Scale directions to unit norm, fit the strengths, sort by them, and measure the error."""
    directions = directions.astype(np.float64)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    directions = np.divide(directions, lengths, out=np.zeros_like(directions), where=lengths > 0).astype(np.float32)
    coefficients = encode(activations, directions, kind)
    order = np.argsort(-coefficients.sum(axis=0, dtype=np.float64), kind="stable")
    directions, coefficients = directions[order], coefficients[:, order]
    return Factorisation(coefficients, directions, _relative_error(activations, coefficients, directions))


def _relative_error(activations: np.ndarray, coefficients: np.ndarray, directions: np.ndarray) -> float:
    scale = float(np.abs(activations).max())  # squares of large or tiny activations would not fit into float32
    residual = (activations - coefficients @ directions) / scale
    return float(np.linalg.norm(residual) / np.linalg.norm(activations / scale))


def _nmf(matrices: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
    """NMF by coordinate descent (Cichocki and Phan 2009) from NNDSVDa, in scikit-learn or in torch."""
    in_torch = [_is_for_torch(matrix, fitting) for matrix in matrices]
    batched = iter(_torch_nmf([m for m, chosen in zip(matrices, in_torch, strict=True) if chosen], count, fitting))
    return [
        next(batched) if chosen else _sklearn_nmf(matrix, count, fitting)
        for matrix, chosen in zip(matrices, in_torch, strict=True)
    ]


def _is_for_torch(matrix: np.ndarray, fitting: Fitting) -> bool:
    if fitting.solver != "auto":
        return fitting.solver == "torch"
    return not fitting.device.startswith("cpu") or matrix.size >= LARGE


def _sklearn_nmf(matrix: np.ndarray, count: int, fitting: Fitting) -> np.ndarray:
    from sklearn.decomposition import NMF

    spectral = fitting.start == "spectral" and count <= min(matrix.shape)
    model = NMF(count, init="nndsvda" if spectral else "random", max_iter=ITERATIONS, random_state=fitting.seed)
    with _without_convergence_warnings():
        return model.fit(matrix).components_


def _torch_nmf(matrices: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
    import torch

    from atlas.concepts.torch_nmf import factorise_batch

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


def _k_means(matrices: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
    return [_clustered(matrix, count, fitting)[0] for matrix in matrices]


def _semi_nmf(matrices: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
    return [semi_nmf(matrix, _clustered(matrix, count, fitting)[1], count) for matrix in matrices]


def _convex_nmf(matrices: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
    return [convex_nmf(matrix, _clustered(matrix, count, fitting)[1], count) for matrix in matrices]


def _clustered(matrix: np.ndarray, count: int, fitting: Fitting) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres (r, C) of the patches' directions, and the cluster of each patch.

    Norms are left out, since they are what strengths say.
    """
    from sklearn.cluster import KMeans

    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    directions = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    tries = {"init": "k-means++", "n_init": 4} if fitting.start == "spectral" else {"init": "random", "n_init": 1}
    model = KMeans(count, random_state=fitting.seed, **tries)
    with _without_convergence_warnings():
        model.fit(directions, sample_weight=(lengths[:, 0] > 0).astype(matrix.dtype))
    return model.cluster_centers_, model.labels_


def _dictionary(matrices: Sequence[np.ndarray], count: int, fitting: Fitting) -> list[np.ndarray]:
    """Sparse dictionary learning (Mairal et al. 2009) with strengths >= 0 and directions of any sign."""
    from sklearn.decomposition import MiniBatchDictionaryLearning

    atoms = []
    for matrix in matrices:
        model = MiniBatchDictionaryLearning(
            count,
            alpha=DICTIONARY_PENALTY,
            max_iter=20,
            fit_algorithm="cd",
            positive_code=True,
            dict_init=_random_rows(matrix, count, fitting.seed) if fitting.start == "random" else None,
            random_state=fitting.seed,
        )
        with _without_convergence_warnings():
            atoms.append(model.fit(matrix).components_)
    return atoms


def _random_rows(matrix: np.ndarray, count: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(matrix.any(axis=1)))[:count]
    return matrix[rows] / np.linalg.norm(matrix[rows], axis=1, keepdims=True)


@contextmanager
def _without_convergence_warnings() -> Iterator[None]:
    """Keep scikit-learn quiet: the error that every factorisation states says how good it is."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


_STARTS = ("spectral", "random")

FACTORISATIONS: dict[str, FactorisationKind] = {
    "nmf": FactorisationKind("non-negative matrix factorisation", False, _nmf),
    "semi-nmf": FactorisationKind("semi-non-negative matrix factorisation", True, _semi_nmf),
    "convex-nmf": FactorisationKind("convex non-negative matrix factorisation", True, _convex_nmf),
    "k-means": FactorisationKind("k-means clustering of directions", True, _k_means),
    "dictionary": FactorisationKind("sparse dictionary learning", True, _dictionary),
}
"""Every way to factorise, by name."""
