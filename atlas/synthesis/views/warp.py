"""Warp: the views that a sequence of stages gives, sampled from the pictures at once, differentiably."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.synthesis.views.moves import Canvas, Stage

BLUR_REACH = 3.0
"""Standard deviations after which a Gaussian kernel is cut off (Xplique: at 5 pixels, for sigma 1 to 1.1)."""

TRIED = 4096
"""Draws by which it is told how far views enlarge a picture: Lucid's and Shi's stages have up to 2,000 combinations."""

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
        # Of many draws besides these, so that the work of a step does not depend on what shares the batch.
        usual = _draw(torch.Generator().manual_seed(0), (TRIED,), stages, side)
        self._neighbours = max(neighbours_of(drawn, side, size) for drawn in (maps, _normalised(usual, side)))
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
        views = warp(images - self._fill, self._maps[step, :, part], self._size, self._neighbours)
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


def warp(images: Tensor, maps: Tensor, size: tuple[int, int], neighbours: int) -> Tensor:
    """Sample pictures bilinearly at the places that affine maps give; zero lies outside.

    On an accelerator the gradient is gathered rather than scattered: unlike that of ``grid_sample`` there, it gives
    the same bits every time. On a CPU ``grid_sample`` does so by itself, and is faster.

    Args:
        images: (B, C, H, W).
        maps: (B, n, 2, 3), from a view to the picture, both as [-1, 1] squares, x before y.
        size: (h, w) of a view, pixels.
        neighbours: as :func:`neighbours_of` these maps, or more.
    Returns:
        (B * n, C, h, w), all n views of the first item first.
    """
    if images.device.type == "cpu":
        return _sample(images, maps, size)
    views: Tensor = GatheredWarp.apply(images, maps, size, neighbours)  # type: ignore[no-untyped-call]
    return views


def _sample(images: Tensor, maps: Tensor, size: tuple[int, int]) -> Tensor:
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


class GatheredWarp(torch.autograd.Function):
    """:func:`warp` whose gradient every pixel of a picture collects from the pixels of the views that sampled it.

    A pixel p of the picture has the weight ``hat(p - s(q))`` in the pixel q of a view that samples it at s(q), where
    hat falls from 1 to 0 over one pixel on each axis. These q lie around the inverse map of p, a few on each axis.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, maps: Tensor, size: tuple[int, int], neighbours: int) -> Tensor:
        """Return the views (B * n, C, h, w)."""
        ctx.save_for_backward(maps)
        ctx.picture, ctx.neighbours = images.shape[2:], neighbours
        return _sample(images, maps, size)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """Return the gradient to the pictures."""
        (maps,), (gradient,) = ctx.saved_tensors, gradients
        (rows, columns), (height, width) = ctx.picture, gradient.shape[2:]
        matrix, shift = _in_pixels(maps.flatten(0, 1), (rows, columns), (height, width))
        inverse = _inverse(matrix)
        pixels = torch.stack(_lattice(rows, columns, maps), dim=-1)  # (rows * columns, 2), x first
        centre, reach = _apply(inverse, pixels - shift[:, None]), ctx.neighbours
        corner = torch.floor(centre - (reach - 1) / 2 + 0.5)
        # Around the view lie as many zeros as a pixel can look beyond it, so that no look asks where it is.
        corner = torch.minimum(corner.clamp_min(-reach), _pair(width, height, maps))
        flat, across = F.pad(gradient, (reach,) * 4).flatten(2), width + 2 * reach
        first = ((corner[..., 1] + reach) * across + corner[..., 0] + reach).long()
        apart = pixels - shift[:, None] - _apply(matrix, corner)
        total = torch.zeros(*flat.shape[:2], rows * columns, device=flat.device, dtype=flat.dtype)
        for right, below in itertools.product(range(reach), repeat=2):
            step = right * matrix[..., 0] + below * matrix[..., 1]  # (N, 2), of the place in the picture
            hats = (1 - (apart - step[:, None]).abs()).clamp_min(0).prod(dim=-1)
            index = (first + (below * across + right))[:, None].expand(-1, flat.shape[1], -1)
            total += flat.gather(2, index) * hats[:, None]
        return total.view(*maps.shape[:2], -1, rows, columns).sum(dim=1), None, None, None


def neighbours_of(maps: Tensor, side: int, size: tuple[int, int]) -> int:
    """Return how many pixels of a view, on each axis, may have sampled one pixel of a picture of that side."""
    matrix, _ = _in_pixels(maps.flatten(0, -3), (side, side), size)
    return 1 + math.floor(2 * float(_inverse(matrix).abs().sum(dim=-1).max()))


def _in_pixels(maps: Tensor, picture: tuple[int, int], view: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return maps (N, 2, 3) between [-1, 1] squares as matrices (N, 2, 2) and shifts (N, 2) between pixel numbers."""
    to, of = (_pair(columns, rows, maps) / 2 for rows, columns in (picture, view))
    matrix = maps[..., :2] * to[:, None] / of
    return matrix, (maps[..., 2] + 1) * to - 0.5 - _apply(matrix, (of - 0.5)[None])[:, 0]


def _pair(x: float, y: float, like: Tensor) -> Tensor:
    """Return (x, y), made on the device: a step would wait for a copy from the host."""
    return torch.stack([like.new_full((), x), like.new_full((), y)])


def _inverse(matrix: Tensor) -> Tensor:
    (a, b), (c, d) = (row.unbind(-1) for row in matrix.unbind(-2))
    return torch.stack([d, -b, -c, a], dim=-1).view(matrix.shape) / (a * d - b * c)[..., None, None]


def _apply(matrix: Tensor, points: Tensor) -> Tensor:
    """Return ``matrix @ point``, (N, P, 2), term by term: a matrix product may be rounded to less than float32."""
    return points[..., :1] * matrix[:, None, :, 0] + points[..., 1:] * matrix[:, None, :, 1]


def _lattice(rows: int, columns: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return the x and y of all pixels, row by row."""
    y, x = (torch.arange(count, device=like.device, dtype=like.dtype) for count in (rows, columns))
    return x.repeat(rows), y.repeat_interleave(columns)


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
