"""Windows: what each picture of a batch shows at a place of its own, read by one operation for all of them.

A loop over pictures would start as many kernels as there are pictures; here their number does not depend on the batch,
places stay on the device, and the gradient is read back from the windows, which adds nothing up and so is the same bits
every time.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def windows(images: Tensor, corners: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the window of each image whose upper left pixel is its corner.

    Args:
        images: (B, C, H, W). corners: (B, 2), row and column, on the device; windows lie within the images.
        size: (h, w), pixels.
    Returns:
        (B, C, h, w).
    """
    found: Tensor = _Windows.apply(images, corners, size)  # type: ignore[no-untyped-call]
    return found


def roll(images: Tensor, shifts: Tensor, mirrored: Tensor | None = None) -> Tensor:
    """Return images rolled around their own edges and then mirrored, left to right, where that is said.

    Args:
        images: (B, C, H, W). shifts: (B, 2), rows and columns by which contents move, any whole numbers, on the device.
        mirrored: (B,) bool, on the device; None mirrors none.
    """
    found: Tensor = _Rolled.apply(images, shifts, mirrored)  # type: ignore[no-untyped-call]
    return found


class _Windows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, corners: Tensor, size: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(corners)
        ctx.picture = images.shape[2:]
        return _read(images, *(_places(corner, length) for corner, length in zip(corners.T, size, strict=True)))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (corners,), (gradient,) = ctx.saved_tensors, gradients
        return spread(gradient, corners, ctx.picture), None, None


def spread(values: Tensor, corners: Tensor, picture: tuple[int, int]) -> Tensor:
    """Return pictures (B, C, *picture) that hold values (B, C, h, w) where :func:`windows` reads them, else 0."""
    down, right = (length - side for length, side in zip(picture, values.shape[2:], strict=True))
    ringed = F.pad(values, (right, right, down, down))
    return _read(ringed, _places(down - corners[:, 0], picture[0]), _places(right - corners[:, 1], picture[1]))


class _Rolled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, shifts: Tensor, mirrored: Tensor | None) -> Tensor:
        ctx.save_for_backward(shifts, mirrored)
        height, width = images.shape[2:]
        rows, columns = (
            _places(-shifts[:, 0], height),
            torch.arange(width, device=images.device).expand(len(images), -1),
        )
        return _read(images, rows % height, (_mirrored(columns, mirrored) - shifts[:, 1:]) % width)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (shifts, mirrored), (gradient,) = ctx.saved_tensors, gradients
        height, width = gradient.shape[2:]
        rows, columns = (
            _places(shift, length) % length for shift, length in zip(shifts.T, (height, width), strict=True)
        )
        return _read(gradient, rows, _mirrored(columns, mirrored)), None, None


def _mirrored(columns: Tensor, mirrored: Tensor | None) -> Tensor:
    return columns if mirrored is None else torch.where(mirrored[:, None], columns.shape[1] - 1 - columns, columns)


def _places(start: Tensor, length: int) -> Tensor:
    """Return ``length`` places (B, length) that follow each other from each start (B,)."""
    return start[:, None] + torch.arange(length, device=start.device)


def _read(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return images (B, C, H, W) at rows (B, h) and columns (B, w) of their own, (B, C, h, w)."""
    places = (rows[:, :, None] * images.shape[3] + columns[:, None]).flatten(1)  # (B, h * w)
    found = images.flatten(2).gather(2, places[:, None].expand(-1, images.shape[1], -1))
    return found.view(*images.shape[:2], rows.shape[1], columns.shape[1])
