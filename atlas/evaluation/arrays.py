"""Arrays as scores take them: of numpy or torch, on any device, as float64 of numpy, for which one code is enough."""

from collections.abc import Hashable, Sequence, Sized
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from atlas.errors import ScoreError

if TYPE_CHECKING:
    from torch import Tensor

Array: TypeAlias = "np.ndarray | Tensor"


def as_float64(values: Array) -> np.ndarray:
    """Return values as an array of numpy, float64."""
    if not isinstance(values, np.ndarray) and hasattr(values, "detach"):
        values = values.detach().double().cpu().numpy()
    return np.asarray(values, dtype=np.float64)


def as_rows(values: Array, what: str) -> np.ndarray:
    """Return values (n, d), float64.

    Raises:
        ScoreError: they have no two dimensions; ``what`` names them.
    """
    rows = as_float64(values)
    if rows.ndim != 2:
        raise ScoreError(f"{what} have the shape {rows.shape}", "give one row of numbers for each, (n, d)")
    return rows


def finite_rows(rows: np.ndarray) -> np.ndarray:
    """Tell which rows have neither NaN nor an infinite value, (n,) bool."""
    return np.isfinite(rows).all(axis=1)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Return rows (n, d) at L2 norm 1; NaN where that cannot be had, because a row is zero or not finite."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
        scaled = rows / largest  # so that squares of very large or small values stay within range
        return scaled / np.linalg.norm(scaled, axis=1, keepdims=True)


def check_keys(keys: Sequence[Hashable], rows: Sized, what: str) -> None:
    """Check that there is one key for each row, and that no two are the same.

    Raises:
        ScoreError: it is not so.
    """
    if len(keys) != len(rows):
        raise ScoreError(f"there are {len(rows)} {what} of {len(keys)} pictures", "give one for each picture, in order")
    if len(set(keys)) != len(keys):
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise ScoreError(f"two pictures have the key {twice}", "name each picture once, such as by class and seed")


def finite_sets(pictures: Array, photos: Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of two sets, (N, D) and (M, D) float64, without the rows that are not finite.

    Raises:
        ScoreError: fewer than two rows of either remain, or they have two numbers of features.
    """
    sets = {"pictures": as_rows(pictures, "features of pictures"), "photos": as_rows(photos, "features of photos")}
    first, second = (rows[finite_rows(rows)] for rows in sets.values())
    if first.shape[1] != second.shape[1]:
        raise ScoreError(
            f"pictures have {first.shape[1]} features and photos have {second.shape[1]}",
            "take both from one layer of one judge",
        )
    for name, rows in zip(sets, (first, second), strict=True):
        if len(rows) < 2:
            raise ScoreError(
                f"{len(sets[name])} {name}, {len(rows)} of them with finite features, have no spread",
                f"give at least two {name}",
            )
    return first, second
