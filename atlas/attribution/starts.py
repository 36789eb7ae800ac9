"""Starts: of what relevance is sent back. Each gives the gradient ``c`` of what is explained to a layer's activation.

Relevance at the layer itself is ``R = a * c``: with c = 1 at a channel, the channel's own activation.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Start = Callable[[Tensor], Tensor]
"""Activation (N, C, h, w) or (N, C), detached -> the gradient to it, of the same shape; each item's from itself."""


def channel_start(units: Tensor, where: Literal["mean", "max"] = "mean") -> Start:
    """Return the start of a channel's mean over positions, or of its value at its largest position.

    Args:
        units: (N,), on the device; or (1,) for all items.
    """

    def start(activation: Tensor) -> Tensor:
        flat = activation.flatten(2) if activation.dim() > 2 else activation[:, :, None]
        items = torch.arange(len(flat), device=flat.device)
        chosen = units.expand(len(flat))
        result = torch.zeros_like(flat)
        if where == "mean":
            result[items, chosen] = flat.new_full((), 1 / flat.shape[2])
        else:
            result[items, chosen, flat[items, chosen].argmax(dim=1)] = flat.new_ones(())
        return result.view(activation.shape)

    return start


def neuron_start(units: Tensor, places: Sequence[tuple[int, int] | None]) -> Start:
    """Return the start of a channel's value at one position, (row, column); the central one for None.

    Args:
        units: (N,), on the device. places: N of them.
    """
    named = torch.tensor([place or (-1, -1) for place in places], device=units.device).T

    def start(activation: Tensor) -> Tensor:
        rows, columns = (
            torch.where(place < 0, length // 2, place)
            for place, length in zip(named, activation.shape[2:], strict=True)
        )
        result = torch.zeros_like(activation)
        result[torch.arange(len(units), device=units.device), units, rows, columns] = result.new_ones(())
        return result

    return start


def direction_start(vectors: Tensor) -> Start:
    """Return the start at the position whose activation has the largest cosine with a direction.

    The direction itself is the relevance there (VITAL, section 2.3), of units that are 0 none.

    Args:
        vectors: (N, C), on the device; or (1, C) for all items.
    """

    def start(activation: Tensor) -> Tensor:
        flat = activation.flatten(2) if activation.dim() > 2 else activation[:, :, None]
        given = vectors.expand(len(flat), -1)
        place = F.cosine_similarity(flat, given[:, :, None], dim=1).argmax(dim=1)  # (N,)
        items = torch.arange(len(flat), device=flat.device)
        there = flat[items, :, place]
        result = torch.zeros_like(flat)
        result[items, :, place] = torch.where(there != 0, given / there, 0.0).nan_to_num(0.0, 0.0, 0.0)
        return result.view(activation.shape)

    return start
