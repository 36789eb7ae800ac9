"""Objectives about a photo's code: come near it, or exaggerate it (Mahendran and Vedaldi 2016, section 3.1)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from atlas.core.job import Target
from atlas.errors import ModelError
from atlas.models.network.network import Network
from atlas.synthesis.scores.channels import channel_numbers
from atlas.synthesis.steps.evaluation import activation_of


def reference_codes(network: Network, layer: str, photos: Tensor) -> Tensor:
    """Return the activation of photos (B, 3, H, W) at a layer, (B, C, h, w) or (B, C)."""
    with torch.no_grad():
        return activation_of(network, photos, layer)


class CodeDistance:
    """Minus the relative squared error ``|(a - a0) M|^2 / |a0 M|^2`` (equations 2 and 3): 0 for the photo itself.

    Args:
        targets: B targets. codes: a0 of each, (B, C, h, w) or (B, C).
        mask: M, ones and zeros that broadcast to one code.

    Raises:
        ModelError: a photo's code is 0 wherever the mask is 1.
    """

    def __init__(self, targets: Sequence[Target], codes: Tensor, mask: Tensor) -> None:
        self._codes, self._mask = codes * mask, mask
        self._squares = _squares(targets, self._codes)

    def __call__(self, activation: Tensor) -> Tensor:
        """Return the objective (B, n) of every view's activation (B * n, C, ...), all n of the first target first."""
        grouped = activation.unflatten(0, (len(self._codes), -1)) * self._mask
        return -(grouped - self._codes[:, None]).square().flatten(2).sum(dim=2) / self._squares[:, None]


class CodeProduct:
    """``<a, max(a0, 0) M> / |max(a0, 0) M|^2`` (equation 4): 1 for the photo itself if its code is not negative.

    Section 7 divides by ``Z = 1 / |max(a0, 0)|``, which would multiply; the authors' exp_enhance.m divides by the
    square of the norm, so that the loss is of the size of the priors as section 3.3 asks.

    Args:
        targets: B targets. codes: a0 of each, (B, C, h, w) or (B, C).
        mask: M, ones and zeros that broadcast to one code.

    Raises:
        ModelError: a photo's code has nothing positive where the mask is 1.
    """

    def __init__(self, targets: Sequence[Target], codes: Tensor, mask: Tensor) -> None:
        positive = codes.clamp_min(0) * mask
        squares = _squares(targets, positive)
        self._weights = positive / squares.view(-1, *[1] * (codes.dim() - 1))

    def __call__(self, activation: Tensor) -> Tensor:
        """Return the objective of every view: see :class:`CodeDistance`."""
        grouped = activation.unflatten(0, (len(self._weights), -1))
        return (grouped * self._weights[:, None]).flatten(2).sum(dim=2)


def code_mask(shape: Sequence[int], layer: str, channels: str, window: int, device: torch.device) -> Tensor:
    """Return a mask of a layer's code: 1 in some channels within a central window, else 0.

    Args:
        shape: of one code, (C, h, w) or (C,).
        channels: ``all``, ``first half``, ``second half``, or ranges such as ``0-15,32``.
        window: side of the window; 0 for the whole map. A vector has no window.

    Returns:
        (C, h, w), or (C,).

    Raises:
        ModelError: the layer has no such channel.
    """
    mask = torch.zeros(tuple(shape), device=device)
    chosen = channel_numbers(channels, shape[0])
    if chosen and chosen[-1] >= shape[0]:
        raise ModelError(
            f'channels = "{channels}", but layer "{layer}" has {shape[0]} channels', f"name some of 0 to {shape[0] - 1}"
        )
    if len(shape) == 1 or window == 0:
        mask[chosen] = 1
    else:
        (top, bottom), (left, right) = (_central(length, window) for length in shape[1:])
        mask[chosen, top:bottom, left:right] = 1
    return mask


def _central(length: int, window: int) -> tuple[int, int]:
    """Return start and end of the central ``window`` of ``length`` places (authors' get_preimage_opts.m)."""
    start = max(0, (length - window) // 2)
    return start, start + min(window, length)


def _squares(targets: Sequence[Target], codes: Tensor) -> Tensor:
    """Return the squared norms of codes, (B,)."""
    squares = codes.square().flatten(1).sum(dim=1)
    for target, value in zip(targets, squares.tolist(), strict=True):
        if value == 0:
            raise ModelError(
                f"{target}: the photo activates nothing there that could be shown",
                "choose another layer, other channels, a larger window or another photo",
            )
    return squares
