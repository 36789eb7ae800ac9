"""Rolled views: pictures shifted around their own edges, as DeepInversion and Plug-In Inversion show them."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.synthesis.views.crops import RandomCrops
from atlas.synthesis.views.shifted import resized
from atlas.synthesis.views.windows import roll


class RolledViews:
    """One view per picture and step: at half its side at first if wished, rolled, and mirrored one time in two.

    Args:
        generators: B CPU generators, one per item.
        steps: number of steps that will be asked for.
        jitter: largest shift in each direction, pixels of the picture.
        flip: whether to mirror.
        halved: steps, from the start, in which views are half as large (means of 2 x 2 pixels).
    """

    count = 1

    def __init__(
        self,
        generators: Sequence[torch.Generator],
        steps: int,
        jitter: int,
        flip: bool,
        halved: int,
        device: torch.device,
    ) -> None:
        self._halved = halved
        reach = [jitter // 2 if step < halved else jitter for step in range(steps)]
        shifts = torch.stack([_shifts(generator, reach) for generator in generators], dim=1)
        self._shifts = shifts.to(device)  # (steps, B, 2)
        flips = [torch.rand(steps, generator=generator) < 0.5 for generator in generators]
        self._flips = torch.stack(flips, dim=1).to(device) if flip else None  # (steps, B)

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        if step < self._halved:
            images = F.avg_pool2d(images, 2)
        return roll(images, self._shifts[step], None if self._flips is None else self._flips[step])


class RolledParts:
    """The whole of a picture and crops of it, after it has been rolled, the same for all views of a step.

    Args:
        rolled: views that are as large as the picture, one of each.
        whole: (height, width) at which all of it is shown, pixels.
        crops: of it, of that size; None for none.
    """

    def __init__(self, rolled: RolledViews, whole: tuple[int, int], crops: RandomCrops | None) -> None:
        self.count = 1 + (crops.count if crops else 0)
        self._rolled, self._whole, self._crops = rolled, whole, crops

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views in ``part``, the whole first: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        images = self._rolled(images, step, slice(0, 1))
        first, last, _ = part.indices(self.count)
        views = []
        if first == 0:
            same = images.shape[2:] == self._whole
            views.append((images if same else resized(images, self._whole))[:, None])
        if self._crops and last > 1:
            crops = self._crops(images, step, slice(max(first - 1, 0), last - 1))
            views.append(crops.unflatten(0, (len(images), -1)))
        return torch.cat(views, dim=1).flatten(0, 1)


class GrowingViews:
    """Colour-shifted copies of the middle of pictures, which grows from stage to stage.

    The middle is rolled, the same for all copies of a step, resized to the network's input, and shifted in colour.

    Args:
        generators: B CPU generators, one per item.
        sides: of the middle at each step, pixels of the picture.
        count: copies per picture and step.
        size: (height, width) of the views, pixels.
        jitter: largest shift in each direction, pixels of the picture.
        contrast, brightness: of :func:`colour_shift`: exponents and offsets are uniform within +- these.
    """

    def __init__(
        self,
        generators: Sequence[torch.Generator],
        sides: Sequence[int],
        count: int,
        size: tuple[int, int],
        jitter: int,
        contrast: float,
        brightness: float,
        device: torch.device,
    ) -> None:
        self.count = count
        self._size = size
        self._sides = sides
        shifts = torch.stack([_shifts(generator, [jitter] * len(sides)) for generator in generators], dim=1)
        self._shifts = shifts.to(device)
        shape = (len(sides), count, 2, 3, 1, 1)
        draws = torch.stack([torch.rand(shape, generator=generator) * 2 - 1 for generator in generators], dim=1)
        reach = torch.tensor([contrast, brightness]).view(2, 1, 1, 1)
        self._colours = (draws * reach).to(device)  # (steps, B, count, 2, 3, 1, 1)

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views in ``part``: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        side = self._sides[step]
        top, left = ((length - side) // 2 for length in images.shape[2:])
        middle = roll(images[:, :, top : top + side, left : left + side], self._shifts[step])
        if middle.shape[2:] != self._size:
            middle = resized(middle, self._size)
        exponents, offsets = self._colours[step, :, part].unbind(2)
        return colour_shift(middle[:, None], exponents, offsets).flatten(0, 1)


def colour_shift(images: Tensor, exponents: Tensor, offsets: Tensor) -> Tensor:
    """Return ``images * exp(exponents) + offsets``, per channel: ColorShift (Ghiasi et al. 2022)."""
    return images * exponents.exp() + offsets


def _shifts(generator: torch.Generator, reach: Sequence[int]) -> Tensor:
    """Return whole shifts (steps, 2), each uniform over -reach, ..., reach of its step."""
    limits = torch.tensor(reach)[:, None]
    draws = torch.rand(len(reach), 2, generator=generator, dtype=torch.float64)
    return (draws * (2 * limits + 1)).floor().long() - limits
