"""Coloured views: brightness, contrast and colour change at random, so that no unit is pleased by one colour alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

from atlas.synthesis.steps.evaluation import Views


class ColouredViews:
    """Views whose contrast, colours and brightness are changed, each view's on its own.

    ``(1 + c) * ((1 + k) * (view - mean) + mean) + b``: contrast k about the mean of each colour, uniform within plus or
    minus ``light``, a brightness b within half of it, and a gain c of each colour within plus or minus ``colour``.
    Values may leave [0, 1], as in Plug-In Inversion's ColorShift (:mod:`atlas.synthesis.views.rolled`), which has no
    contrast.

    Args:
        views: of the pictures.
        generators: B CPU generators, one per item.
        steps: number of steps that will be asked for.
        light: largest change of contrast, a share, and twice that of brightness, of the range of colours.
        colour: largest change of the gain of a colour, a share.
    """

    def __init__(
        self,
        views: Views,
        generators: Sequence[torch.Generator],
        steps: int,
        light: float,
        colour: float,
        device: torch.device,
    ) -> None:
        self.count = views.count
        self._views = views
        draws = [torch.rand(steps, views.count, 5, 1, 1, generator=generator) * 2 - 1 for generator in generators]
        reach = torch.tensor([light, light / 2, colour, colour, colour])[:, None, None]
        self._changes = (torch.stack(draws, dim=1) * reach).to(device)  # (steps, B, count, 5, 1, 1)

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views in ``part``: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        contrast, brightness, colours = self._changes[step, :, part].flatten(0, 1).split([1, 1, 3], dim=1)
        return coloured(self._views(images, step, part), contrast, colours, brightness)


def coloured(views: Tensor, contrast: Tensor, colours: Tensor, brightness: Tensor) -> Tensor:
    """Return views (N, 3, h, w) changed by contrasts and brightnesses (N, 1, 1, 1) and gains of colours (N, 3, 1, 1).

    0 of each changes nothing.
    """
    mean = views.mean(dim=(2, 3), keepdim=True)
    gain = 1 + colours
    return views * (gain * (1 + contrast)) - mean * (gain * contrast) + brightness
