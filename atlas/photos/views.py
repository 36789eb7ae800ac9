"""Views: the central square of a photo, and the patches of a square."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from PIL import Image

from atlas.errors import ConfigError
from atlas.photos.spec import PhotosSpec

PATCH_SHARE = 64 / 224
"""Side of a patch as a share of the input's: CRAFT's 64 pixels of 224 (Fel et al. 2023)."""

SMALLEST_PATCH = 8
"""Pixels; below it a patch holds no structure to be enlarged."""

PixelBox: TypeAlias = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels."""

Rounding: TypeAlias = Literal["down", "nearest"]


def central_square(image: Image.Image, side: int) -> Image.Image:
    """Return the largest central square of an image at ``side`` x ``side`` pixels.

    The same as scaling the shorter side to ``side`` and cutting out the centre, which is how networks are usually
    shown photos: nothing is distorted, and the subject is rarely at an edge. Bicubic and with antialiasing: without it
    a large photo aliases into high frequencies that the network never saw in training.
    """
    width, height = image.size
    half = min(width, height) / 2
    box = (width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half)
    return image.resize((side, side), Image.Resampling.BICUBIC, box=box)


@dataclass(frozen=True)
class PatchGrid:
    """How a central square is cut into patches.

    As in CRAFT (Fel et al. 2023): patches begin at multiples of the stride, and one that would reach over the edge is
    left out: 4 x 4 for 224, 64 and 51, which leave 7 pixels at the right and at the bottom.

    Attributes:
        side: of the square. patch: side of a patch, at most ``side``. stride: from one to the next. All in pixels.
    """

    side: int
    patch: int
    stride: int

    @cached_property
    def boxes(self) -> tuple[PixelBox, ...]:
        """(left, top, right, bottom) of every patch, pixels of the square, row by row from the top left."""
        starts = range(0, self.side - self.patch + 1, self.stride)
        return tuple((left, top, left + self.patch, top + self.patch) for top in starts for left in starts)


def patch_side(side: int, asked: int | None, key: str) -> int:
    """Return the side of a patch for a model with inputs of ``side`` pixels.

    Args:
        asked: what the configuration says; None takes :data:`PATCH_SHARE` of the input.
        key: where it says so.

    Raises:
        ConfigError: the patch that is asked for is larger than the input.
    """
    usual = min(side, max(SMALLEST_PATCH, round(PATCH_SHARE * side)))
    if asked is None:
        return usual
    if asked > side:
        problem = f"{key}: {asked} pixels are more than the model's input of {side}; write {usual}, or leave it out"
        raise ConfigError([problem])
    return asked


def patch_stride(patch: int, share: float, rounding: Rounding = "down") -> int:
    """Return the pixels from one patch to the next.

    Args:
        share: of the patch's side.
        rounding: ``down`` as CRAFT does, for concepts and statistics; ``nearest`` for VITAL's reference patches. They
            differ by a pixel at inputs of, for instance, 288, 300, 320, 336 and 512 pixels, and both are in the keys
            of what was made with them.
    """
    exact = share * patch
    return max(1, int(exact + 1e-9) if rounding == "down" else round(exact))


def grid_for(spec: PhotosSpec, side: int) -> PatchGrid:
    """Return the grid of a photo set for a model with inputs of ``side`` pixels.

    Raises:
        ConfigError: the patch that is asked for is larger than the input.
    """
    patch = patch_side(side, spec.patch_size, "photos.patch_size")
    return PatchGrid(side, patch, patch_stride(patch, spec.stride))
