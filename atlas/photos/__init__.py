"""Reference photos: found in folders and decoded safely."""

from atlas.photos.decode import decode_photo
from atlas.photos.find import find_photos

__all__ = ["decode_photo", "find_photos"]
