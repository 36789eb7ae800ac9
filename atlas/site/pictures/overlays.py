"""Derived pictures of a class's concepts: heat maps to lay over photos, and one small file of patches for its page.

Sprites of patches are copied as they are. But ten of them on the class page would be most of its 600 KB, so that page
shows the first patches of every concept from one file: a row for each concept, its best patch first.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from atlas.core.canonical import digest_bytes
from atlas.site.pictures.picture import RECIPE, Derived

CARDS = 10
"""Concepts with a card on the class's page: more would not keep its budget; the others are listed by number."""
CARD_PATCHES = 4
"""Patches on a card."""
CARD_CELL = 96
"""Side of a card's patch, pixels: shown at about 50."""
CARD_GUTTER = 16
"""Pixels above and below each row of patches that repeat its edge, so that no row mixes with the next one."""
CARD_QUALITY = 58
"""WebP quality of the cards' patches: 40 of them take about 70 KB."""
HEAT_CELL = 144
"""Largest side of a heat map, pixels: as sharp as the photo that it lies on is shown."""
HEAT_COLOURS = ((120, 20, 60), (214, 60, 20), (255, 170, 40), (255, 244, 190))
"""Colours of a heat map from weak to strong: around the accent, and on to light, so that it is seen on any photo."""
HEAT_FLOOR = 0.06
"""Share of the strongest heat below which the photo stays clear."""
BLANK = (128, 128, 128)
OVERLAY_RECIPE = f"{digest_bytes(Path(__file__).read_bytes())[:12]} {RECIPE}"
"""Names how they are derived: this file as it is, and what pictures are encoded with."""


@dataclass(frozen=True)
class Overlays:
    """What is derived of one class's concepts.

    Attributes:
        cards: the first patches of the first concepts, one row for each; empty without concepts.
        heats: the overlay of each concept, in order, cells as in its photo sprite.
    """

    cards: tuple[Derived, ...]
    heats: tuple[Derived, ...]

    @property
    def files(self) -> tuple[Derived, ...]:
        """All of its files."""
        return self.cards + self.heats


class Grid(NamedTuple):
    """How a sprite is divided: side of a cell, cells in a row, cells in all."""

    cell: int
    columns: int
    cells: int

    def box(self, place: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom of a cell."""
        left, top = place % self.columns * self.cell, place // self.columns * self.cell
        return left, top, left + self.cell, top + self.cell

    def inside(self, place: int) -> tuple[int, int, int, int]:
        """Return the box of a cell without its outermost pixels, where lossy files mix in its neighbours."""
        left, top, right, bottom = self.box(place)
        rim = min(2, (self.cell - 1) // 2)
        return left + rim, top + rim, right - rim, bottom - rim


def derive_overlays(
    patches: Sequence[tuple[bytes, Grid]], heats: Sequence[tuple[bytes, Grid]]
) -> tuple[Overlays, dict[str, bytes]]:
    """Make the files of one class.

    Args:
        patches: encoded sprites of patches of the concepts that have a card. heats: of all heat maps.

    Returns:
        The overlays, and path to content of their files.

    Raises:
        OSError: the bytes are no picture that Pillow reads.
    """
    files: dict[str, bytes] = {}
    cards = (keep(_cards(patches), files, CARD_QUALITY),) if patches else ()
    return Overlays(cards, tuple(keep(_overlay(data, grid), files, 70) for data, grid in heats)), files


def _cards(patches: Sequence[tuple[bytes, Grid]]) -> Image.Image:
    """Return the first patches of each concept, one row for each."""
    width, pitch = CARD_PATCHES * CARD_CELL, CARD_CELL + 2 * CARD_GUTTER
    sheet = Image.new("RGB", (width, len(patches) * pitch), BLANK)
    for row, (data, grid) in enumerate(patches):
        sprite, top = Image.open(io.BytesIO(data)).convert("RGB"), row * pitch + CARD_GUTTER
        for column in range(min(CARD_PATCHES, grid.cells)):
            patch = sprite.crop(grid.inside(column)).resize((CARD_CELL, CARD_CELL), Image.Resampling.LANCZOS)
            sheet.paste(patch, (column * CARD_CELL, top))
        for edge, gutter in ((top, top - CARD_GUTTER), (top + CARD_CELL - 1, top + CARD_CELL)):
            sheet.paste(sheet.crop((0, edge, width, edge + 1)).resize((width, CARD_GUTTER)), (0, gutter))
    return sheet


def card_top(row: int) -> float:
    """Return how far below the top of the cards' file a row begins, in heights of a row."""
    return row + (2 * row + 1) * CARD_GUTTER / CARD_CELL


def _overlay(data: bytes, grid: Grid) -> Image.Image:
    """Return heat maps as colours that are the more opaque, the stronger the heat."""
    grey = Image.open(io.BytesIO(data)).convert("L")
    rows = -(-grid.cells // grid.columns)
    side = min(HEAT_CELL, grid.cell)
    grey = grey.resize((grid.columns * side, rows * side), Image.Resampling.BOX)
    colours = [colour_between(HEAT_COLOURS, level / 255) for level in range(256)]
    ramps = [grey.point([colour[channel] for colour in colours]) for channel in range(3)]
    return Image.merge("RGBA", [*ramps, grey.point([_opacity(level / 255) for level in range(256)])])


def colour_between(colours: Sequence[tuple[int, int, int]], heat: float) -> tuple[int, ...]:
    """Return the colour of a heat in [0, 1], linearly between colours from weak to strong."""
    place = heat * (len(colours) - 1)
    low = min(int(place), len(colours) - 2)
    between = zip(colours[low], colours[low + 1], strict=True)
    return tuple(round(first + (second - first) * (place - low)) for first, second in between)


def _opacity(heat: float) -> int:
    share = max(0.0, heat - HEAT_FLOOR) / (1 - HEAT_FLOOR)
    return round(255 * share**0.7) // 8 * 8  # 32 levels, as of masks: a third fewer bytes


def keep(picture: Image.Image, files: dict[str, bytes], quality: int) -> Derived:
    """Encode a picture and note its file; return where it is."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=2)
    content = buffer.getvalue()
    name = digest_bytes(content)[:18]
    path = f"{name[:2]}/{name[2:]}.webp"
    files[path] = content
    return Derived(path, picture.width, picture.height, len(content))
