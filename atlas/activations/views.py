"""Views: what of a photo a network is shown. The central square, whole, and its patches; all at the input's size."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from atlas.errors import PhotoError, PhotoGoneError
from atlas.photos import Photo
from atlas.photos.views import PatchGrid, PixelBox, central_square

READ_AHEAD = 16
"""Photos that are decoded ahead of the network."""
Box = tuple[float, float, float, float]


class Photos(Protocol):
    """What can decode photos: a photo set."""

    def image(self, photo: Photo) -> Image.Image:
        """Return the photo as RGB; raises PhotoError."""
        ...


@dataclass(frozen=True)
class Viewer:
    """Cuts photos into views.

    Attributes:
        size: (height, width) of the network's input, which every view is resized to.
        grid: of the patches; its square is as large as the longer side of the input.
    """

    size: tuple[int, int]
    grid: PatchGrid

    @property
    def side(self) -> int:
        """Side of the central square, pixels."""
        return self.grid.side

    @property
    def boxes(self) -> list[Box]:
        """The box of every view as shares of the central square: the whole first, then the patches, row by row."""
        side = self.side
        patches = [(x / side, y / side, right / side, bottom / side) for x, y, right, bottom in self.grid.boxes]
        return [(0.0, 0.0, 1.0, 1.0), *patches]

    def whole(self, square: Image.Image) -> Tensor:
        """Return the central square as (3, height, width) float32 in [0, 1]."""
        return _resized(_tensor(square)[None], self.size)[0]

    def patches(self, square: Image.Image) -> Tensor:
        """Return the patches of the central square, (P, 3, height, width) float32 in [0, 1], resized bilinearly."""
        return cut_patches(_tensor(square), self.grid.boxes, self.size)

    def views(self, square: Image.Image) -> Tensor:
        """Return all views, in the order of :attr:`boxes`."""
        return torch.cat([self.whole(square)[None], self.patches(square)])


def cut_patches(pixels: Tensor, boxes: Iterable[PixelBox], size: tuple[int, int]) -> Tensor:
    """Return parts of one size of a picture (3, H, W), as (P, 3, *size), resized bilinearly."""
    return _resized(torch.stack([pixels[:, top:bottom, left:right] for left, top, right, bottom in boxes]), size)


def squares(
    photos: Iterable[Photo], source: Photos, side: int, on_skip: Callable[[Photo, str], None]
) -> Iterator[tuple[Photo, Image.Image]]:
    """Yield each photo with its central square, in order, decoded ahead in threads.

    Args:
        side: of the squares, pixels.
        on_skip: told a photo that cannot be decoded, and why.

    Raises:
        PhotoGoneError: one is gone, or has changed, since the photos were listed.
    """

    def read(photo: Photo) -> Image.Image | PhotoError:
        try:
            return central_square(source.image(photo), side)
        except PhotoError as error:
            return error

    coming: deque[tuple[Photo, Future[Image.Image | PhotoError]]] = deque()
    waiting = iter(photos)
    with ThreadPoolExecutor(2) as pool:
        try:
            while True:
                while len(coming) < READ_AHEAD and (photo := next(waiting, None)) is not None:
                    coming.append((photo, pool.submit(read, photo)))
                if not coming:
                    return
                photo, future = coming.popleft()
                result = future.result()
                if isinstance(result, PhotoGoneError):
                    raise result
                if isinstance(result, PhotoError):
                    on_skip(photo, result.message)
                else:
                    yield photo, result
        finally:
            pool.shutdown(cancel_futures=True)


def crop(square: Image.Image, box: Sequence[float]) -> Image.Image:
    """Return the part of a central square that a view shows."""
    left, top, right, bottom = (round(edge * square.width) for edge in box)
    return square.crop((left, top, right, bottom))


def _resized(views: Tensor, size: tuple[int, int]) -> Tensor:
    if views.shape[2:] == size:
        return views
    return F.interpolate(views, size=size, mode="bilinear", align_corners=False)


def _tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
