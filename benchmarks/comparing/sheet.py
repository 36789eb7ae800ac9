"""Sheets: pictures that back the figures, small, side by side in one WebP file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

CELL, GAP, LINE = 112, 4, 14
"""Pixels."""
QUALITY = 72
INK, PAPER = (32, 32, 32), (255, 255, 255)


def write_sheet(path: Path, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[np.ndarray | None]]]) -> None:
    """Write pictures as a grid with a word above each column and below each row's first picture.

    Args:
        rows: a title and one picture (H, W, 3) uint8 for each column, or None for an empty cell.
    """
    width = len(columns) * (CELL + GAP) + GAP
    height = LINE + len(rows) * (CELL + LINE + GAP)
    sheet = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, word in enumerate(columns):
        pen.text((GAP + place * (CELL + GAP), 1), word[: CELL // 6], fill=INK)
    for row, (title, pictures) in enumerate(rows):
        top = LINE + row * (CELL + LINE + GAP)
        for place, picture in enumerate(pictures):
            if picture is not None:
                small = Image.fromarray(picture).resize((CELL, CELL), Image.Resampling.LANCZOS)
                sheet.paste(small, (GAP + place * (CELL + GAP), top))
        pen.text((GAP, top + CELL + 1), title, fill=INK)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, "WEBP", quality=QUALITY, method=6)
