"""The cache of activations on disk: one file per photo, layer and kind of view. Deleting it is always safe."""

import os
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import numpy as np

from atlas.core.canonical import digest, digest_bytes
from atlas.errors import PhotoError

VERSION = 2
"""Raise it when what is cached changes its meaning, or how it is written."""


class ActivationCache:
    """Arrays by photo, for one model, layer and way of looking at photos.

    An entry begins with a checksum over whose it is and what it holds, so that a bit that flips on the disk, or a file
    that lands in the place of another, is made again and never becomes a result.

    Args:
        root: the cache's folder; made when first written.
        identity: everything but the photo that decides the arrays (the weights' digest, the layer, ...), JSON values.
    """

    def __init__(self, root: Path, identity: object) -> None:
        self._name = digest([VERSION, identity])[:32]
        self._folder = root / "activations" / self._name[:2] / self._name[2:]

    def get(self, photo: str, view: str) -> dict[str, np.ndarray] | None:
        """Return the arrays of a photo (by digest), or None if they are not there or not as they were written.

        Raises:
            PhotoError: the cache cannot be read.
        """
        from safetensors.numpy import load

        try:
            checksum, _, body = self._path(photo, view).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable("read", error) from error
        return load(body) if checksum == self._checksum(photo, view, body) else None

    def put(self, photo: str, view: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep the arrays of a photo.

        Raises:
            PhotoError: the cache cannot be written.
        """
        from safetensors.numpy import save

        path = self._path(photo, view)
        temporary = path.with_name(f".tmp-{os.getpid()}-{uuid4().hex}")
        body = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(self._checksum(photo, view, body) + b"\n" + body)
            os.replace(temporary, path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise self._unusable("write", error) from error

    def _path(self, photo: str, view: str) -> Path:
        return self._folder / photo[:2] / f"{photo}-{view}.activations"

    def _checksum(self, photo: str, view: str, body: bytes) -> bytes:
        return digest([self._name, photo, view, digest_bytes(body)]).encode()

    def _unusable(self, action: str, error: OSError) -> PhotoError:
        return PhotoError(
            f"cannot {action} the cache of activations at {self._folder}: {error.strerror or error}",
            "free some space, or set photos.cache to another folder",
        )


def as_half(values: np.ndarray) -> np.ndarray:
    """Return values as float16 where their range allows it, else as float32.

    What is used is what is cached, so a run with a full cache and one with an empty cache give the same result.
    Relative error 5e-4, which is far below what a factorisation leaves unexplained; it halves the disk space.
    """
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    return half if np.isfinite(half).all() else values.astype(np.float32)
