"""Decodes photos from anywhere: whatever the file is, the result is an upright 8-bit RGB image or a PhotoError."""

import io
import logging
import warnings
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from atlas.errors import PhotoError
from atlas.photos.spec import MAX_MEGAPIXELS, MAX_METADATA

MAX_PIXELS = round(MAX_MEGAPIXELS * 1e6)
"""Largest photo that is decoded unless told otherwise, pixels."""

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "TGA")
"""What is taken for a photo. Formats that run programs (EPS) or nest other files (ICNS, PSD, PDF) are not."""

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its orientation in EXIF (CIPA DC-008, 4.6.5)."""

logger = logging.getLogger(__name__)

# By default 1 MiB, which large profiles, and programs that write their whole work into a text of a PNG, go beyond.
PngImagePlugin.MAX_TEXT_CHUNK = max(PngImagePlugin.MAX_TEXT_CHUNK, MAX_METADATA)


def decode_photo(path: Path, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Return the photo in a file as an upright RGB image; see :func:`decode_bytes`.

    Raises:
        PhotoError: the file is missing, empty, truncated, damaged, too large or no photo.
    """
    if not path.is_file():
        raise PhotoError(f"{path}: there is no such file")
    try:
        with path.open("rb") as file:
            return _decode(file, str(path), max_pixels)
    except OSError as error:
        raise PhotoError(f"{path}: {error.strerror or error}") from error


def decode_bytes(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Return a photo as an upright RGB image: orientation applied, transparency over white, 16 bits scaled to 8.

    Of an animation the first frame is taken. Colour profiles are not applied.

    Args:
        data: the encoded photo.
        name: what errors call it.
        max_pixels: a larger picture is refused from its header, before any of it is decoded.

    Raises:
        PhotoError: it is empty, truncated, damaged, too large or no photo.
    """
    return _decode(io.BytesIO(data), name, max_pixels)


def _decode(file: BinaryIO, name: str, max_pixels: int) -> Image.Image:
    if not file.read(1):
        raise PhotoError(f"{name}: the file is empty")
    file.seek(0)
    try:
        with _quiet, Image.open(file, formats=_formats()) as image:
            width, height = image.size
            if width < 1 or height < 1:
                raise PhotoError(f"{name}: it has no pixels ({width} x {height})")
            if width * height > max_pixels:
                limit = f"at most {max_pixels / 1e6:.3g} megapixels are decoded"
                raise PhotoError(f"{name}: {width} x {height} pixels are too many; {limit}", "scale it down first")
            image.load()
            return _to_rgb(_upright(image))
    except PhotoError:
        raise
    except Exception as error:  # a decoder may raise anything at all on a damaged file, and one photo is never all
        logger.debug("a photo cannot be decoded", exc_info=True)
        raise PhotoError(f"{name}: {_reason(error)}") from error


class _Quiet:
    """Silences Pillow while any thread decodes: it warns of sizes, which are checked here, and of odd metadata.

    ``warnings.catch_warnings`` is not made for several threads: the one that ends last restores what another changed.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._inside += 1

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._filters.__exit__(None, None, None)


_quiet = _Quiet()


def _upright(image: Image.Image) -> Image.Image:
    """Return an image as its camera was held. Its pixels are sound whatever its metadata holds, of which Pillow's own
    function writes all anew."""
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # as in a decoder
        logger.debug("the metadata of a photo cannot be read", exc_info=True)
        return image
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Return an image of any mode as RGB."""
    if image.mode.startswith("I"):
        image = _grey_16_to_8(image)
    if image.mode == "F":
        raise ValueError("its samples are floating-point numbers of unknown range")
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        white = Image.new("RGBA", seen.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, seen).convert("RGB")
    return image.convert("RGB")


def _grey_16_to_8(image: Image.Image) -> Image.Image:
    """Return 16-bit grey as 8-bit grey. Pillow alone would clip it at 255, which is white nearly everywhere."""
    values = np.asarray(image).astype(np.float64)
    return Image.fromarray((values.clip(0, 65535) / 257).round().astype(np.uint8))


def _formats() -> tuple[str, ...]:
    """Return those of the formats that this build of Pillow knows; it refuses to be asked for others."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _reason(error: BaseException) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return "far too many pixels"
    if isinstance(error, UnidentifiedImageError):
        return "not a photo in a format that is known (" + ", ".join(name.lower() for name in _formats()) + ")"
    if isinstance(error, MemoryError):
        return "decoding it needs more memory than there is"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"broken or truncated ({str(error) or type(error).__name__})"
