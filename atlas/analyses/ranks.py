"""Ranks: where a class stands among all classes of a model."""

import numpy as np


def ranks(logits: np.ndarray) -> np.ndarray:
    """Return the rank of each class, 1 for the strongest.

    A tie ranks as the last of those that tie, so that a model that answers the same for every class recognises none;
    NaN ranks last.

    Args:
        logits: (N, K), or anything that rises with them.

    Returns:
        (N, K) whole numbers from 1 to K.
    """
    from scipy.stats import rankdata

    known = np.where(np.isnan(logits), -np.inf, logits)
    return rankdata(-known, method="max", axis=1).astype(np.int64)
