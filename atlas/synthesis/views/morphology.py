"""Morphology: closing and opening with random elements, which blur textures and keep contours.

Shi et al. 2023, "Visualization Comparison of Vision Transformers and Convolutional Neural Networks", section III-B and
equation 5b. At the border only what lies inside the picture counts.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.synthesis.steps.evaluation import Views

CROSS = ((-1, 0), (0, -1), (0, 1), (1, 0))
"""Places (row, column) around the centre that belong to every structuring element, as the centre does."""

ELEMENTS = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""The five 3 x 3 elements of the paper, B(0) to B(4), each by the place that it adds to the cross; the first none."""


Members = list[tuple[tuple[int, int], Tensor]]
"""Place that an element adds to the cross -> the images (by index, on their device) whose element it is."""


def closing(images: Tensor, elements: Sequence[int]) -> Tensor:
    """Return images (N, C, H, W) closed, each by its own element: dark details smaller than it vanish."""
    return _closed(images, _members(elements, torch.tensor(list(elements), device=images.device)))


def opening(images: Tensor, elements: Sequence[int]) -> Tensor:
    """Return images (N, C, H, W) opened, each by its own element: bright details smaller than it vanish."""
    return _opened(images, _members(elements, torch.tensor(list(elements), device=images.device)))


def _closed(images: Tensor, members: Members) -> Tensor:
    return _extreme(_extreme(images, members, -1), members, 1)


def _opened(images: Tensor, members: Members) -> Tensor:
    return _extreme(_extreme(images, members, 1), members, -1)


def _extreme(images: Tensor, members: Members, direction: int) -> Tensor:
    turned = [((direction * row, direction * column), some) for (row, column), some in members]
    return _Extreme.apply(images, turned, direction)  # type: ignore[no-any-return, no-untyped-call]


class _Extreme(torch.autograd.Function):
    """The largest (direction -1, the elements upside down) or smallest (1) of an image's neighbours.

    The gradient goes to the first of them that has that value. Autograd through a maximum for each neighbour gives the
    same but for ties, and takes several times as long.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, corners: Members, direction: int) -> Tensor:
        """Return the extreme values (N, C, H, W)."""
        extreme = torch.maximum if direction < 0 else torch.minimum
        padded = F.pad(images, (1, 1, 1, 1), value=direction * torch.inf)
        result = images.clone()
        for place in CROSS:  # it is the same upside down
            extreme(result, _moved(padded, place), out=result)
        ctx.corners = corners
        for corner, members in corners:
            result[members] = extreme(result[members], _moved(padded[members], corner))
        ctx.save_for_backward(padded, result)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient to the images."""
        (padded, result), (gradient,) = ctx.saved_tensors, gradients
        left, spare = gradient.clone(), torch.empty_like(gradient)
        found = F.pad(_taken(left, _moved(padded, (0, 0)), result, spare), (1, 1, 1, 1))
        for place in CROSS:
            _moved(found, place).add_(_taken(left, _moved(padded, place), result, spare))
        for corner, members in ctx.corners:
            some, rest = found[members], left[members]
            part = _taken(rest, _moved(padded[members], corner), result[members], spare[: len(members)])
            _moved(some, corner).add_(part)
            found[members] = some
        return _moved(found, (0, 0)), None, None


def _members(elements: Sequence[int], on_device: Tensor) -> Members:
    """Return which images have which element, but for those that have the cross alone.

    Args:
        elements: of each image. on_device: the same (N,), where the images are: nothing is copied there.
    """
    order = torch.argsort(on_device, stable=True)
    ends = [*accumulate(sum(one == element for one in elements) for element in range(len(ELEMENTS)))]
    found = zip(ELEMENTS[1:], ends[:-1], ends[1:], strict=True)
    return [(place, order[start:end]) for place, start, end in found if start < end]


def _taken(left: Tensor, values: Tensor, result: Tensor, spare: Tensor) -> Tensor:
    """Take from a gradient what belongs to neighbours that have the resulting value, and return it, in ``spare``."""
    torch.eq(values, result, out=spare)  # as floats, which are several times faster here than booleans
    spare *= left
    left -= spare
    return spare


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
        self,
        views: Views,
        border: int,
        generators: Sequence[torch.Generator],
        steps: int,
        times: int,
        device: torch.device,
    ) -> None:
        self.count = views.count
        self._views = views
        self._border = border
        shape = (steps, views.count, times)
        draws = [torch.randint(len(ELEMENTS), shape, generator=generator) for generator in generators]
        self._elements = torch.stack(draws, dim=1)  # (steps, B, count, times)
        self._on_device = self._elements.to(device)

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views in ``part``: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        views = self._views(reflected(images, self._border), step, part)
        drawn, on_device = (held[step, :, part].flatten(0, 1).T for held in (self._elements, self._on_device))
        for elements, there in zip(drawn.tolist(), on_device, strict=True):
            members = _members(elements, there)
            views = _opened(_closed(views, members), members)
        return views
