"""The demo's reference photos: squares cut from two photos that the package scikit-image carries."""

import io
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from PIL import Image

from atlas.core.csv_text import csv_text
from atlas.errors import PhotoError
from atlas.extras import missing
from atlas.store.files import write_atomic

CUTS = 24
"""Squares cut from each photo, at several sizes and places: too few, and too alike, to conclude anything from."""
SHARES = (0.62, 0.76, 0.9)
"""Sides of the squares, as shares of the photo's shorter side."""
SIDE = 320
"""Largest side of a square as it is written, pixels."""


@dataclass(frozen=True)
class _Original:
    """A photo of the package: its file, the ImageNet class that it shows, and whom it is owed to."""

    file: str
    class_name: str
    author: str
    licence: str
    source: str


ORIGINALS = (
    _Original("chelsea.png", "Egyptian cat", "Stefan van der Walt", "CC0 1.0", "scikit-image, data.chelsea"),
    _Original("coffee.png", "espresso", "Rachel Michetti", "CC0 1.0", "scikit-image, data.coffee"),
)


def write_photos(folder: Path) -> None:
    """Write the demo's photos into ``folder``, one folder for each class, and a table of whom they are owed to.

    Raises:
        PhotoError: the package is not installed, or lacks a photo. StoreError: the folder cannot be written.
    """
    for original in ORIGINALS:
        photo = _open(original.file)
        for number, box in enumerate(_boxes(photo.size)):
            path = folder / original.class_name / f"{number:02d}.jpg"
            if not path.exists():
                write_atomic(path, _jpeg(photo.crop(box)))
    if not (folder / "SOURCES.csv").exists():
        owed = [(one.class_name, one.author, one.licence, one.source) for one in ORIGINALS]
        table = csv_text(("folder", "author", "licence", "source"), owed)
        write_atomic(folder / "SOURCES.csv", table.encode())


def _open(name: str) -> Image.Image:
    try:
        data = files("skimage").joinpath("data", name).read_bytes()
    except ModuleNotFoundError as error:
        raise missing("skimage", f"the demo's photo {name}", "demo") from error
    except FileNotFoundError as error:
        raise PhotoError(f"scikit-image lacks the demo's photo {name}", "pip install -U scikit-image") from error
    return Image.open(io.BytesIO(data)).convert("RGB")


def _boxes(size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Return the squares: each size in turn, moving over the photo from left to right, up and down."""
    boxes = []
    for number in range(CUTS):
        side = round(min(size) * SHARES[number % len(SHARES)])
        across, down = number / (CUTS - 1), (number * 7 % CUTS) / (CUTS - 1)
        left, top = round((size[0] - side) * across), round((size[1] - side) * down)
        boxes.append((left, top, left + side, top + side))
    return boxes


def _jpeg(picture: Image.Image) -> bytes:
    picture.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
