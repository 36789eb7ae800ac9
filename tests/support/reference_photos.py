"""Reference photos as inputs of a store: files, and the lists that targets name."""

import io
from hashlib import sha256

from PIL import Image
from small_photos import picture

from atlas.core.canonical import canonical_json


def encoded(image: Image.Image) -> bytes:
    """Return a picture as the bytes of a PNG file."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


class References:
    """Inputs by digest, as a store would give them: ``load_input`` of a method."""

    def __init__(self) -> None:
        self.inputs: dict[str, bytes] = {}

    def add(self, data: bytes) -> str:
        """Keep bytes; return their digest."""
        digest = sha256(data).hexdigest()
        self.inputs[digest] = data
        return digest

    def listed(self, files: list[bytes]) -> str:
        """Keep files and their list; return the list's digest."""
        return self.add(canonical_json([self.add(data) for data in files]).encode())

    def photos(self, colour: int, count: int = 6, side: int = 48) -> str:
        """Keep some photos that are mostly of one colour; return their list's digest."""
        return self.listed([encoded(picture(colour, seed, side)) for seed in range(count)])

    def __call__(self, digest: str) -> bytes:
        """Return the input of a digest."""
        return self.inputs[digest]
