"""Morphology: closing and opening with random elements, which blur textures and keep contours.

Shi et al. 2023, "Visualization Comparison of Vision Transformers and Convolutional Neural Networks", section III-B and
equation 5b. At the border only what lies inside the picture counts.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.synthesis.steps.evaluation import Views

CROSS = ((-1, 0), (0, -1), (0, 1), (1, 0))
"""Places (row, column) around the centre that belong to every structuring element, as the centre does."""

ELEMENTS = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""The five 3 x 3 elements of the paper, B(0) to B(4), each by the place that it adds to the cross; the first none."""


def closing(images: Tensor, elements: Sequence[int]) -> Tensor:
    """Return images (N, C, H, W) closed, each by its own element: dark details smaller than it vanish."""
    return _erosion(_dilation(images, elements), elements)


def opening(images: Tensor, elements: Sequence[int]) -> Tensor:
    """Return images (N, C, H, W) opened, each by its own element: bright details smaller than it vanish."""
    return _dilation(_erosion(images, elements), elements)


def _dilation(images: Tensor, elements: Sequence[int]) -> Tensor:
    return _largest(images, elements, -1)


def _erosion(images: Tensor, elements: Sequence[int]) -> Tensor:
    return -_largest(-images, elements, 1)


def _largest(images: Tensor, elements: Sequence[int], direction: int) -> Tensor:
    """Return the largest value at the places of each image's element, which a direction of -1 turns upside down."""
    return _Largest.apply(images, elements, direction)  # type: ignore[no-any-return, no-untyped-call]


class _Largest(torch.autograd.Function):
    """The largest of an image's neighbours, whose gradient goes to the first of them that is as large.

    Autograd through a maximum for each neighbour gives the same but for ties, and takes more than three times as long.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, elements: Sequence[int], direction: int) -> Tensor:
        """Return the largest values (N, C, H, W)."""
        padded = F.pad(images, (1, 1, 1, 1), value=-torch.inf)
        result, which = images.clone(), torch.zeros_like(images, dtype=torch.uint8)
        for number, place in enumerate(CROSS, start=1):  # it is the same upside down
            _take(result, which, _moved(padded, place), number)
        ctx.corners = [tuple(direction * offset for offset in ELEMENTS[element]) for element in elements]
        for index, corner in enumerate(ctx.corners):
            if corner != (0, 0):
                _take(result[index], which[index], _moved(padded[index], corner), len(CROSS) + 1)
        ctx.save_for_backward(which)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient to the images."""
        (which,), (gradient,) = ctx.saved_tensors, gradients
        padded = F.pad(gradient * (which == 0).to(gradient.dtype), (1, 1, 1, 1))
        for number, place in enumerate(CROSS, start=1):
            _moved(padded, place).add_(gradient * (which == number).to(gradient.dtype))
        for index, corner in enumerate(ctx.corners):
            if corner != (0, 0):
                chosen = (which[index] == len(CROSS) + 1).to(gradient.dtype)
                _moved(padded[index], corner).add_(gradient[index] * chosen)
        return padded[..., 1:-1, 1:-1], None, None


def _take(result: Tensor, which: Tensor, values: Tensor, number: int) -> None:
    """Let larger values take the place of those in ``result``, and their number be noted; NaN takes any place."""
    torch.maximum(which, (values > result).to(torch.uint8).mul_(number), out=which)  # numbers rise from call to call
    torch.maximum(result, values, out=result)


def _moved(padded: Tensor, place: tuple[int, int]) -> Tensor:
    """Return what an image with a border of one pixel shows at each pixel's neighbour at ``place`` (row, column)."""
    height, width = padded.shape[-2] - 2, padded.shape[-1] - 2
    return padded[..., 1 + place[0] : 1 + place[0] + height, 1 + place[1] : 1 + place[1] + width]


def reflected(images: Tensor, border: int) -> Tensor:
    """Return images (B, C, H, W) with ``border`` pixels of their mirror image around them, less than a side."""
    for axis in (2, 3):
        length = images.shape[axis]
        before = images.narrow(axis, 1, border).flip(axis)
        after = images.narrow(axis, length - 1 - border, border).flip(axis)
        images = torch.cat([before, images, after], dim=axis)  # the gradient of F.pad's reflection adds in any order
    return images


class SmoothedViews:
    """Views of pictures that go on in their mirror images, closed and opened by elements drawn for each view and step.

    Args:
        views: of pictures larger by ``border`` on every side.
        border: pixels.
        generators: B CPU generators, one per item.
        steps: number of steps that will be asked for.
        times: how often closing and opening follow each other, each time with another element.
    """

    def __init__(
        self, views: Views, border: int, generators: Sequence[torch.Generator], steps: int, times: int
    ) -> None:
        self.count = views.count
        self._views = views
        self._border = border
        shape = (steps, views.count, times)
        draws = [torch.randint(len(ELEMENTS), shape, generator=generator) for generator in generators]
        self._elements = torch.stack(draws, dim=1)  # (steps, B, count, times), on the CPU

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views in ``part``: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        views = self._views(reflected(images, self._border), step, part)
        for elements in self._elements[step, :, part].flatten(0, 1).T.tolist():
            views = opening(closing(views, elements), elements)
        return views
