"""CKA: how alike two layers place the same photos, by the unbiased estimator over minibatches.

Centred kernel alignment (Kornblith et al. 2019) with the linear kernel, from the unbiased HSIC of every minibatch (Song
et al. 2012; Nguyen et al. 2021, equation 3), so that no batch needs more than its own photos' Gram matrices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from atlas.core.figures import interval_of, resampled
from atlas.core.metric_card import MetricCard, Source
from atlas.errors import ScoreError

LEAST = 4
"""Photos of a minibatch, at least: the estimator divides by n - 3."""

CHUNK = 1 << 22
"""Values that are held in float64 at once."""

ROUNDING = 8.0
"""Differences of less than so many units of rounding, in proportion to what they are differences of, are none."""

CARD = MetricCard(
    name="cka",
    title="CKA",
    about="models",
    summary="how alike two layers, of one model or of two, place the same photos towards each other",
    meaning=(
        "1: the distances between photos are the same in both layers, up to one common factor; turning or mirroring "
        "the axes changes nothing. Near 0: which photos are alike to one layer tells nothing of the other.",
        "A bright block in the heat map is a run of layers that represent photos alike; a model whose first and last "
        "layers are alike carries through what it sees.",
    ),
    definition="The mean over minibatches of the unbiased HSIC of both layers' linear kernels, divided by the root of "
    "the product of the same of each layer with itself. A minibatch counts by its photos.",
    lowest=-1,
    highest=1,
    n="one value of n photos in minibatches, with the bootstrap's interval over minibatches",
    paper=Source(
        title="Do Wide and Deep Networks Learn the Same Things?",
        authors="Nguyen, Raghu, Kornblith",
        year=2021,
        url="https://arxiv.org/abs/2010.15327",
    ),
    limits=(
        "The estimator has no bias, so a pair of layers with nothing in common may fall a little below 0.",
        "A few photos, or a few directions of much variance, can decide it: photos of one class give other values than "
        "photos of many.",
        "Class and register tokens of transformers are left out.",
        "Of few minibatches the interval is too narrow; of one there is none.",
    ),
)


def minibatches(count: int, size: int) -> list[slice]:
    """Return as few minibatches as hold ``count`` photos in order, all nearly equal.

    None is above ``size``, unless some would then be below :data:`LEAST`.

    Raises:
        ScoreError: fewer than :data:`LEAST` photos.
    """
    if count < LEAST:
        raise ScoreError(f"CKA of {count} photos: it needs {LEAST} or more", "add photos")
    batches = min(-(-count // max(size, 1)), count // LEAST)
    ends = [count * place // batches for place in range(batches + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]


@torch.no_grad()
def unbiased_gram(activation: Tensor) -> np.ndarray:
    """Return the U-centred Gram matrix of a minibatch: its products are unbiased HSIC.

    With the diagonal of the linear kernel K set to 0, and off the diagonal (Székely, Rizzo 2014, equation 2.3)::

        K_ij - sum_l K_il / (n - 2) - sum_k K_kj / (n - 2) + sum_kl K_kl / ((n - 1) (n - 2))

    Args:
        activation: (n, ...), n at least :data:`LEAST`: maps, tokens or vectors alike. It is read in parts, so that
            memory holds little besides it.

    Returns:
        (n, n) float64. All 0 if the layer says the same of every photo; all NaN if it gives NaN or infinity.

    Raises:
        ScoreError: fewer photos.
    """
    count = len(activation)
    if count < LEAST:
        raise ScoreError(f"a minibatch of {count} photos: CKA needs {LEAST} or more", "see minibatches()")
    flat = activation.flatten(1) if activation.dim() > 1 else activation[:, None]
    kernel = torch.zeros(count, count, dtype=torch.float64)
    size = 0.0
    for part in flat.split(max(1, CHUNK // count), dim=1):
        values = part.double()
        size += float(values.square().sum())
        values = values - values.mean(dim=0)  # changes nothing but rounding: the estimator knows no common offset
        kernel += (values @ values.T).cpu()
    if not np.isfinite(size):
        return np.full((count, count), np.nan)
    rounding = ROUNDING * (torch.finfo(activation.dtype).eps if activation.is_floating_point() else 0.0)
    if float(kernel.trace()) <= rounding**2 * size:
        return np.zeros((count, count))
    off = kernel.numpy()
    np.fill_diagonal(off, 0)
    sums = off.sum(axis=1) / (count - 2)
    centred = off - sums[:, None] - sums + off.sum() / ((count - 1) * (count - 2))
    np.fill_diagonal(centred, 0)
    # Photos at equal distances from each other leave nothing but rounding.
    return centred if np.linalg.norm(centred) > rounding * np.linalg.norm(off) else np.zeros_like(centred)


def grams(activations: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """Return layer to :func:`unbiased_gram` of the activations of one minibatch."""
    return {layer: unbiased_gram(activation) for layer, activation in activations.items()}


@dataclass(frozen=True)
class Similarity:
    """CKA of some layers (rows) with some layers (columns).

    Attributes:
        rows, columns: names of layers.
        values, low, high: (R, C) float64 with the ends of the 95 % interval; NaN where there is no value.
        photos, batches: how many.
        reasons: why a layer has no values: a sentence without its subject, by ``(model's place 0 or 1, layer)``.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    photos: int
    batches: int
    reasons: Mapping[tuple[int, str], str]


@dataclass(frozen=True)
class _Batch:
    """The HSIC of a minibatch: of the rows with the columns, and of each with itself."""

    photos: int
    cross: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


@dataclass
class CKA:
    """Gathers minibatches, and tells how alike layers are on all of them.

    Attributes:
        rows: layers of one model. columns: of another on the same photos; None: the same layers.
    """

    rows: Sequence[str]
    columns: Sequence[str] | None = None
    _batches: list[_Batch] = field(default_factory=list)

    def add(self, rows: Mapping[str, np.ndarray], columns: Mapping[str, np.ndarray] | None = None) -> None:
        """Add a minibatch.

        Args:
            rows: the layers' :func:`grams`. columns: those of the other model's layers on the same photos.

        Raises:
            ScoreError: the two are of different numbers of photos, or a layer is missing.
        """
        first = self._flat(rows, self.rows)
        second = first if self.columns is None else self._flat(columns or {}, self.columns)
        if first.shape[1] != second.shape[1]:
            raise ScoreError("the two models saw different numbers of photos", "show both the same minibatches")
        count = round(first.shape[1] ** 0.5)
        scale = count * (count - 3)
        of_rows, of_columns = (np.square(each).sum(axis=1) / scale for each in (first, second))
        self._batches.append(_Batch(count, first @ second.T / scale, of_rows, of_columns))

    def result(self, seed: int = 0) -> Similarity:
        """Return how alike the layers are; it does not depend on the order in which minibatches came.

        Args:
            seed: of the bootstrap.

        Raises:
            ScoreError: no minibatch.
        """
        if not self._batches:
            raise ScoreError("there is no CKA without photos", "add a minibatch")
        batches = sorted(self._batches, key=lambda batch: (batch.photos, batch.cross.tobytes()))
        photos = np.array([batch.photos for batch in batches], dtype=np.float64)
        cross = np.stack([batch.cross for batch in batches])
        own = np.stack([batch.rows for batch in batches])
        other = np.stack([batch.columns for batch in batches])
        values = _aligned(photos, cross, own, other)
        if self.columns is None:
            values = (values + values.T) / 2
        count = len(batches)
        drawn = resampled(count, seed) * photos  # (RESAMPLES, k)
        intervals = [  # row by row: all at once would be RESAMPLES values for each pair of layers
            _interval(_aligned(drawn, cross[:, row : row + 1], own[:, row : row + 1], other)[:, 0])
            for row in range(len(self.rows))
        ]
        low, high = np.stack(intervals, axis=1)
        columns = tuple(self.rows if self.columns is None else self.columns)
        reasons = {(0, layer): why for layer, why in _reasons(self.rows, own)}
        reasons |= {(1, layer): why for layer, why in _reasons(columns, other)} if self.columns is not None else {}
        return Similarity(tuple(self.rows), columns, values, low, high, int(photos.sum()), count, reasons)

    @staticmethod
    def _flat(found: Mapping[str, np.ndarray], layers: Sequence[str]) -> np.ndarray:
        missing = [layer for layer in layers if layer not in found]
        if missing:
            raise ScoreError(f"a minibatch lacks the layers {', '.join(missing)}", "give the same layers in each")
        return np.stack([found[layer].reshape(-1) for layer in layers])


def _aligned(weights: np.ndarray, cross: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return (..., R, C): the weighted sum of batches' ``cross`` over the roots of those of ``own`` and ``other``."""
    between, first, second = (np.tensordot(weights, each, axes=1) for each in (cross, own, other))
    with np.errstate(invalid="ignore", divide="ignore"):  # a constant layer has 0 / 0, which is no value
        return between / (np.sqrt(first)[..., :, None] * np.sqrt(second)[..., None, :])


def _interval(samples: np.ndarray) -> np.ndarray:
    """Return the ends (2, C) of intervals of samples (r, C); those that drew nothing but constant minibatches tell
    none, and without any other there is none."""
    ends = np.full((2, samples.shape[1]), np.nan)
    for place, column in enumerate(samples.T):
        known = column[np.isfinite(column)]
        if len(known):
            ends[:, place] = interval_of(known)
    return ends


def _reasons(layers: Sequence[str], own: np.ndarray) -> list[tuple[str, str]]:
    sums = own.sum(axis=0)
    broken = [(layer, "gives NaN or infinity") for layer, value in zip(layers, sums, strict=True) if np.isnan(value)]
    return broken + [(layer, "tells no photo from another") for layer, v in zip(layers, sums, strict=True) if v == 0]
