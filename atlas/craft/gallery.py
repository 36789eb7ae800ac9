"""What a reader sees of a concept: its top patches, whole photos with heat maps, and its parts, as sprites."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from atlas.activations.views import Box, Photos, crop
from atlas.core.analysis import Crop, PhotoCredit, Sprite
from atlas.photos import Photo
from atlas.photos.sprites import heat_sprite, photo_sprite
from atlas.photos.views import central_square

PATCH_CELL, PATCH_COLUMNS = 112, 4
"""Patches are shown at 112 pixels in rows of four: a card shows one row."""
PHOTO_CELL, PHOTO_COLUMNS = 160, 3
"""Photos with heat maps."""
ENLARGED = 2
"""Photos are cut at this many times the network's input size, so that patches of 64 pixels fill their cells."""


@dataclass
class Shown:
    """Collects what an analysis shows: photos in the order of their first use, and the files made of them.

    Attributes:
        credits: of the photos shown. files: name to content.
    """

    photos: tuple[Photo, ...]
    source: Photos
    side: int
    credits: list[PhotoCredit] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    _places: dict[int, int] = field(default_factory=dict)
    _squares: dict[int, Image.Image] = field(default_factory=dict)

    def square(self, photo: int) -> Image.Image:
        """Return the central square of a photo, enlarged; decoded once."""
        if photo not in self._squares:
            image = self.source.image(self.photos[photo])
            self._squares[photo] = central_square(image, self.side * ENLARGED)
        return self._squares[photo]

    def forget(self) -> None:
        """Drop decoded photos."""
        self._squares.clear()

    def crops(
        self, chosen: Sequence[tuple[int, Box, float]], cell: int, columns: int
    ) -> tuple[tuple[Crop, ...], Sprite]:
        """Cut (photo, box, value) triples out and keep them as one sprite."""
        made = tuple(Crop(photo=self._place(photo), box=box, value=value) for photo, box, value in chosen)
        pictures = [crop(self.square(photo), box) for photo, box, _ in chosen]
        sprite, data = photo_sprite(pictures, cell, columns)
        self.files[sprite.name] = data
        return made, sprite

    def heat(self, maps: Sequence[np.ndarray], cell: int, columns: int) -> Sprite:
        """Keep heat maps as one sprite."""
        sprite, data = heat_sprite(maps, cell, columns)
        self.files[sprite.name] = data
        return sprite

    def _place(self, photo: int) -> int:
        if photo not in self._places:
            self._places[photo] = len(self.credits)
            self.credits.append(self.photos[photo].credit)
        return self._places[photo]


def top_patches(strengths: np.ndarray, count: int) -> list[tuple[int, int]]:
    """Return (photo, patch) of the strongest patches: the best of each photo first, then, if photos are few, others.

    Args:
        strengths: (p, P), of one concept.
    """
    best = strengths.argmax(axis=1)
    photos = np.argsort(-strengths.max(axis=1), kind="stable")
    chosen = [(int(photo), int(best[photo])) for photo in photos if strengths[photo, best[photo]] > 0][:count]
    if len(chosen) < count:
        taken = set(chosen)
        for flat in np.argsort(-strengths, axis=None, kind="stable"):
            place = (int(flat) // strengths.shape[1], int(flat) % strengths.shape[1])
            if len(chosen) == count or strengths[place] <= 0:
                break
            if place not in taken:
                chosen.append(place)
    return chosen
