"""Where a concept is on a photo: its strengths drawn large, or traced to the pixels that decide them."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from atlas.craft.encode import Encode, least_squares

Activation: TypeAlias = Callable[[Tensor], Tensor]
"""The first part of a network: images (p, 3, H, W) to canonical maps (p, C, h, w), differentiable."""

BLUR = 0.02
"""Standard deviation of the smoothing, as a share of the image's side: 4.5 px at 224, the grain that strided
convolutions leave in gradients (4 to 8 px) and less than any part of an object that a concept shows."""


def position_heat(coefficients: np.ndarray, component: int, side: int) -> np.ndarray:
    """Return a concept's strengths at each position, enlarged (bicubic, clipped at 0), in units of the strengths.

    Args:
        coefficients: (p, h, w, r) >= 0.
        component: which of the r concepts.
        side: of the heat maps, pixels.

    Returns:
        (p, side, side) float32, >= 0.
    """
    maps = torch.tensor(coefficients[..., component], dtype=torch.float32).unsqueeze(1)
    large = torch.nn.functional.interpolate(maps, size=(side, side), mode="bicubic", align_corners=False)
    return large.clamp_min(0).squeeze(1).numpy()


def implicit_heat(
    images: Tensor, activation: Activation, directions: np.ndarray, component: int, encode: Encode = least_squares
) -> np.ndarray:
    """Return how strongly each pixel decides a concept's strength (CRAFT, Fel et al. 2023, section 3.4).

    That is the magnitude of :func:`strength_gradient`, averaged over colours and smoothed by a Gaussian of
    :data:`BLUR`. It has the photo's resolution rather than the layer's, and says where a small change would change the
    strength, not where the concept is large; a photo without the concept is all zero.

    Args:
        images, activation, directions, component, encode: as :func:`strength_gradient` takes them.

    Returns:
        (p, H, W) float32, >= 0.
    """
    from scipy.ndimage import gaussian_filter

    gradient = strength_gradient(images, activation, directions, component, encode)
    sensitivity = gradient.abs().mean(dim=1).float().cpu().numpy()
    blur = BLUR * max(sensitivity.shape[1:])
    return np.maximum(gaussian_filter(sensitivity, sigma=(0, blur, blur)), 0)


def strength_gradient(
    images: Tensor, activation: Activation, directions: np.ndarray, component: int, encode: Encode = least_squares
) -> Tensor:
    """Return the gradient of a concept's strength, summed over positions, with respect to the pixels.

    Strengths solve a non-negative least-squares problem, which is differentiated implicitly: near a solution with
    positive strengths S, u_S = (W_S W_S^T)^-1 W_S a, and the others stay zero. So each position's strength has the row
    of that matrix as its gradient in the activation a, and one backward pass takes all of them to the pixels.

    Args:
        images: (p, 3, H, W) in [0, 1], on the network's device.
        activation: the first part of the network. Images must not affect each other in it.
        directions: W (r, C).
        component: which of the r concepts.
        encode: of the factorisation.

    Returns:
        (p, 3, H, W), of the images' type and device.
    """
    images = images.detach().requires_grad_()
    with torch.enable_grad():
        maps = activation(images)
    flat = maps.detach().permute(0, 2, 3, 1).flatten(0, 2).cpu().double().numpy()
    slopes = torch.from_numpy(_slopes(flat, directions, component, encode)).to(maps)
    weights = slopes.unflatten(0, (maps.shape[0], *maps.shape[2:])).permute(0, 3, 1, 2)
    return torch.autograd.grad(maps, images, grad_outputs=weights)[0]


def _slopes(activations: np.ndarray, directions: np.ndarray, component: int, encode: Encode) -> np.ndarray:
    """Return the gradient (m, C) of each row's strength of ``component`` with respect to the row (m, C)."""
    directions = directions.astype(np.float64)
    support = encode(activations, directions) > 0  # (m, r)
    slopes = np.zeros_like(activations)
    present = np.flatnonzero(support[:, component])
    if present.size:
        kept = support[present]
        gram = (directions @ directions.T) * kept[:, :, None] * kept[:, None, :]
        inverse = np.linalg.pinv(gram, rcond=1e-10, hermitian=True)  # zero for directions that are not in S
        slopes[present] = inverse[:, component] @ directions
    return slopes
