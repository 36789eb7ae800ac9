"""Comparing concepts: do they come back, do they come together, which comes first."""

from collections.abc import Sequence

import numpy as np

from atlas.errors import ConceptError


def stability(directions: np.ndarray, repeats: Sequence[np.ndarray]) -> np.ndarray:
    """Return how surely each concept comes back: the smallest, over repeats, of its best cosine there.

    Args:
        directions: (r, C).
        repeats: the directions (r', C) of the same factorisation from other seeds, at least one.

    Returns:
        (r,) in [0, 1]; 0 for a direction of zeros, or one that every direction of a repeat points away from.

    Raises:
        ConceptError: there are no repeats.
    """
    if not repeats:
        raise ConceptError("a factorisation that was not repeated has no stability", "repeat it at least once")
    best = [(_unit(directions) @ _unit(repeat).T).max(axis=1) for repeat in repeats]
    return np.clip(np.min(best, axis=0), 0, 1)


def together(per_photo_strengths: np.ndarray) -> np.ndarray:
    """Return the cosine of every two concepts' strengths over photos.

    Args:
        per_photo_strengths: (p, r), >= 0, one per photo and concept.

    Returns:
        (r, r) in [0, 1], symmetric; a concept that is in no photo has 0 everywhere.
    """
    columns = _unit(per_photo_strengths.T)
    return np.clip(columns @ columns.T, 0, 1)


def first_share(per_photo_importance: np.ndarray) -> np.ndarray:
    """Return the share of photos on which each concept is the most important.

    Photos on which no concept matters have no first; of several that tie, the one with the lowest index is first.

    Args:
        per_photo_importance: (p, r) of each photo.

    Returns:
        (r,), which sums to at most 1.
    """
    photos, concepts = per_photo_importance.shape
    matters = per_photo_importance.max(axis=1, initial=0) > 0
    firsts = per_photo_importance[matters].argmax(axis=1)
    return np.bincount(firsts, minlength=concepts) / max(photos, 1)


def _unit(rows: np.ndarray) -> np.ndarray:
    """Scale rows to unit norm, float64; rows of zeros stay."""
    rows = rows.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
