"""What every reader has in common: what counts as a photo, and what a listing of photos is."""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from atlas.core.system_files import is_system
from atlas.errors import PhotoError, did_you_mean
from atlas.photos.photo import Photo

_DECODED = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".tif", ".tiff", ".bmp", ".dib", ".gif")
_RARE = (".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".jpx", ".tga")
_UNKNOWN = (".heic", ".heif", ".jxl", ".dng", ".cr2", ".nef", ".arw")
ENDINGS = frozenset((*_DECODED, *_RARE, *_UNKNOWN))
"""Endings of photos, in lower case. The unknown ones cannot be decoded, but whoever has such photos must be told."""

_CHUNK = 1 << 20

OnPhoto = Callable[[int, int], None]
"""Told how many photos have been seen, and of how many; may raise to stop."""


@dataclass
class Listing:
    """What a reader found.

    Attributes:
        photos: in any order, without credits.
        documents: files beside the photos that may say whom they are owed to, by name.
        notices: what a person should know, as sentences.
    """

    photos: list[Photo] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def is_photo(name: str) -> bool:
    """Tell by its name whether a file is meant to be a photo: a photo's ending, and neither hidden nor a system's."""
    return os.path.splitext(name)[1].lower() in ENDINGS and not is_system(os.path.basename(name))


def hash_stream(stream: BinaryIO, size: int | None = None) -> str:
    """Return the sha256 of the next ``size`` bytes of a stream, or of all that is left."""
    hashed = hashlib.sha256()
    while size != 0 and (chunk := stream.read(_CHUNK if size is None else min(size, _CHUNK))):
        hashed.update(chunk)
        size = None if size is None else size - len(chunk)
    return hashed.hexdigest()


def printable(name: str) -> str:
    """Return the name of a file as text that any encoding can carry; names on disk may be any bytes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def some(names: Iterable[str], limit: int = 3) -> str:
    """Return the first few names, and that there are more."""
    names = iter(names)
    listed = ", ".join(islice(names, limit))
    return f"{listed}, ..." if next(names, None) is not None else listed


def counted(number: int, noun: str = "photo") -> str:
    """Return ``1 photo`` or ``3 photos``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def missing(path: Path) -> PhotoError:
    """Return the error for photos that are not there."""
    try:
        beside = [found.name for found in path.parent.iterdir()]
    except OSError:
        beside = []
    hint = did_you_mean(path.name, beside, limit=1)
    return PhotoError(f'photos: there is no file or folder "{path}"', hint or "check the path in [photos]")
