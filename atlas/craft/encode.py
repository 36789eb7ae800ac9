"""How strongly each concept is in an activation, given the concepts' directions: two ways that factorisations use."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

Encode: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Activations (m, C) and directions (r, C) to strengths (m, r) >= 0: what a factorisation does."""

PASSES = 30
"""Steps allowed per direction in one non-negative least-squares problem, ten times what SciPy allows by default: only
a degenerate problem needs more than a few."""

OPTIMAL = 1e-9
"""Slope of the residual that counts as none, as a share of the largest there can be."""


def least_squares(activations: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return the strengths u >= 0 of every direction in every activation.

    They solve ``min ||a - uW||`` over u >= 0 exactly (Lawson and Hanson 1974, chapter 23), row by row, so that a row's
    strengths depend on nothing but that row.

    Args:
        activations: (m, C): a patch's mean activation, or that of one position of a map.
        directions: W (r, C). They may depend on each other; one of zeros has strength 0.

    Returns:
        (m, r) float32.
    """
    from scipy.optimize import lsq_linear, nnls

    # W^T = QR turns C equations into at most r, without squaring the condition of W as its normal equations would.
    basis, triangle = np.linalg.qr(directions.T.astype(np.float64))
    projected = activations @ basis
    strengths = np.empty((len(activations), len(directions)))
    for row, target in enumerate(projected):
        strengths[row] = nnls(triangle, target, maxiter=PASSES * len(directions))[0]
    for row in _not_optimal(strengths, triangle, projected):
        strengths[row] = lsq_linear(triangle, projected[row], (0, np.inf), method="bvls").x
    return np.maximum(strengths, 0).astype(np.float32)


def _not_optimal(strengths: np.ndarray, triangle: np.ndarray, projected: np.ndarray) -> np.ndarray:
    """Return the rows that violate the problem's optimality conditions: slope 0 where u > 0, else <= 0.

    SciPy's NNLS can stop too early where two directions tie to the last bit: one in 25,000 problems of small integers.
    """
    slopes = (projected - strengths @ triangle.T) @ triangle
    noise = OPTIMAL * np.linalg.norm(projected, axis=1) * np.linalg.norm(triangle, axis=0).max(initial=0)
    excess = np.where(strengths > 0, np.abs(slopes), slopes)
    return np.flatnonzero((excess > noise[:, None]).any(axis=1))


def nearest(activations: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return strengths (m, r) float32 of which each row has one: its projection on the direction of largest cosine.

    Args:
        activations: (m, C). directions: (r, C).
    """
    lengths = np.maximum(np.linalg.norm(directions, axis=1), np.finfo(np.float32).tiny)
    along = activations @ (directions / lengths[:, None]).T
    rows, nearest = np.arange(len(along)), along.argmax(axis=1)
    strengths = np.zeros_like(along, dtype=np.float32)
    strengths[rows, nearest] = np.maximum(along[rows, nearest], 0) / lengths[nearest]
    return strengths


def position_strengths(maps: np.ndarray, directions: np.ndarray, encode: Encode) -> np.ndarray:
    """Return the strengths (p, h, w, r) of directions (r, C) at each position of activation maps (p, C, h, w)."""
    count, channels, rows, columns = maps.shape
    positions = maps.transpose(0, 2, 3, 1).reshape(-1, channels)
    return encode(positions, directions).reshape(count, rows, columns, -1)
