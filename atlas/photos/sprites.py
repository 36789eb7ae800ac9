"""Sprites: many small pictures of equal size in one file, so that a page asks for few files."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image

from atlas.core.analysis import Sprite
from atlas.core.canonical import digest_bytes

if TYPE_CHECKING:
    import numpy as np

QUALITY = 78
"""WebP quality of photos: cells of 112 pixels take 2 to 4 KB."""


def photo_sprite(pictures: Sequence[Image.Image], cell: int, columns: int) -> tuple[Sprite, bytes]:
    """Return pictures as one lossy WebP file.

    Args:
        pictures: square RGB pictures, resized to the cell.
        cell: side of a cell, pixels. columns: cells in a row; the last row may be short.
    """
    sheet = Image.new("RGB", _size(len(pictures), cell, columns), (128, 128, 128))
    for place, picture in enumerate(pictures):
        sheet.paste(picture.resize((cell, cell), Image.Resampling.BICUBIC), _corner(place, cell, columns))
    return _encoded(sheet, "webp", len(pictures), cell, columns)


def heat_sprite(maps: "Sequence[np.ndarray]", cell: int, columns: int) -> tuple[Sprite, bytes]:
    """Return heat maps as one 8-bit grey PNG file, all on one scale: 255 is the largest value among them.

    Args:
        maps: (h, w) float, non-negative, finite.
    """
    top = max((float(heat.max()) for heat in maps), default=0.0) or 1.0
    sheet = Image.new("L", _size(len(maps), cell, columns), 0)
    for place, heat in enumerate(maps):
        grey = Image.fromarray((heat / top * 255).clip(0, 255).round().astype("uint8"))
        sheet.paste(grey.resize((cell, cell), Image.Resampling.BICUBIC), _corner(place, cell, columns))
    return _encoded(sheet, "png", len(maps), cell, columns)


def signed_sprite(maps: "Sequence[np.ndarray]", columns: int) -> tuple[Sprite, float, bytes]:
    """Return maps of both signs as one 8-bit grey PNG file, all on one scale, and the largest magnitude.

    128 is 0, 255 the largest magnitude, 1 its negative. A cell is as large as the maps; of maps that are no squares, as
    their longer side.

    Args:
        maps: (h, w) float, finite, all of one size; one at least.
        columns: cells in a row; the last row may be short.
    """
    largest = max(float(abs(one).max()) for one in maps)
    cell = max(maps[0].shape)
    sheet = Image.new("L", _size(len(maps), cell, columns), 128)
    for place, one in enumerate(maps):
        grey = Image.fromarray((128 + one / (largest or 1.0) * 127).round().astype("uint8"))
        sheet.paste(grey.resize((cell, cell), Image.Resampling.BICUBIC), _corner(place, cell, columns))
    sprite, data = _encoded(sheet, "png", len(maps), cell, columns)
    return sprite, largest, data


def _size(count: int, cell: int, columns: int) -> tuple[int, int]:
    return min(count, columns) * cell, -(-count // columns) * cell


def _corner(place: int, cell: int, columns: int) -> tuple[int, int]:
    return place % columns * cell, place // columns * cell


def _encoded(sheet: Image.Image, kind: str, count: int, cell: int, columns: int) -> tuple[Sprite, bytes]:
    buffer = io.BytesIO()
    if kind == "webp":
        sheet.save(buffer, "WEBP", quality=QUALITY, method=4)
    else:
        sheet.save(buffer, "PNG", optimize=True)
    data = buffer.getvalue()
    sprite = Sprite(
        name=f"{digest_bytes(data)}.{kind}",
        bytes=len(data),
        width=sheet.width,
        height=sheet.height,
        cell=cell,
        columns=min(count, columns),
        count=count,
    )
    return sprite, data
