"""Photos rebuilt from some of their concepts, through the rest of the network."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from atlas.errors import ConceptError

Logit: TypeAlias = Callable[[Tensor], Tensor]
"""The rest of a network: canonical maps (m, C, h, w) float32 to one class's logit (m,), differentiable."""

SAME = 1e-4
"""Difference that makes two ways to compute logits agree, as a share of the logits' deviation."""


def rebuild(strengths: Tensor, directions: Tensor) -> Tensor:
    """Return the maps (m, C, h, w) that strengths (m, r, h, w) of directions (r, C) add up to."""
    if strengths.shape[2:] == (1, 1):
        return (strengths.flatten(1) @ directions)[:, :, None, None]
    return (directions.T @ strengths.flatten(2)).unflatten(2, strengths.shape[2:])


def masked_logits(
    coefficients: np.ndarray,
    directions: np.ndarray,
    logit: Logit,
    masks: np.ndarray,
    batch: int = 64,
    device: str = "cpu",
) -> np.ndarray:
    """Return the class's logit of every photo, rebuilt with its concepts weakened by every mask.

    A mask multiplies a concept's strength everywhere on the photo (CRAFT, Fel et al. 2023, section 3.3).

    Args:
        coefficients: (p, h, w, r) >= 0, of each position of p photos.
        directions: (r, C).
        logit: the rest of the network, on ``device``.
        masks: (M, r), or one set for each photo, (p, M, r).
        batch: maps in memory at once; it does not change the result beyond float noise.

    Returns:
        (p, M) float64.

    Raises:
        ConceptError: a logit is not finite.
    """
    photos, count = len(coefficients), masks.shape[-2]
    strengths = on_device(coefficients, device).permute(0, 3, 1, 2).contiguous()
    weights = on_device(np.broadcast_to(masks, (photos, *masks.shape[-2:])), device).reshape(photos * count, -1)
    basis = on_device(directions, device)
    values = torch.empty(photos * count, device=device)
    with torch.no_grad():
        for rows in torch.arange(photos * count, device=device).split(batch):
            kept = strengths[rows // count] * weights[rows, :, None, None]
            values[rows] = logit(rebuild(kept, basis)).float()
    found = values.cpu().numpy().astype(np.float64).reshape(photos, count)
    if not np.isfinite(found).all():
        raise ConceptError("the class's logit is not finite on photos rebuilt from concepts", "choose a later layer")
    return found


def pooled(
    coefficients: np.ndarray, directions: np.ndarray, logit: Logit, batch: int = 64, device: str = "cpu"
) -> np.ndarray:
    """Return the coefficients' means over positions, (p, 1, 1, r), if the logit depends on nothing else.

    A network that averages its maps at once, as most do after their last layer, then gives the same logits from maps of
    one position, as many times faster as there are positions. That is tried, not guessed from the layer's name: on
    every photo as it is, and with every concept weakened in turn. Otherwise, returns the coefficients as they are.
    """
    if coefficients.shape[1:3] == (1, 1):
        return coefficients
    means = coefficients.mean(axis=(1, 2), keepdims=True)
    count = len(directions)
    masks = np.concatenate([np.ones((1, count)), 1 - np.eye(count)]).astype(np.float32)
    try:
        fast = masked_logits(means, directions, logit, masks, batch, device)
    except (RuntimeError, ValueError):  # a network whose pooling or flattening is of a fixed size
        return coefficients
    exact = masked_logits(coefficients, directions, logit, masks, batch, device)
    return means if np.abs(fast - exact).max(initial=0) <= SAME * exact.std() else coefficients


def logit_gradients(
    coefficients: np.ndarray, directions: np.ndarray, logit: Logit, batch: int = 64, device: str = "cpu"
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield, photos in order, strengths (m, r, h, w) and the logit's gradient with respect to them."""
    basis = on_device(directions, device)
    for part in on_device(coefficients, device).permute(0, 3, 1, 2).split(batch):
        strengths = part.detach().requires_grad_()
        with torch.enable_grad():
            total = logit(rebuild(strengths, basis)).sum()  # photos do not mix, so each gets its own gradient
        yield part, torch.autograd.grad(total, strengths)[0]


def on_device(array: np.ndarray, device: str) -> Tensor:
    """Return a float32 tensor of an array, which stays as it is."""
    return torch.tensor(array, dtype=torch.float32, device=device)
