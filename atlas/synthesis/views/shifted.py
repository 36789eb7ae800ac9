"""Shifted views: windows that move a little over a larger picture, and views that change in the course of a run."""

from collections.abc import Sequence

import torch
from torch import Tensor

from atlas.synthesis.steps.evaluation import Views
from atlas.synthesis.views.crops import crop_resize
from atlas.synthesis.views.windows import windows


class ShiftedViews:
    """One window per picture and step, smaller than the picture by ``2 * reach``, at a random whole place, resized.

    Args:
        generators: B CPU generators, one per item.
        steps: number of steps that will be asked for.
        reach: largest shift from the middle in each direction, pixels; 0 shows the whole picture.
        size: (height, width) of the views, pixels.
    """

    count = 1

    def __init__(
        self,
        generators: Sequence[torch.Generator],
        steps: int,
        reach: int,
        size: tuple[int, int],
        device: torch.device,
    ) -> None:
        self._reach = reach
        self._size = size
        draws = [torch.randint(2 * reach + 1, (steps, 2), generator=generator) for generator in generators]
        self._corners = torch.stack(draws, dim=1).to(device)  # (steps, B, 2)

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        if self._reach:
            height, width = (length - 2 * self._reach for length in images.shape[2:])
            images = windows(images, self._corners[step], (height, width))
        return images if images.shape[2:] == self._size else resized(images, self._size)


class ViewsInTurn:
    """Some views in the first steps, others after them.

    Args:
        steps: in which ``first`` is shown.
    """

    def __init__(self, first: Views, then: Views, steps: int) -> None:
        self.count = then.count
        self._first, self._then, self._steps = first, then, steps

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        return (self._first if step < self._steps else self._then)(images, step, part)


def resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Return images (B, C, H, W) at another (height, width), sampled bilinearly."""
    whole = torch.eye(1, 3, device=images.device)  # side 1, top and left 0; a copy from the host would wait
    return crop_resize(images, whole.expand(len(images), 1, 3), size)
