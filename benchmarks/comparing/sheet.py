"""Sheets: pictures that back the figures, small, side by side in one WebP file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

CELL, GAP, LINE = 112, 4, 14
"""Pixels."""
MARGIN = 100
"""Width of the words at the left of rows whose pictures have words of their own below them, pixels."""
QUALITY = 72
INK, PAPER = (32, 32, 32), (255, 255, 255)


def write_sheet(
    path: Path,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[np.ndarray | None]]],
    captions: Sequence[Sequence[str]] = (),
    cell: int = CELL,
) -> None:
    """Write pictures as a grid with a word above each column and each row's title below its first picture.

    Args:
        rows: a title and one picture (H, W, 3) uint8 for each column, or None for an empty cell.
        captions: words below each picture, as many as there are; titles then stand at the left.
        cell: side of a picture, pixels.
    """
    left = MARGIN if captions else 0
    size = 12 if captions else 10
    line = LINE * size // 10
    sheet = Image.new("RGB", (left + len(columns) * (cell + GAP) + GAP, line + len(rows) * (cell + line + GAP)), PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size)

    def write(x: int, y: int, text: str, width: int) -> None:
        while text and pen.textlength(text, font=font) > width:
            text = text[:-1]
        pen.text((x, y), text, fill=INK, font=font)

    for place, word in enumerate(columns):
        write(left + GAP + place * (cell + GAP), 1, word, cell)
    for row, (title, pictures) in enumerate(rows):
        top = line + row * (cell + line + GAP)
        for place, picture in enumerate(pictures):
            corner = left + GAP + place * (cell + GAP)
            if picture is not None:
                small = Image.fromarray(picture).resize((cell, cell), Image.Resampling.LANCZOS)
                sheet.paste(small, (corner, top))
            if captions:
                write(corner, top + cell + 1, captions[row][place], cell)
        if captions:
            write(GAP, top + cell // 2, title, MARGIN - GAP)
        else:
            write(GAP, top + cell + 1, title, sheet.width - 2 * GAP)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, "WEBP", quality=QUALITY, method=6)
