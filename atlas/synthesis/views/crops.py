"""Transforms: the random views of the image that the network sees at each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Sides:
    """How many crops there are of a size: their side is drawn from N(mean, std), clipped to [smallest, 1].

    Attributes:
        count: per item and step. mean, std, smallest: shares of the image's side.
    """

    count: int
    mean: float
    std: float
    smallest: float


class RandomCrops:
    """Square crops that stay inside the image, resized to the network's input (MACO, section 4).

    The place is uniform over all that keep the crop inside, so that the whole picture is used. All draws are made at
    once, per item.

    Args:
        generators: B CPU generators, one per item.
        steps: number of steps that will be asked for.
        sides: how many crops there are of which size, one kind after the other.
        size: (height, width) of the views, pixels.
    """

    def __init__(
        self,
        generators: Sequence[torch.Generator],
        steps: int,
        sides: Sequence[Sides],
        size: tuple[int, int],
        device: torch.device,
    ) -> None:
        self.count = sum(each.count for each in sides)
        self._size = size
        boxes = [torch.cat([_draw_boxes(generator, steps, each) for each in sides], dim=1) for generator in generators]
        self.boxes = torch.stack(boxes, dim=1).to(device)  # (steps, B, count, 3)

    def __call__(self, images: Tensor, step: int, crops: slice) -> Tensor:
        """Return the views of the crops in ``crops``.

        Args:
            images: (B, 3, H, W).
        Returns:
            (B * n, 3, height, width), all n crops of the first item first.
        """
        boxes = self.boxes[step, :, crops]
        return crop_resize(images, boxes, self._size)


def _draw_boxes(generator: torch.Generator, steps: int, sides: Sides) -> Tensor:
    """Return (steps, count, 3): side, top, left, as shares of the image's side."""
    side = torch.randn(steps, sides.count, 1, generator=generator)
    side = side.mul_(sides.std).add_(sides.mean).clamp_(sides.smallest, 1.0)
    corner = torch.rand(steps, sides.count, 2, generator=generator) * (1.0 - side)
    return torch.cat([side, corner], dim=-1)


def crop_resize(images: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Crop and resize bilinearly, differentiably, for the whole batch at once.

    By ``grid_sample``, whose gradient on an accelerator adds up in any order; there it is two matrix products per crop,
    which give the same bits every time. Where ``grid_sample`` repeats no edges (MPS), both are.

    Args:
        images: (B, 3, H, W).
        boxes: (B, n, 3): side, top, left as shares of the image's side.
        size: (h, w) of the result, pixels.
    Returns:
        (B * n, 3, h, w).
    """
    crop = {"cpu": _crop_by_sampling, "mps": crop_by_matrices}.get(images.device.type, crop_with_steady_gradient)
    return crop(images, boxes, size)


def _crop_by_sampling(images: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    batch, count, (height, width) = images.shape[0], boxes.shape[1], size
    rows = _sample_points(boxes[..., 0], boxes[..., 1], height) * 2 - 1  # (B, n, h) in [-1, 1]
    columns = _sample_points(boxes[..., 0], boxes[..., 2], width) * 2 - 1
    shape = (batch, count, height, width)
    grid = torch.stack([columns[:, :, None, :].expand(shape), rows[..., None].expand(shape)], dim=-1)
    views = F.grid_sample(
        images,
        grid.reshape(batch, count * height, width, 2),
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    return views.view(batch, -1, count, height, width).transpose(1, 2).reshape(batch * count, -1, height, width)


def crop_with_steady_gradient(images: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Do as :func:`crop_resize`, by sampling forward and by matrices backward."""
    views: Tensor = SampledCrops.apply(images, boxes, size)  # type: ignore[no-untyped-call]
    return views


class SampledCrops(torch.autograd.Function):
    """Crops by ``grid_sample`` whose gradient is that of :func:`crop_by_matrices`."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
        """Return the views (B * n, C, h, w)."""
        ctx.save_for_backward(boxes)
        ctx.picture = images.shape[2:]
        return _crop_by_sampling(images, boxes, size)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient to the images: the products of both matrices, crops and their rows summed as one."""
        (boxes,), (gradient,) = ctx.saved_tensors, gradients
        channels, height, width = gradient.shape[1:]
        rows, columns = _matrices(boxes, ctx.picture, (height, width))
        lines = gradient.unflatten(0, boxes.shape[:2]).transpose(2, 3).flatten(2, 3)  # (B, n, h * C, w)
        strips = torch.matmul(lines, columns).view(len(boxes), -1, channels * columns.shape[3])  # (B, n * h, C * W)
        result = torch.matmul(rows.flatten(1, 2).transpose(1, 2), strips)  # (B, H, C * W)
        return result.unflatten(2, (channels, -1)).transpose(1, 2), None, None


def crop_by_matrices(images: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Do as :func:`crop_resize`, by one interpolation matrix per crop and axis."""
    rows, columns = _matrices(boxes, images.shape[2:], size)
    strips = torch.einsum("bnhy,bcyx->bnchx", rows, images)
    return torch.einsum("bnchx,bnwx->bnchw", strips, columns).flatten(0, 1)


def _matrices(boxes: Tensor, picture: Sequence[int], size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return what makes the rows of views of a picture's, (B, n, h, H), and their columns, (B, n, w, W)."""
    sides = boxes[..., 0]
    rows = _interpolation(_sample_points(sides, boxes[..., 1], size[0]), picture[0])
    return rows, _interpolation(_sample_points(sides, boxes[..., 2], size[1]), picture[1])


def _sample_points(side: Tensor, start: Tensor, count: int) -> Tensor:
    """Return the centres of ``count`` output pixels as shares of the image's side, (B, n, count)."""
    centres = (torch.arange(count, device=side.device, dtype=side.dtype) + 0.5) / count
    return start[..., None] + side[..., None] * centres


def _interpolation(points: Tensor, length: int) -> Tensor:
    """Return the weights of bilinear interpolation at ``points``, (..., count, length); edges are repeated."""
    place = (points * length - 0.5).clamp(0, length - 1)
    pixels = torch.arange(length, device=points.device, dtype=points.dtype)
    return (1 - (place[..., None] - pixels).abs()).clamp_min(0)
