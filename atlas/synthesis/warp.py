"""Warp: the views that a sequence of stages gives, sampled from the pictures at once, differentiably."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.synthesis.stages import Canvas, Stage

BLUR_REACH = 3.0
"""Standard deviations after which a Gaussian kernel is cut off (Xplique: at 5 pixels, for sigma 1 to 1.1)."""

SHARPEST = 1e-3
"""Standard deviation, pixels, below which a kernel is a single 1 in float32; it keeps 0 from being divided by."""


class RandomViews:
    """Views of B pictures through a random sequence of stages, all drawn at once, each item's from its own generator.

    The stages are composed to one affine map per view and the picture is sampled once, bilinearly; a blur follows on
    the view, of the width that it has there. Outside the picture lies ``fill``.

    Args:
        generators: B CPU generators, one per item.
        steps: number of steps that will be asked for.
        count: views per item and step.
        stages: applied in this order; the last canvas is resized to ``size``.
        side: of the pictures, pixels.
        size: (height, width) of the views, pixels.
        fill: what lies outside the picture, image units.
    """

    def __init__(
        self,
        generators: Sequence[torch.Generator],
        steps: int,
        count: int,
        stages: Sequence[Stage],
        side: int,
        size: tuple[int, int],
        fill: float,
        device: torch.device,
    ) -> None:
        self.count = count
        self._size = size
        self._fill = fill
        canvases = [_draw(generator, (steps, count), stages, side) for generator in generators]
        maps = torch.stack([_normalised(canvas, side) for canvas in canvases], dim=1)
        self._maps = maps.to(device, torch.float32)  # (steps, B, count, 2, 3)
        shares = torch.stack([canvas.variance.sqrt() / canvas.side for canvas in canvases], dim=1)
        self._widest = float(shares.max())
        self._shares = shares.to(device, torch.float32)  # sigma as a share of the view, (steps, B, count)

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views in ``part``.

        Args:
            images: (B, 3, side, side).
        Returns:
            (B * n, 3, height, width), all n views of the first item first.
        """
        views = warp(images - self._fill, self._maps[step, :, part], self._size)
        if self._widest > 0:
            views = blur(views, self._shares[step, :, part].flatten(), self._widest)
        return views + self._fill


def _draw(generator: torch.Generator, draws: tuple[int, ...], stages: Sequence[Stage], side: int) -> Canvas:
    canvas = Canvas.whole(side, draws)
    for stage in stages:
        canvas = stage(canvas, generator)
    return canvas


def _normalised(canvas: Canvas, side: int) -> Tensor:
    """Return (..., 2, 3): the map from a view to the picture, both as [-1, 1] squares."""
    matrix = canvas.matrix * (canvas.side / side)[..., None, None]
    return torch.cat([matrix, canvas.offset[..., None] * (2 / side)], dim=-1)


def warp(images: Tensor, maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Sample pictures bilinearly at the places that affine maps give; zero lies outside.

    Args:
        images: (B, C, H, W).
        maps: (B, n, 2, 3), from a view to the picture, both as [-1, 1] squares, x before y.
        size: (h, w) of a view, pixels.
    Returns:
        (B * n, C, h, w), all n views of the first item first.
    """
    (batch, count), (height, width) = maps.shape[:2], size
    x, y = _centres(width, maps)[:, None], _centres(height, maps)[:, None, None]
    # Not by F.affine_grid: its matrix product rounds otherwise in another batch.
    across, down, shift = maps[:, :, None, None].unbind(-1)  # each (B, n, 1, 1, 2)
    grid = across * x + down * y + shift  # (B, n, h, w, 2)
    views = F.grid_sample(
        images,
        grid.view(batch, count * height, width, 2),
        mode="bilinear",
        padding_mode="zeros",
        align_corners=False,
    )
    return views.view(batch, -1, count, height, width).transpose(1, 2).reshape(batch * count, -1, height, width)


def _centres(count: int, like: Tensor) -> Tensor:
    """Return the centres of ``count`` pixels in [-1, 1]."""
    return (torch.arange(count, device=like.device, dtype=like.dtype) * 2 + 1) / count - 1


def blur(views: Tensor, shares: Tensor, widest: float) -> Tensor:
    """Blur each view by a Gaussian of its own, along rows and then along columns; zero lies outside.

    Args:
        views: (N, C, h, w).
        shares: (N,), standard deviations as shares of a view's side.
        widest: the largest share that can occur, which decides how far the kernels reach.
    """
    for axis in (2, 3):
        length = views.shape[axis]
        reach = max(1, math.ceil(BLUR_REACH * widest * length))
        taps = torch.arange(-reach, reach + 1, device=views.device, dtype=views.dtype)
        kernels = torch.exp(-0.5 * (taps / (shares[:, None] * length).clamp_min(SHARPEST)) ** 2)
        kernels = (kernels / kernels.sum(dim=1, keepdim=True)).repeat_interleave(views.shape[1], dim=0)
        weights = kernels[:, None, :, None] if axis == 2 else kernels[:, None, None, :]
        planes = views.flatten(0, 1).unsqueeze(0)  # every plane is a group with a kernel of its own
        padding = (reach, 0) if axis == 2 else (0, reach)
        views = F.conv2d(planes, weights, padding=padding, groups=len(kernels)).view(views.shape)
    return views
