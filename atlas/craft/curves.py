"""Deletion and insertion curves: how the logit falls, or rises, as concepts go or come in some order."""

import numpy as np

from atlas.craft.reconstruct import Logit, masked_logits


def deletion_curve(
    coefficients: np.ndarray,
    directions: np.ndarray,
    logit: Logit,
    order: np.ndarray,
    batch: int = 64,
    device: str = "cpu",
) -> np.ndarray:
    """Return the logit of each photo with all concepts, then without the first of ``order``, to none.

    Args:
        coefficients: (p, h, w, r) >= 0.
        directions: (r, C).
        logit: the rest of the network, from maps (m, C, h, w) on ``device`` to the class's logit (m,).
        order: (r,) indices of concepts, or one order for each photo, (p, r).
        batch: maps in memory at once.

    Returns:
        (p, r + 1) float64.
    """
    rank = np.argsort(order, axis=-1)
    kept = rank[..., None, :] >= np.arange(rank.shape[-1] + 1)[:, None]  # (..., deleted, concept)
    return masked_logits(coefficients, directions, logit, kept.astype(np.float32), batch, device)


def insertion_curve(
    coefficients: np.ndarray,
    directions: np.ndarray,
    logit: Logit,
    order: np.ndarray,
    batch: int = 64,
    device: str = "cpu",
) -> np.ndarray:
    """Return the logit of each photo with no concept, then with the first of ``order``, to all, (p, r + 1).

    Takes what :func:`deletion_curve` takes. Deleting in the reverse order passes through the same photos.
    """
    return deletion_curve(coefficients, directions, logit, np.flip(order, axis=-1), batch, device)[:, ::-1]


def area_under(curve: np.ndarray) -> np.ndarray:
    """Return the normalised area under curves of either sort: 1/2 where every concept counts the same.

    The logit is scaled so that it is 1 with all concepts and 0 with none, and the share of concepts runs from 0 to 1
    (trapezoidal rule). A good order has a small area under deletion and a large one under insertion. Average curves
    over photos first: on one photo the two ends may be near each other, or the wrong way round.

    Args:
        curve: (..., r + 1), from all concepts to none or back; the higher end is taken as "all".

    Returns:
        (...); 1/2 where both ends are equal, which says nothing about the order.
    """
    curve = curve.astype(np.float64)
    ends = curve[..., [0, -1]]
    low, high = ends.min(axis=-1), ends.max(axis=-1)
    height = (curve[..., 1:] + curve[..., :-1]).mean(axis=-1) / 2
    return np.divide(height - low, high - low, out=np.full_like(height, 0.5), where=high > low)
