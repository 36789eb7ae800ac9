"""Photos as people give them: a file, a picture or an array to start from, or a folder of references."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas.core.canonical import digest, digest_bytes
from atlas.errors import PhotoError
from atlas.photos import Photo, PhotoSet, PhotosSpec, open_photo_set
from atlas.photos.photo import FilePart
from atlas.photos.spec import LARGEST_FILE

SUPPORTED = "give the path of a file, a PIL image, or an array (H, W, 3) of uint8"


@dataclass(frozen=True)
class Held:
    """Bytes that are in memory; the counterpart of :class:`atlas.photos.photo.FilePart`."""

    data: bytes

    def read(self, limit: int) -> bytes:
        """Return the bytes, ``limit`` at most."""
        return self.data[:limit]


def reference_photos(path: Path | str, cache: Path) -> PhotoSet:
    """Return the photos of a folder, an archive or a data set, as ``[photos]`` reads it.

    Args:
        cache: folder for digests and activations, which can be computed again.

    Raises:
        PhotoError: there are none.
    """
    return open_photo_set(PhotosSpec(path=Path(path).expanduser(), cache=cache))


def given_photos(photos: Sequence[Any], cache: Path) -> PhotoSet:
    """Return photos that are given one by one as a set, in the order in which they are given, each once.

    Raises:
        PhotoError: one cannot be read, or is none.
    """
    found: dict[str, Photo] = {}
    for number, given in enumerate(photos):
        photo = _photo(given, number)
        found.setdefault(photo.digest, photo)
    return PhotoSet(
        spec=PhotosSpec(path=cache, cache=cache),
        photos=tuple(found.values()),
        digest=digest(sorted(("", photo) for photo in found)),
        name="the photos given",
        notes="",
        grouped=False,
        notices=(),
    )


def _photo(given: Any, number: int) -> Photo:
    if isinstance(given, str | Path):
        path = Path(given).expanduser().absolute()
        part = FilePart(str(path))
        try:
            data = part.read(LARGEST_FILE) if path.is_file() else b""
        except OSError as error:
            raise PhotoError(f"{given}: {error.strerror or error}", "check the path, and who may read it") from error
        if not data:
            raise PhotoError(f"{given}: there is no such photo, or it is empty", SUPPORTED)
        return Photo(f"{number}/{path.name}", "", digest_bytes(data), part)
    data = _encoded(given)
    return Photo(f"{number}/given.png", "", digest_bytes(data), Held(data))


def _encoded(given: Any) -> bytes:
    """Return a PIL image or an array (H, W, 3) of uint8 as a PNG."""
    import numpy as np
    from PIL import Image

    if not isinstance(given, Image.Image):
        values = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
        if values.ndim != 3 or values.shape[-1] != 3 or values.dtype != np.uint8:
            raise PhotoError(f"a {type(given).__name__} of shape {values.shape} is no photo", SUPPORTED)
        given = Image.fromarray(values)
    buffer = io.BytesIO()
    given.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()
