"""Stages: the random transformations of Lucid and Xplique, each a step of one affine map from a view to the picture.

A sequence such as pad, jitter, scale, rotate, jitter moves, turns and crops the picture again and again. Here nothing
is resampled in between: each stage only says where the points of its result lie in what it was given, and
:class:`atlas.synthesis.views.warp.RandomViews` samples the picture once, at the end. What a stage sees is the
*canvas*, a square with its origin in the centre, x to the right and y down, measured in its own pixels.

Sources: ``lucid/optvis/transform.py`` (Olah et al. 2017, "Feature visualization") and
``xplique/features_visualizations/transformations.py`` (Fel et al. 2022).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Canvas:
    """Where a canvas lies in the picture, for many draws at once: ``place = matrix @ point + offset``.

    Attributes:
        matrix: (..., 2, 2), float64. offset: (..., 2), pixels of the picture from its centre.
        side: (...), of the canvas, in its own pixels.
        variance: (...), of the Gaussian blur so far, squared pixels of the canvas.
    """

    matrix: Tensor
    offset: Tensor
    side: Tensor
    variance: Tensor

    @classmethod
    def whole(cls, side: int, draws: tuple[int, ...]) -> "Canvas":
        """Return the canvas that is the picture itself, ``side`` pixels wide."""
        identity = torch.eye(2, dtype=torch.float64).expand(*draws, 2, 2)
        zeros = torch.zeros(*draws, dtype=torch.float64)
        return cls(identity, torch.zeros(*draws, 2, dtype=torch.float64), zeros + side, zeros)


class Stage(Protocol):
    """One transformation of a sequence. Constants are its fields, randomness comes from the generator alone."""

    def __call__(self, canvas: Canvas, generator: torch.Generator) -> Canvas:
        """Return the canvas after this stage, drawn anew for every entry of its leading dimensions."""
        ...


@dataclass(frozen=True)
class Pad:
    """Add ``pixels`` on all four sides; what they hold is the sequence's fill."""

    pixels: int

    def __call__(self, canvas: Canvas, generator: torch.Generator) -> Canvas:
        """See :class:`Stage`."""
        return replace(canvas, side=canvas.side + 2 * self.pixels)


@dataclass(frozen=True)
class Jitter:
    """Cut out a window smaller by ``pixels``, at an offset drawn from 0, 1, ..., ``pixels`` in each direction."""

    pixels: int

    def __call__(self, canvas: Canvas, generator: torch.Generator) -> Canvas:
        """See :class:`Stage`."""
        draws = torch.randint(self.pixels + 1, canvas.offset.shape, generator=generator)
        shift = (draws - self.pixels / 2).to(torch.float64)
        offset = canvas.offset + (canvas.matrix @ shift[..., None])[..., 0]
        return replace(canvas, offset=offset, side=canvas.side - self.pixels)


@dataclass(frozen=True)
class Scale:
    """Resize by a factor drawn from a list. (Lucid rounds the new side down to whole pixels; here it is exact.)"""

    factors: tuple[float, ...]

    def __call__(self, canvas: Canvas, generator: torch.Generator) -> Canvas:
        """See :class:`Stage`."""
        factor = _choose(self.factors, canvas.side.shape, generator)
        return replace(
            canvas,
            matrix=canvas.matrix / factor[..., None, None],
            side=canvas.side * factor,
            variance=canvas.variance * factor**2,
        )


@dataclass(frozen=True)
class Rotate:
    """Turn counter-clockwise about the centre by an angle drawn from a list, degrees; the side is kept.

    The corners that come into view hold the sequence's fill (in Lucid they are black).
    """

    degrees: tuple[float, ...]

    def __call__(self, canvas: Canvas, generator: torch.Generator) -> Canvas:
        """See :class:`Stage`."""
        angle = _choose(self.degrees, canvas.side.shape, generator) * (math.pi / 180)
        rows = [torch.stack([angle.cos(), -angle.sin()], -1), torch.stack([angle.sin(), angle.cos()], -1)]
        return replace(canvas, matrix=canvas.matrix @ torch.stack(rows, -2))


@dataclass(frozen=True)
class Flip:
    """Mirror left and right, one time in two."""

    def __call__(self, canvas: Canvas, generator: torch.Generator) -> Canvas:
        """See :class:`Stage`."""
        sign = _choose((1.0, -1.0), canvas.side.shape, generator)
        return replace(canvas, matrix=canvas.matrix * torch.stack([sign, torch.ones_like(sign)], -1)[..., None, :])


@dataclass(frozen=True)
class Blur:
    """Blur by a Gaussian whose standard deviation is uniform in [low, high], pixels."""

    low: float
    high: float

    def __call__(self, canvas: Canvas, generator: torch.Generator) -> Canvas:
        """See :class:`Stage`."""
        share = torch.rand(canvas.side.shape, generator=generator, dtype=torch.float64)
        return replace(canvas, variance=canvas.variance + (self.low + (self.high - self.low) * share) ** 2)


@dataclass(frozen=True)
class CropOrPad:
    """Bring to a fixed side, keeping the centre: Lucid's ``crop_or_pad_to``, for networks of one input size.

    Without it a view is the whole canvas, and the resize to the network's input undoes what :class:`Scale` did.
    """

    side: float

    def __call__(self, canvas: Canvas, generator: torch.Generator) -> Canvas:
        """See :class:`Stage`."""
        return replace(canvas, side=torch.full_like(canvas.side, self.side))


def spaced(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return ``count`` evenly spaced values from ``low`` to ``high``, for a stage to draw from."""
    return tuple(torch.linspace(low, high, count, dtype=torch.float64).tolist())


def _choose(values: Sequence[float], shape: torch.Size, generator: torch.Generator) -> Tensor:
    places = torch.randint(len(values), shape, generator=generator)
    return torch.tensor(values, dtype=torch.float64)[places]


LUCID_FILL = 0.5
"""Constant of Lucid's padding, image units (``standard_transforms``)."""

XPLIQUE_FILL = 0.0
"""Constant of Xplique's padding, image units (``generate_standard_transformations``)."""


def lucid(side: int) -> tuple[Stage, ...]:
    """Return Lucid's ``standard_transforms`` for a picture of ``side`` pixels, and the crop to a fixed side.

    Lucid shows the network whatever size comes of them. Here the scale's effect is kept by cropping or padding to the
    side that a factor of 1 gives (Lucid's own ``crop_or_pad_to``), ``side + 12``.
    """
    angles = (*spaced(-10, 10, 21), *(0.0,) * 5)
    return Pad(12), Jitter(8), Scale(spaced(0.9, 1.1, 11)), Rotate(angles), Jitter(4), CropOrPad(side + 12)


def xplique(side: int) -> tuple[Stage, ...]:
    """Return Xplique's ``generate_standard_transformations`` for a picture of ``side`` pixels.

    A view shows a little over a third of the picture's side. Its uniform scale is drawn from 41 equal steps.
    """
    unit = side // 16
    jitters = [Jitter(unit * times) for times in (2, 2, 4, 4, 4)]
    scale = Scale(spaced(0.92, 0.96, 41))
    return Pad(4 * unit), *jitters, scale, Blur(1.0, 1.1), Jitter(unit), Jitter(unit), Flip()
