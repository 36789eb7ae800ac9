"""How much each concept matters to its class: total Sobol indices (CRAFT), or its share of the logit (Lens)."""

from dataclasses import dataclass

import numpy as np

from atlas.core.figures import bootstrap_interval
from atlas.craft.reconstruct import Logit, logit_gradients, masked_logits
from atlas.craft.sobol import jansen, sobol_masks
from atlas.errors import ConceptError


@dataclass(frozen=True)
class ImportanceResult:
    """Importance of r concepts on p photos.

    Attributes:
        per_photo: (p, r) float64.
        mean: (r,) over photos.
        low, high: (r,), 95 % interval of the mean by bootstrap over photos.
    """

    per_photo: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def sobol_importance(
    coefficients: np.ndarray,
    directions: np.ndarray,
    logit: Logit,
    designs: int = 32,
    seed: int = 0,
    batch: int = 64,
    device: str = "cpu",
) -> ImportanceResult:
    """Return the total Sobol index of each concept for the class's logit (CRAFT, Fel et al. 2023, section 3.3).

    On every photo, masks in [0, 1] multiply a concept's strength at all positions; the index is the share of the
    logit's variance that is lost unless this concept's mask is known. Concepts that act through others count each time,
    so that indices may add up to more than 1. A photo without any of the concepts has indices of 0.

    Args:
        coefficients: (p, h, w, r) >= 0; :func:`atlas.craft.reconstruct.pooled` shrinks them where that is safe.
        directions: (r, C).
        logit: the rest of the network, from maps (m, C, h, w) on ``device`` to the class's logit (m,).
        designs: N; the network sees N (r + 1) maps per photo. See :func:`atlas.craft.sobol.sobol_masks`.
        seed: of the masks, the same for all photos, and of the interval.
        batch: maps in memory at once.

    Raises:
        ConceptError: no photos or concepts, fewer than 2 designs, or a logit that is not finite.
    """
    _check_photos(coefficients)
    concepts = len(directions)
    values = masked_logits(coefficients, directions, logit, sobol_masks(concepts, designs, seed), batch, device)
    return _summary(jansen(values, concepts), seed)


def share_importance(
    coefficients: np.ndarray,
    directions: np.ndarray,
    logit: Logit,
    seed: int = 0,
    batch: int = 64,
    device: str = "cpu",
) -> ImportanceResult:
    """Return each concept's share of the class's logit, which Lens shows.

    A concept's part is gradient times strength, summed over positions, at the photo rebuilt from its concepts; its
    share is the positive part of that, divided by the sum over all fitted concepts. So shares add up to 1, a concept
    that lowers the logit has none, and on a linear head whose parts are all positive a share is exactly what the
    concept contributes to logit minus bias. A photo on which no concept raises the logit has shares of 0.

    Args:
        coefficients, directions, logit, batch: as :func:`sobol_importance` takes them.
        seed: of the interval.

    Raises:
        ConceptError: no photos.
    """
    _check_photos(coefficients)
    parts = [
        (strengths * gradient).sum(dim=(2, 3)).cpu().numpy().astype(np.float64)
        for strengths, gradient in logit_gradients(coefficients, directions, logit, batch, device)
    ]
    positive = np.maximum(np.concatenate(parts), 0)
    total = positive.sum(axis=1, keepdims=True)
    return _summary(np.divide(positive, total, out=np.zeros_like(positive), where=total > 0), seed)


def _check_photos(coefficients: np.ndarray) -> None:
    if not len(coefficients):
        raise ConceptError("there is no importance without photos", "add photos of the class")


def _summary(per_photo: np.ndarray, seed: int) -> ImportanceResult:
    low, high = bootstrap_interval(per_photo, seed)
    return ImportanceResult(per_photo, per_photo.mean(axis=0), low, high)
