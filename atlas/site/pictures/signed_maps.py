"""Derived heat maps of both signs: those of several channels in one file, to lay over photos."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from atlas.core.canonical import digest_bytes
from atlas.site.pictures.overlays import HEAT_COLOURS, HEAT_FLOOR, Grid, Overlays, colour_between, keep
from atlas.site.pictures.picture import RECIPE

CELL = 64
"""Side of a map, pixels. The layers' grids have 7 to 32 cells, so that nothing is lost."""
ZERO = 128
"""Level of grey that stands for 0; see :func:`atlas.photos.sprites.signed_sprite`."""
TAKING = ((20, 60, 130), (20, 110, 200), (70, 180, 240), (205, 240, 255))
"""Colours below 0, from weak to strong; above it they are those of the heat maps of concepts."""
SIGNED_RECIPE = f"{digest_bytes(Path(__file__).read_bytes())[:12]} {RECIPE}"
"""Names how they are derived: this file as it is, and what pictures are encoded with."""


def derive_signed(maps: Sequence[tuple[bytes, Grid]], cells: Sequence[int]) -> tuple[Overlays, dict[str, bytes]]:
    """Make the file of some channels' maps: a row for each channel, a column for each photo.

    Args:
        maps: encoded grey sprites, one for each channel. cells: which of their cells are taken, in order.

    Returns:
        The overlay, as the only heat, and path to content of its file.

    Raises:
        OSError: the bytes are no picture that Pillow reads.
    """
    files: dict[str, bytes] = {}
    sheet = Image.new("L", (len(cells) * CELL, len(maps) * CELL), ZERO)
    for row, (data, grid) in enumerate(maps):
        grey = Image.open(io.BytesIO(data)).convert("L")
        for column, cell in enumerate(cells):  # each alone, or neighbours would mix where they are enlarged
            one = grey.crop(grid.box(cell)).resize((CELL, CELL), Image.Resampling.BICUBIC)
            sheet.paste(one, (column * CELL, row * CELL))
    colours = [_colour(level) for level in range(256)]
    ramps = [sheet.point([colour[channel] for colour in colours]) for channel in range(3)]
    overlay = Image.merge("RGBA", [*ramps, sheet.point([_opacity(level) for level in range(256)])])
    return Overlays((), (keep(overlay, files, 70),)), files


def _strength(level: int) -> float:
    return min(1.0, abs(level - ZERO) / (255 - ZERO))


def _colour(level: int) -> tuple[int, ...]:
    return colour_between(HEAT_COLOURS if level >= ZERO else TAKING, _strength(level))


def _opacity(level: int) -> int:
    share = max(0.0, _strength(level) - HEAT_FLOOR) / (1 - HEAT_FLOOR)
    return round(255 * share**0.7) // 8 * 8
