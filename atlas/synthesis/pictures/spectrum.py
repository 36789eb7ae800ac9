"""Spectra: the mean Fourier magnitude of natural images, read, checked and brought to a picture's size.

A spectrum is (3, H, W // 2 + 1): the magnitude of ``rfft2`` of colour-decorrelated images, FFT-ordered (row 0 is
vertical frequency 0, the last row -1), with the backward norm (no scaling). The full width W is taken to be even.
"""

import io
import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.lib import format as npy
from torch import Tensor

from atlas.core.canonical import digest_bytes
from atlas.core.data_files import regular_bytes
from atlas.errors import SpectrumError

TEMPLATE = Path(__file__).parent / "data" / "imagenet_magnitude_decorrelated.npy"
"""MACO's ImageNet spectrum at 512 px, from its authors by way of Xplique 2.0.2 (MIT; the notice lies beside it)."""

REMEDY = "make one with `atlas spectrum PHOTOS... -o FILE`, or leave the setting out to use the shipped one"


def natural_spectrum(
    height: int, width: int, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return the shipped ImageNet spectrum for pictures of that size, (3, height, width // 2 + 1)."""
    return resize_spectrum(parse_spectrum(_template_bytes()).to(dtype), height, width).to(device)


def spectrum_bytes(path: Path | None) -> tuple[bytes, str]:
    """Return a spectrum file's bytes and their sha256, which is what job keys hold.

    Args:
        path: an .npy file; None for the shipped spectrum.

    Raises:
        SpectrumError: the file cannot be read or is no spectrum.
    """
    data = _template_bytes() if path is None else _read(path)
    parse_spectrum(data, "the shipped spectrum" if path is None else str(path))
    return data, digest_bytes(data)


def load_spectrum(path: Path) -> Tensor:
    """Return the spectrum in an .npy file, float32 (3, H, W // 2 + 1).

    Raises:
        SpectrumError: the file cannot be read or is no spectrum.
    """
    return parse_spectrum(_read(path), str(path))


def parse_spectrum(data: bytes, source: str = "the spectrum") -> Tensor:
    """Return the spectrum in the bytes of an .npy file, float32 (3, H, W // 2 + 1).

    Args:
        source: what to call it in an error.

    Raises:
        SpectrumError: no .npy file, a pickle, or not a finite, non-negative array of that shape.
    """
    _check_header(data, source)
    with np.errstate(over="ignore"):
        values = np.load(io.BytesIO(data), allow_pickle=False).astype(np.float32)
    if not np.isfinite(values).all():
        raise SpectrumError(f"{source} holds NaN or infinite magnitudes", REMEDY)
    if (values < 0).any():
        raise SpectrumError(f"{source} holds negative magnitudes (down to {values.min():.3g})", REMEDY)
    if not values[:, 1:, 1:].any():
        raise SpectrumError(f"{source} holds no magnitude above zero", REMEDY)
    return torch.from_numpy(values)


def resize_spectrum(spectrum: Tensor, height: int, width: int) -> Tensor:
    """Return a spectrum for pictures of another size, (3, height, width // 2 + 1), same dtype; the same at its own.

    Each frequency keeps its cycles per pixel and is interpolated between its four neighbours, by signed frequency
    (rows are a circle: unshifted, the rows +1 and -1 would get different neighbours). The zero frequency, many times
    any other, is kept out of it and rescaled on its own. With n times as many pixels magnitudes grow by sqrt(n) and
    the zero frequency by n, as those of an image do, so that pictures have the same mean and spread at every size.

    Args:
        spectrum: (3, H, W // 2 + 1) with W even.
    """
    rows, columns = spectrum.shape[1], 2 * (spectrum.shape[2] - 1)
    if (height, width) == (rows, columns):
        return spectrum.clone()
    source = spectrum.to(torch.float64, copy=True)
    source[:, 0, 0] = (source[:, 1, 0] + source[:, -1, 0] + 2 * source[:, 0, 1]) / 4
    vertical = _interpolation(torch.fft.fftfreq(height, dtype=torch.float64) * rows, rows)
    horizontal = _interpolation(torch.fft.rfftfreq(width, dtype=torch.float64) * columns, spectrum.shape[2])
    growth = height * width / (rows * columns)
    resized = vertical @ source @ horizontal.T * math.sqrt(growth)
    resized[:, 0, 0] = spectrum[:, 0, 0].to(torch.float64) * growth
    return resized.to(spectrum.dtype)


def _interpolation(positions: Tensor, size: int) -> Tensor:
    """Return the matrix (len(positions), size) of linear interpolation at fractional indices on a circle."""
    lower = positions.floor()
    share = (positions - lower).unsqueeze(1)
    first = lower.long().remainder(size)
    identity = torch.eye(size, dtype=positions.dtype)
    return identity[first] * (1 - share) + identity[(first + 1).remainder(size)] * share


def _check_header(data: bytes, source: str) -> None:
    """Look at an .npy file's header before its data, so that a false size is never allocated."""
    stream = io.BytesIO(data)
    try:
        readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        shape, _, dtype = readers[npy.read_magic(stream)](stream)
    except (ValueError, KeyError, EOFError) as error:
        raise SpectrumError(f"{source} is no .npy file that can be read safely", REMEDY) from error
    if dtype.kind not in "fiu":
        raise SpectrumError(f'{source} holds "{dtype}" values; a spectrum holds real numbers', REMEDY)
    if len(shape) != 3 or shape[0] != 3 or min(shape[1:]) < 2:
        raise SpectrumError(f"{source} has shape {tuple(shape)}; a spectrum has (3, H, W // 2 + 1)", REMEDY)
    if len(data) - stream.tell() != math.prod(shape) * dtype.itemsize:
        raise SpectrumError(f"{source} is truncated or damaged: its length does not match its shape {shape}", REMEDY)


def _read(path: Path) -> bytes:
    try:
        return regular_bytes(path)
    except OSError as error:
        raise SpectrumError(f"cannot read the spectrum {path}: {error.strerror or error}", REMEDY) from error


@lru_cache(maxsize=1)
def _template_bytes() -> bytes:
    return TEMPLATE.read_bytes()
