"""Reference photos: found in folders, archives and datasets, credited, matched with classes and decoded safely."""

from atlas.photos.photo import Photo
from atlas.photos.photo_set import PhotoSet, open_photo_set
from atlas.photos.spec import PhotosSpec

__all__ = ["Photo", "PhotoSet", "PhotosSpec", "open_photo_set"]
