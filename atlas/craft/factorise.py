"""From a class's patches to its concepts: activations A (n, C) as strengths U (n, r) times directions W (r, C)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from atlas.craft.check import check_activations
from atlas.craft.factorisations.base import FACTORISATIONS, Factorisation, Fitting, Solver, Start
from atlas.errors import ConceptError


@dataclass(frozen=True)
class Factors:
    """Concepts of some activations, those with the largest strengths in all first.

    Attributes:
        coefficients: U (n, r) float32, >= 0: :meth:`Factorisation.encode` of the activations.
        directions: W (r, C) float32; rows have unit norm, or are zero where a concept was not needed.
        error: ||A - UW|| / ||A||, Frobenius norms.
    """

    coefficients: np.ndarray
    directions: np.ndarray
    error: float


def factorise(
    activations: np.ndarray,
    count: int,
    kind: str = "nmf",
    solver: Solver = "auto",
    seed: int = 0,
    start: Start = "spectral",
    device: str = "cpu",
) -> Factors:
    """Factorise the activations of one class's patches.

    Args:
        activations: A (n, C), one row per patch.
        count: directions r to fit.
        kind: name of the factorisation.
        solver: of ``nmf``: ``torch`` is meant for GPUs and large data, where ``auto`` chooses it.
        seed: of all random numbers.
        start: ``spectral``, a careful start that depends little on the seed: a singular value decomposition, or the
            best of four k-means++ clusterings for all kinds that begin with one; or ``random``, to see which concepts
            come back.
        device: for ``torch``.

    Raises:
        ConceptError: what :func:`check_activations` finds, or an unknown solver or start.
        ConfigError: there is no such factorisation.
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
) -> list[Factors]:
    """Factorise many classes, each as if alone; on a GPU they are computed together.

    Args:
        activations: one (n, C) each; n may differ.

    Raises:
        ConceptError: one of them cannot be factorised; check them one by one to know which.
        ConfigError: there is no such factorisation.
    """
    for name, value, allowed in (("solver", solver, get_args(Solver)), ("start", start, get_args(Start))):
        if value not in allowed:
            raise ConceptError(f'there is no {name} "{value}"', f"choose one of {', '.join(allowed)}")
    factorisation = FACTORISATIONS.get(kind)
    for matrix in activations:
        check_activations(matrix, count, factorisation.card)
    scaled = [(matrix / _scale(matrix)).astype(np.float32) for matrix in activations]
    directions = factorisation.directions(scaled, count, Fitting(solver, seed, start, device))
    _check_directions(directions, scaled, count, kind)
    return [_finished(matrix, found, factorisation) for matrix, found in zip(activations, directions, strict=True)]


def _check_directions(
    directions: Sequence[np.ndarray], activations: Sequence[np.ndarray], count: int, kind: str
) -> None:
    """Refuse what another package's factorisation must not return."""
    expected = [(count, matrix.shape[1]) for matrix in activations]
    found = [np.shape(each) for each in directions]
    if found != expected or not all(np.isfinite(each).all() for each in directions):
        raise ConceptError(
            f'the factorisation "{kind}" of {FACTORISATIONS.origin(kind)} returned directions of shapes {found}, or '
            f"such that are not finite, in place of {expected}",
            "report it to the authors of that package, or choose another factorisation",
        )


def _scale(activations: np.ndarray) -> float:
    """Return the mean norm, rounded to a power of four: it and its root divide without losing a digit.

    Solvers then see activations of norm about 1, so that their thresholds mean the same for every network, and squares
    stay within float32.
    """
    largest = float(np.abs(activations).max())
    norm = largest * float(np.linalg.norm(activations / largest, axis=1).mean())
    return float(4.0 ** np.round(np.log2(norm) / 2))


def _finished(activations: np.ndarray, directions: np.ndarray, factorisation: Factorisation) -> Factors:
    """Scale directions to unit norm, fit the strengths, sort by them, and measure the error."""
    directions = directions.astype(np.float64)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    directions = np.divide(directions, lengths, out=np.zeros_like(directions), where=lengths > 0).astype(np.float32)
    coefficients = factorisation.encode(activations, directions)
    order = np.argsort(-coefficients.sum(axis=0, dtype=np.float64), kind="stable")
    directions, coefficients = directions[order], coefficients[:, order]
    return Factors(coefficients, directions, _relative_error(activations, coefficients, directions))


def _relative_error(activations: np.ndarray, coefficients: np.ndarray, directions: np.ndarray) -> float:
    scale = float(np.abs(activations).max())  # squares of large or tiny activations would not fit into float32
    residual = (activations - coefficients @ directions) / scale
    return float(np.linalg.norm(residual) / np.linalg.norm(activations / scale))
