"""Mirrored views: one of two at random, since photos of most things may as well be the other way round."""

from collections.abc import Sequence

import torch
from torch import Tensor

from atlas.synthesis.steps.evaluation import Views


class MirroredViews:
    """Views of which each is mirrored, left to right, one time in two.

    Args:
        views: of the pictures.
        generators: B CPU generators, one per item.
        steps: number of steps that will be asked for.
    """

    def __init__(self, views: Views, generators: Sequence[torch.Generator], steps: int, device: torch.device) -> None:
        self.count = views.count
        self._views = views
        draws = [torch.rand(steps, views.count, generator=generator) < 0.5 for generator in generators]
        self.turned = torch.stack(draws, dim=1).to(device)  # (steps, B, count)

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views in ``part``: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        views = self._views(images, step, part)
        return torch.where(self.turned[step, :, part].reshape(-1, 1, 1, 1), views.flip(3), views)
