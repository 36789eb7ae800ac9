"""Sheets: sprites as pages show them, cell by cell. The stylesheet crops; pages may not carry styles of their own."""

from collections.abc import Sequence
from dataclasses import dataclass

from atlas.core.analysis import Crop, PhotoCredit, Sprite
from atlas.site.catalog.credits import Credits
from atlas.site.pictures.overlays import CARDS, card_top
from atlas.site.pictures.picture import ENLARGED, Derived

MOST_COLUMNS, MOST_ROWS = 24, 64
"""Cells that the stylesheet has places for."""
SIDE_STEP, LARGEST_SIDE = 8, 512
"""Sides of cells, pixels, that the stylesheet has a largest width for."""
HIDDEN = 1 / 32
"""Share of a cell's side that is not shown at its edges: 3.5 pixels of 112, more than mixes at half the size."""


@dataclass(frozen=True)
class Cell:
    """One picture of a sprite: where it is, and the photo that it is part of."""

    place: str
    photo: str
    address: str
    value: float


@dataclass(frozen=True)
class Sheet:
    """A sprite: its file in the site, its size, its cells.

    ``size`` is the style class that shows no cell larger than its pixels bear; ``heat`` is the file of its heat maps,
    if it has them.
    """

    path: str
    width: int
    height: int
    size: str
    cells: tuple[Cell, ...]
    heat: Derived | None = None


def sprite_path(sprite: Sprite) -> str:
    """Return a sprite's path among the site's pictures."""
    return f"{sprite.name[:2]}/{sprite.name[2:18]}{sprite.name[64:]}"


def place(columns: int, column: int, row: int = 0) -> str:
    """Return the style classes that show one cell of a sprite with so many columns."""
    return f"w{columns} x{column} y{row}"


def card_place(row: int) -> str:
    """Return the style class that shows one row of a class's file of patches."""
    return f"card-row-{row}"


def places() -> str:
    """Return the rules of those classes: how wide the sprite is drawn in its cell, how far it is moved, and how wide a
    cell is.

    Of a cell its outermost :data:`HIDDEN` is left out on all sides: there lossy files, and browsers that draw them at
    another size, mix in the colours of its neighbours.
    """
    scale = 100 / (1 - 2 * HIDDEN)
    widths = "".join(f".w{count}{{width:{count * scale:.3f}%}}" for count in range(1, MOST_COLUMNS + 1))
    columns = "".join(f".x{column}{{left:{-(column + HIDDEN) * scale:.3f}%}}" for column in range(MOST_COLUMNS))
    rows = "".join(f".y{row}{{top:{-(row + HIDDEN) * scale:.3f}%}}" for row in range(MOST_ROWS))
    cards = "".join(f".card-row-{row}{{width:100%;top:{-100 * card_top(row):.3f}%}}" for row in range(CARDS))
    sides = range(SIDE_STEP, LARGEST_SIDE + 1, SIDE_STEP)
    largest = "".join(f".s{side}{{max-width:{ENLARGED * side * (1 - 2 * HIDDEN):g}px}}" for side in sides)
    return widths + columns + rows + cards + largest


def size(side: int) -> str:
    """Return the style class of cells of so many pixels."""
    return f"s{min(LARGEST_SIDE, max(SIDE_STEP, side // SIDE_STEP * SIDE_STEP))}"


def sheet(
    sprite: Sprite,
    crops: Sequence[Crop],
    photos: Sequence[PhotoCredit],
    photo_set: Credits | None,
    heat: Derived | None = None,
) -> Sheet:
    """Return a sprite's cells, each with its photo.

    Args:
        crops: what the cells show. photos: of the analysis that it belongs to. photo_set: where their entries are.
    """
    cells = []
    for number, crop in enumerate(crops[: sprite.count]):
        row, column = divmod(number, sprite.columns)
        photo = photos[crop.photo]
        address = photo_set.address_of(photo.digest) if photo_set else ""
        if column < MOST_COLUMNS and row < MOST_ROWS and sprite.columns <= MOST_COLUMNS:
            cells.append(Cell(place(sprite.columns, column, row), photo.name, address, crop.value))
    return Sheet(sprite_path(sprite), sprite.width, sprite.height, size(sprite.cell), tuple(cells), heat)
