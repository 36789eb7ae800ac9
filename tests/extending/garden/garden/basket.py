"""A photo reader: photos in a ZIP archive, in class folders or flat."""

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlas.errors import PhotoError
from atlas.photos.photo import Photo
from atlas.photos.readers.base import Listing, hash_stream, is_photo
from atlas.photos.spec import Reader

if TYPE_CHECKING:
    from atlas.photos.digest_cache import DigestCache
    from atlas.photos.readers.base import OnPhoto
    from atlas.photos.spec import PhotosSpec


@dataclass(frozen=True)
class Member:
    """Where the bytes of one photo are: a file of an archive."""

    archive: str
    name: str

    def read(self, limit: int) -> bytes:
        """Return the bytes, ``limit`` at most."""
        with zipfile.ZipFile(self.archive) as archive, archive.open(self.name) as member:
            return member.read(limit)


class Basket(Reader):
    """Archives that end in ``.zip``."""

    title = "basket"
    summary = "Photos in a ZIP archive; the first folder on a photo's path is its class."
    suffixes = frozenset({".zip"})

    def listing(self, spec: "PhotosSpec", cache: "DigestCache", on_photo: "OnPhoto") -> Listing:
        """Return all photos of the archive.

        Raises:
            PhotoError: it is no archive, or holds none.
        """
        try:
            archive = zipfile.ZipFile(spec.path)
        except zipfile.BadZipFile as error:
            raise PhotoError(f'photos: "{spec.path}" is no ZIP archive', "make it again") from error
        listing = Listing()
        with archive:
            names = [name for name in archive.namelist() if is_photo(name)]
            for done, name in enumerate(names, start=1):
                with archive.open(name) as member:
                    digest = hash_stream(member)
                group = name.partition("/")[0] if "/" in name else ""
                listing.photos.append(Photo(name, group, digest, Member(str(spec.path), name)))
                on_photo(done, len(names))
        if not listing.photos:
            raise PhotoError(f'photos: "{spec.path}" holds no photos', "put some into it")
        return listing


BASKET = Basket()
