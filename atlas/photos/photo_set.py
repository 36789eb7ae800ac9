"""PhotoSet: all reference photos of a configuration, listed and named by what they hold, decoded one by one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atlas.core.analysis import PhotoSetCard
from atlas.core.canonical import digest
from atlas.errors import PhotoError
from atlas.photos.attribution import Attribution, Credit, read_attribution
from atlas.photos.choose import reader_for
from atlas.photos.digest_cache import DigestCache
from atlas.photos.photo import Photo
from atlas.photos.readers.base import OnPhoto, counted, some
from atlas.photos.spec import PhotosSpec

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class PhotoSet:
    """Reference photos. Picklable; with ``photos=()`` it is small, and still decodes any photo of the set.

    Attributes:
        spec: where they come from.
        photos: sorted by name, each once in its group.
        digest: over group and digest of every photo: another name leaves it as it is, another photo does not.
        name: of the folder, archive or dataset.
        notes: free text about whom the photos are owed to, as it is; not to be trusted.
        grouped: the photos are in groups, which should be classes.
        notices: what a person should know of the set, as sentences.
    """

    spec: PhotosSpec
    photos: tuple[Photo, ...]
    digest: str
    name: str
    notes: str
    grouped: bool
    notices: tuple[str, ...]

    def image(self, photo: Photo) -> "Image.Image":
        """Return a photo as an upright RGB image. Several threads may do so at once.

        Raises:
            PhotoError: it is broken, truncated or too large; names photo and reason.
            PhotoGoneError: it is gone, or no longer what it was.
        """
        from atlas.photos.decode import decode_bytes  # numpy and Pillow are not needed to check a configuration

        data = photo.read(self.spec.max_bytes)
        return decode_bytes(data, photo.name, self.spec.max_pixels)

    def card(self, classes: int) -> PhotoSetCard:
        """Return what the site says of the set.

        Args:
            classes: how many of the model's classes have photos in it.
        """
        return PhotoSetCard(
            digest=self.digest,
            name=self.name,
            photos=len(self.photos),
            classes=classes,
            notes=self.notes,
            demonstration=self.spec.demonstration,
        )


def open_photo_set(spec: PhotosSpec, on_photo: OnPhoto = lambda done, total: None) -> PhotoSet:
    """Return the photos that a spec names, without decoding any. Those that have not changed since are not read again.

    Photos beside groups, that is in no class folder or without a label where others have one, are left out.

    Args:
        on_photo: told how many photos have been seen, and of how many; may raise to stop.

    Raises:
        PhotoError: there are no photos, or they cannot be read at all.
        ConfigError: the file that says whom they are owed to is malformed.
    """
    if not spec.address:
        spec = spec.model_copy(update={"path": spec.path.absolute()})  # for workers that run elsewhere
    cache = DigestCache(spec.cache, spec.path)
    try:
        listing = reader_for(spec).listing(spec, cache, on_photo)
    finally:
        unsaved = cache.save()
    attribution = read_attribution(listing.documents, spec.attribution)
    notices = [*listing.notices, *([unsaved] if unsaved else [])]
    photos, dropped = _one_kind(listing.photos)
    photos, identical = _each_once(photos)
    if not photos:
        raise PhotoError(f'photos: no photo in "{spec.path}" can be read', "check who may read them")
    credited, unmatched = _credited(photos, attribution)
    return PhotoSet(
        spec=spec,
        photos=credited,
        digest=digest(sorted((photo.group, photo.digest) for photo in photos)),
        name=spec.path.name or str(spec.path),
        notes=attribution.notes,
        grouped=bool(credited[0].group),
        notices=(*notices, *dropped, *identical, *unmatched),
    )


def _one_kind(photos: Iterable[Photo]) -> tuple[list[Photo], list[str]]:
    """Return the photos sorted by name, without those in no group if others are in one; and what to say of that."""
    ordered = sorted(photos, key=lambda photo: photo.name)
    grouped = [photo for photo in ordered if photo.group]
    alone = [photo.name for photo in ordered if not photo.group]
    if not grouped or not alone:
        return ordered, []
    text = f"left out {counted(len(alone))} in no class folder or without a label: {some(alone)}"
    return grouped, [text]


def _each_once(photos: list[Photo]) -> tuple[list[Photo], list[str]]:
    """Return the photos without those that are identical to an earlier one of their group; and what to say of that."""
    first: dict[tuple[str, str], Photo] = {}
    pairs: list[str] = []
    for photo in photos:
        earlier = first.setdefault((photo.group, photo.digest), photo)
        if earlier is not photo:
            pairs.append(f"{photo.name} is {earlier.name}")
    notices = []
    if pairs:
        notices.append(f"left out {counted(len(pairs))} identical to another of the same class: {some(pairs)}")
    groups = Counter(key[1] for key in first)
    several = [photo.name for photo in first.values() if groups[photo.digest] > 1]
    if several:
        notices.append(f"{counted(len(several))} identical to one of another class: {some(several)}")
    return list(first.values()), notices


def _credited(photos: list[Photo], attribution: Attribution) -> tuple[tuple[Photo, ...], list[str]]:
    """Return the photos with their credits, and what to say of a table that fits none of them."""
    if not attribution.credits:
        return tuple(photos), []
    found = [(photo, attribution.credit(photo.name, photo.group)) for photo in photos]
    unfit = all(credit == Credit() for _, credit in found)
    notices = [f"none of the {len(attribution.credits)} rows of {attribution.source} fits a photo"] if unfit else []
    return tuple(replace(photo, **vars(credit)) for photo, credit in found), notices
