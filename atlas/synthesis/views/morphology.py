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
from atlas.synthesis.views.windows import spread, windows

CROSS = ((-1, 0), (0, -1), (0, 1), (1, 0))
"""Places (row, column) around the centre that belong to every structuring element, as the centre does."""

ELEMENTS = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""The five 3 x 3 elements of the paper, B(0) to B(4), each by the place that it adds to the cross; the first none."""


def closing(images: Tensor, elements: Sequence[int]) -> Tensor:
    """Return images (N, C, H, W) closed, each by its own element: dark details smaller than it vanish."""
    return _closed(images, _corners(torch.tensor(list(elements), device=images.device)))


def opening(images: Tensor, elements: Sequence[int]) -> Tensor:
    """Return images (N, C, H, W) opened, each by its own element: bright details smaller than it vanish."""
    return _opened(images, _corners(torch.tensor(list(elements), device=images.device)))


def _corners(elements: Tensor) -> Tensor:
    """Return the place (..., 2) that each element (...) adds to the cross, on its device; for none the centre."""
    return torch.tensor(ELEMENTS, device=elements.device)[elements]


def _closed(images: Tensor, corners: Tensor) -> Tensor:
    return _extreme(_extreme(images, corners, -1), corners, 1)


def _opened(images: Tensor, corners: Tensor) -> Tensor:
    return _extreme(_extreme(images, corners, 1), corners, -1)


def _extreme(images: Tensor, corners: Tensor, direction: int) -> Tensor:
    return _Extreme.apply(images, corners * direction, direction)  # type: ignore[no-any-return, no-untyped-call]


class _Extreme(torch.autograd.Function):
    """The largest (direction -1, the elements upside down) or smallest (1) of an image's neighbours.

    The gradient goes to the first of them that has that value. Autograd through a maximum for each neighbour gives the
    same but for ties, and takes several times as long.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, corners: Tensor, direction: int) -> Tensor:
        """Return the extreme values (N, C, H, W)."""
        extreme = torch.maximum if direction < 0 else torch.minimum
        padded = F.pad(images, (1, 1, 1, 1), value=direction * torch.inf)
        result = images.clone()
        for place in CROSS:  # it is the same upside down
            extreme(result, _moved(padded, place), out=result)
        extreme(result, _own(padded, corners), out=result)
        ctx.save_for_backward(padded, result, corners)
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient to the images."""
        (padded, result, corners), (gradient,) = ctx.saved_tensors, gradients
        left, spare = gradient.clone(), torch.empty_like(gradient)
        found = F.pad(_taken(left, _moved(padded, (0, 0)), result, spare), (1, 1, 1, 1))
        for place in CROSS:
            _moved(found, place).add_(_taken(left, _moved(padded, place), result, spare))
        own = _taken(left, _own(padded, corners), result, spare)
        found += spread(own, corners + 1, (found.shape[2], found.shape[3]))
        return _moved(found, (0, 0)), None, None


def _own(padded: Tensor, corners: Tensor) -> Tensor:
    """Return what each image with a border of one pixel shows at each pixel's neighbour at its own place (N, 2)."""
    return windows(padded, corners + 1, (padded.shape[2] - 2, padded.shape[3] - 2))


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
        self._corners = _corners(torch.stack(draws, dim=1)).to(device)  # (steps, B, count, times, 2)

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views in ``part``: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        views = self._views(reflected(images, self._border), step, part)
        for corners in self._corners[step, :, part].flatten(0, 1).unbind(1):
            views = _opened(_closed(views, corners), corners)
        return views
