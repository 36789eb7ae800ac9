"""Photos as methods see them: decoded, the central square, 8-bit values."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from atlas.errors import PhotoError, PhotoGoneError
from atlas.photos.decode import decode_bytes
from atlas.photos.spec import LARGEST_MEGAPIXELS
from atlas.photos.views import central_square

if TYPE_CHECKING:
    import torch

    from atlas.core.job import Target

LoadInput = Callable[[str], bytes]
"""sha256 to the bytes of what a parameter or a target names: a spectrum, a direction, the file of a photo, a list of
reference photos (:func:`reference_digests`) or one of these."""


def photos_of(targets: "Sequence[Target]", side: int, load_input: LoadInput) -> "torch.Tensor":
    """Return the photo of each target.

    Args:
        targets: each names a photo.
        side: of the central square, pixels; it is resized bicubically.
        load_input: sha256 to the bytes of the photo's file.

    Returns:
        (B, 3, side, side) float32 sRGB; every value is k / 255 with a whole k in 0 to 255, exactly what 8 bits hold.

    Raises:
        PhotoError: one cannot be decoded.
    """
    import torch

    known: dict[str, torch.Tensor] = {}
    for target in targets:
        digest = target.photo or ""
        if digest not in known:
            known[digest] = square_of(load_input(digest), digest[:12], side)
    return torch.stack([known[target.photo or ""] for target in targets])


def square_of(data: bytes, name: str, side: int) -> "torch.Tensor":
    """Return the central square of an encoded photo: see :func:`photos_of`; (3, side, side)."""
    import torch

    image = decode_bytes(data, name, round(LARGEST_MEGAPIXELS * 1e6))  # the plan has applied the photo set's own limit
    square = central_square(image, side)
    return torch.from_numpy(np.array(square)).permute(2, 0, 1).float() / 255


def facet_photos(targets: "Sequence[Target]", side: int, load_input: LoadInput) -> "torch.Tensor":
    """Return the photo that stands for the facet of each target: the first of its references; see :func:`photos_of`.

    Raises:
        PhotoError: none of a target's references can be decoded.
    """
    import torch

    found = []
    for target in targets:
        photo = next(reference_photos(reference_digests(target, load_input), side, load_input), None)
        if photo is None:
            raise PhotoError(f"none of the photos of {target} can be decoded", "replace them with photos that can be")
        found.append(photo[1])
    return torch.stack(found)


def reference_digests(target: "Target", load_input: LoadInput) -> list[str]:
    """Return the digests of a target's reference photos, in the order that its key is over."""
    return [str(digest) for digest in json.loads(load_input(target.references or ""))]


def reference_photos(digests: Iterable[str], side: int, load_input: LoadInput) -> "Iterator[tuple[str, torch.Tensor]]":
    """Yield the digest and the central square of each reference photo that can be decoded, in order; see
    :func:`photos_of` for the square. Those that cannot be decoded are left out, the same ones on every machine.
    """
    for digest in digests:
        try:
            square = square_of(load_input(digest), digest[:12], side)
        except PhotoGoneError:
            raise
        except PhotoError:
            continue
        yield digest, square
