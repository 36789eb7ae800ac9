"""Small photos for tests: coloured pictures with stripes and spots, in class folders."""

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("red", "green", "blue")


def picture(colour: int, seed: int, side: int = 48) -> Image.Image:
    """A picture that is mostly of one colour, with stripes or a spot of others; different for every seed."""
    random = np.random.default_rng([colour, seed])
    pixels = random.uniform(0.05, 0.2, (side, side, 3))
    pixels[:, :, colour] += random.uniform(0.55, 0.7)
    y, x = np.mgrid[:side, :side]
    if seed % 2:
        pixels[(x + y * random.integers(0, 3)) // 5 % 3 == 0] *= 0.4
    row, column = random.integers(8, side - 8, 2)
    pixels[(y - row) ** 2 + (x - column) ** 2 < 36] = random.uniform(0.2, 0.5, 3)
    return Image.fromarray((pixels.clip(0, 1) * 255).astype(np.uint8))


def write_photos(folder: Path, count: int = 6, classes: tuple[str, ...] = CLASSES, side: int = 48) -> Path:
    """Write ``count`` PNG pictures into a folder for each class; return the folder of folders."""
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for seed in range(count):
            picture(CLASSES.index(name), seed, side).save(folder / name / f"{seed:03d}.png")
    return folder
