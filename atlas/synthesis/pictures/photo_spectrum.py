"""Makes a natural spectrum from a user's own photos."""

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from atlas.errors import PhotoError, SpectrumError
from atlas.photos.decode import decode_photo
from atlas.photos.find import find_photos
from atlas.synthesis.pictures.colour import decorrelate

MARGIN = 0.01
"""Photos are squeezed into [MARGIN, 1 - MARGIN] before the inverse of the sigmoid, which is infinite at 0 and 1."""


@dataclass(frozen=True)
class SkippedPhoto:
    """A file that is in no spectrum, and why, in words for a person."""

    path: Path
    reason: str


@dataclass(frozen=True)
class SpectrumReport:
    """What a spectrum was made of.

    Attributes:
        used: how many photos it is the mean of. skipped: the files that could not be read.
    """

    used: int
    skipped: tuple[SkippedPhoto, ...]


def make_spectrum(
    photos: Sequence[Path], output: Path, size: int = 512, on_photo: Callable[[int, int], None] | None = None
) -> SpectrumReport:
    """Measure the spectrum of photos and write it, in one step that cannot leave half a file.

    Args:
        photos: files, and folders that are searched with all below.
        output: the .npy file to write; its folder is made if need be.
        size: side at which the photos are measured, pixels, even.
        on_photo: told (files looked at, all files) after each.

    Raises:
        SpectrumError: there is no file, no usable photo, or the output cannot be written.
        PhotoError: one of ``photos`` does not exist.
    """
    _check_writable(output)
    files = find_photos(photos)
    if not files:
        named = ", ".join(str(path) for path in photos) or "the command"
        raise SpectrumError(f"there are no files in {named}", "name photos, or folders that hold some")
    spectrum, skipped = spectrum_of_photos(files, size, on_photo)
    _write(output, spectrum)
    return SpectrumReport(len(files) - len(skipped), tuple(skipped))


def spectrum_of_photos(
    paths: Sequence[Path], size: int = 512, on_photo: Callable[[int, int], None] | None = None
) -> tuple[np.ndarray, list[SkippedPhoto]]:
    """Return the mean magnitude of photos, float32 (3, size, size // 2 + 1), and the files that were skipped.

    Each photo is cropped to its central square, scaled to ``size``, and taken back through what MACO does to a signal
    last: ``rfft2(decorrelate(logit(photo)))``. So the spectrum is that of signals which become such photos.

    Raises:
        SpectrumError: the size is odd or too small, or no photo could be read.
    """
    if size < 16 or size % 2:
        raise SpectrumError(f"a spectrum cannot be measured at {size} px", "choose an even size of 16 or more")
    total = torch.zeros(3, size, size // 2 + 1, dtype=torch.float64)
    skipped: list[SkippedPhoto] = []
    for number, path in enumerate(paths, start=1):
        try:
            total += _magnitude(decode_photo(path), size)
        except PhotoError as error:
            skipped.append(SkippedPhoto(path, error.message.removeprefix(f"{path}: ")))
        if on_photo:
            on_photo(number, len(paths))
    used = len(paths) - len(skipped)
    if not used:
        reasons = "".join(f"\n  - {photo.path}: {photo.reason}" for photo in skipped[:10])
        more = f"\n  - and {len(skipped) - 10} more" if len(skipped) > 10 else ""
        raise SpectrumError(f"none of the {len(paths)} files is a usable photo{reasons}{more}", "name other photos")
    return (total / used).to(torch.float32).numpy(), skipped


def _magnitude(photo: Image.Image, size: int) -> torch.Tensor:
    """Return the magnitude of one photo, float64 (3, size, size // 2 + 1)."""
    square = ImageOps.fit(photo, (size, size), Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.asarray(square, dtype=np.float64) / 255).permute(2, 0, 1).unsqueeze(0)
    signal = decorrelate(torch.logit(pixels * (1 - 2 * MARGIN) + MARGIN))
    return torch.fft.rfft2(signal)[0].abs()


def _check_writable(output: Path) -> None:
    """Find out before the work whether its result can be kept."""
    if output.is_dir():
        raise SpectrumError(f"cannot write {output}: it is a folder", "name a file, for example natural.npy")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpectrumError(f"cannot write {output}: {error.strerror}", "name another output file") from error
    if not os.access(output.parent, os.W_OK):
        raise SpectrumError(f"cannot write {output}: you may not write in its folder", "name another output file")


def _write(output: Path, spectrum: np.ndarray) -> None:
    stream = io.BytesIO()
    np.save(stream, spectrum, allow_pickle=False)
    temporary = output.parent / f".tmp-{os.getpid()}-{output.name}"
    try:
        temporary.write_bytes(stream.getvalue())
        os.replace(temporary, output)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise SpectrumError(
            f"cannot write {output}: {error.strerror}", "free some space or name another file"
        ) from error
