"""Views: the central square of a photo, and the patches of a square."""

from PIL import Image

from atlas.errors import ConfigError
from atlas.photos.spec import PhotosSpec

PATCH_SHARE = 64 / 224
"""Side of a patch as a share of the input's: CRAFT's 64 pixels of 224 (Fel et al. 2023)."""

SMALLEST_PATCH = 8
"""Pixels; below it a patch holds no structure to be enlarged."""


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


def patch_boxes(side: int, size: int, stride: int) -> list[tuple[int, int, int, int]]:
    """Return (left, top, right, bottom) of every patch that lies within a square, row by row from the top left.

    As in CRAFT (Fel et al. 2023): patches begin at multiples of the stride, and one that would reach over the edge is
    left out: 4 x 4 for 224, 64 and 51, which leave 7 pixels at the right and at the bottom.

    Args:
        side: of the square. size: of a patch, at most ``side``. stride: from one patch to the next. All in pixels.
    """
    starts = range(0, side - size + 1, stride)
    return [(left, top, left + size, top + size) for top in starts for left in starts]


def patch_size_for(spec: PhotosSpec, side: int) -> int:
    """Return the side of a patch for a model with inputs of ``side`` pixels.

    Raises:
        ConfigError: the patch that is asked for is larger than the input.
    """
    if spec.patch_size is None:
        return min(side, max(SMALLEST_PATCH, round(PATCH_SHARE * side)))
    if spec.patch_size > side:
        problem = f"photos.patch_size: {spec.patch_size} pixels are more than the model's input of {side}"
        raise ConfigError([problem], remedy=f"write {round(PATCH_SHARE * side)}, or leave it out")
    return spec.patch_size


def patch_stride_for(spec: PhotosSpec, size: int) -> int:
    """Return the pixels from one patch of ``size`` pixels to the next, rounded down as CRAFT does."""
    return max(1, int(spec.stride * size + 1e-9))
