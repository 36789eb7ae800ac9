"""Morphology: closing and opening with random elements, which blur textures and keep contours.

Shi et al. 2023, "Visualization Comparison of Vision Transformers and Convolutional Neural Networks", section III-B and
equation 5b. At the border only what lies inside the picture counts.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.synthesis.evaluation import Views

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
    height, width = images.shape[2:]
    padded = F.pad(images, (1, 1, 1, 1), value=-torch.inf)
    result = images
    for row, column in CROSS:  # it is the same upside down
        result = torch.maximum(result, padded[:, :, 1 + row : 1 + row + height, 1 + column : 1 + column + width])
    corners = []
    for image, element in zip(padded, elements, strict=True):
        top, left = (1 + direction * offset for offset in ELEMENTS[element])
        corners.append(image[:, top : top + height, left : left + width])
    return torch.maximum(result, torch.stack(corners))


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
        """Return the views in ``part``: see :class:`atlas.synthesis.evaluation.Views`."""
        views = self._views(reflected(images, self._border), step, part)
        for elements in self._elements[step, :, part].flatten(0, 1).T.tolist():
            views = opening(closing(views, elements), elements)
        return views
