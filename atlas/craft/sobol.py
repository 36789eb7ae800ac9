"""Total Sobol indices: the share of a function's variance that is gone once all but one of its inputs are known.

Jansen's estimator (1999) on a scrambled Sobol sequence. It compares f at points A with f at points C_i, which are A
with input i taken from other points B; f(B) itself is never needed.
"""

from collections.abc import Callable

import numpy as np

from atlas.errors import ConceptError

CONSTANT = 1e-6
"""A deviation below this share of the largest value is float32 noise of a constant function."""


def sobol_masks(dimensions: int, designs: int, seed: int = 0) -> np.ndarray:
    """Return the points at which to evaluate a function of ``dimensions`` inputs in [0, 1].

    Args:
        dimensions: d.
        designs: N, at least 2. A power of two keeps the balance of the sequence; of any other number, the first N of
            the next power's points are taken, which is allowed and a little less accurate.
        seed: of the scrambling (Owen).

    Returns:
        (N * (d + 1), d) float32 in [0, 1]: N points A, then N points C_1 (A with input 1 from B), to C_d.

    Raises:
        ConceptError: no dimension, or fewer than 2 designs.
    """
    from scipy.stats import qmc

    if dimensions < 1 or designs < 2:
        raise ConceptError(
            f"there are no Sobol indices of {dimensions} inputs by {designs} designs",
            "ask for at least one concept and two designs, better 32",
        )
    sequence = qmc.Sobol(2 * dimensions, scramble=True, rng=np.random.default_rng(seed))
    points = sequence.random_base2((designs - 1).bit_length())[:designs].astype(np.float32)
    a, b = points[:, :dimensions], points[:, dimensions:]
    masks = np.tile(a, (dimensions + 1, 1, 1))
    for i in range(dimensions):
        masks[i + 1, :, i] = b[:, i]
    return masks.reshape(-1, dimensions)


def jansen(values: np.ndarray, dimensions: int) -> np.ndarray:
    """Return the total indices S_Ti = sum_j (f(A_j) - f(C_ij))^2 / (2 N Var f(A)) (Jansen 1999).

    The variance is the unbiased one of f(A) alone, over N - 1. Where it is zero, or float noise, all indices are 0: a
    constant depends on no input.

    Args:
        values: (..., N * (d + 1)), f at the points of :func:`sobol_masks`, in their order.
        dimensions: d.

    Returns:
        (..., d) float64, >= 0. An estimate may exceed 1.

    Raises:
        ConceptError: the number of values does not fit.
    """
    if values.shape[-1] % (dimensions + 1) or values.shape[-1] < 2 * (dimensions + 1):
        raise ConceptError(
            f"{values.shape[-1]} values cannot be those of {dimensions} inputs",
            f"give a multiple of {dimensions + 1} of them, at least two each",
        )
    blocks = values.astype(np.float64).reshape(*values.shape[:-1], dimensions + 1, -1)
    base, changed = blocks[..., :1, :], blocks[..., 1:, :]
    variance = base.var(axis=-1, ddof=1)
    noise = (CONSTANT * np.abs(blocks).max(axis=(-2, -1))[..., None]) ** 2
    spread = np.square(base - changed).mean(axis=-1) / 2
    return np.divide(spread, variance, out=np.zeros_like(spread), where=variance > noise)


def total_indices(
    function: Callable[[np.ndarray], np.ndarray], dimensions: int, designs: int, seed: int = 0
) -> np.ndarray:
    """Return the total indices (d,) of ``function``, which takes (m, d) in [0, 1] to (m,)."""
    return jansen(np.asarray(function(sobol_masks(dimensions, designs, seed))), dimensions)
