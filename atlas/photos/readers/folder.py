"""Photos in a folder: in class folders, or flat."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from atlas.core.data_files import read_bytes
from atlas.core.system_files import is_system
from atlas.errors import PhotoError
from atlas.photos.attribution import is_document
from atlas.photos.digest_cache import DigestCache, stamp_of
from atlas.photos.photo import FilePart, Photo
from atlas.photos.readers.base import Listing, OnPhoto, counted, hash_stream, is_photo, missing, printable, some
from atlas.photos.spec import PhotosSpec, Reader

LOOKED_AT = 200
"""So many files without a photo's ending are looked at, whether they are photos all the same."""

_STARTS = re.compile(rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF....WEBP|(?s:.{4})ftyp(avif|avis|heic|heix|mif1)", re.DOTALL)
"""How photos begin."""


@dataclass
class _Found:
    """What a walk through a folder came by, by path relative to where it began.

    Attributes:
        photos: their whole path, and what the file system says of them.
        others: files that are no photos. broken: photos that cannot be read.
    """

    photos: dict[str, tuple[str, os.stat_result]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class FolderReader(Reader):
    """A folder. A photo's group is the first folder on its path, however deep it lies below that.

    Links to folders are followed unless they lead back up. Files without a photo's ending are no photos.
    """

    title = "folder"
    summary = "A folder of photos, or of a folder of photos for each class."
    generality = 3

    def reads(self, spec: PhotosSpec) -> bool:
        """Tell whether there is a folder."""
        return os.path.isdir(spec.path)  # unlike Path.is_dir, false for a name that is too long

    def listing(self, spec: PhotosSpec, cache: DigestCache, on_photo: OnPhoto) -> Listing:
        """Return all photos below the folder."""
        root = spec.path
        if not os.path.exists(root):
            raise missing(root)
        if not os.path.isdir(root):
            raise PhotoError(f'photos: "{root}" is no folder', _hint(root.name))
        found = _Found()
        _walk(str(root), "", frozenset(), found)
        if not found.photos:
            raise _no_photos(root, found)
        listing = Listing(documents=_documents(root))
        unreadable = list(found.broken)
        for done, (name, (path, status)) in enumerate(found.photos.items(), start=1):
            digest = _digest(path, name, status, cache)
            if digest is None:
                unreadable.append(name)
            else:
                group = name.partition("/")[0] if "/" in name else ""
                listing.photos.append(Photo(printable(name), printable(group), digest, FilePart(path)))
            on_photo(done, len(found.photos))
        if unreadable:
            names = some(map(printable, sorted(unreadable)))
            listing.notices.append(f"left out {counted(len(unreadable))} that cannot be read: {names}")
        if misnamed := _misnamed(root, found):
            names = some(map(printable, misnamed))
            listing.notices.append(f"left out {counted(len(misnamed))} whose names do not end as a photo's: {names}")
        listing.notices += _empty_folders(root, found)
        return listing


FOLDER = FolderReader()


def _walk(folder: str, inside: str, above: frozenset[str], found: _Found) -> None:
    """Collect what is below a folder, ``inside`` from the start; ``above`` are the real paths of those it lies in."""
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise PhotoError(f"photos: cannot list {error.filename}: {error.strerror}", "check who may read it") from error
    for entry in entries:
        if is_system(entry.name):
            continue
        name = f"{inside}/{entry.name}" if inside else entry.name
        if os.path.isdir(entry) if entry.is_symlink() else entry.is_dir():
            _walk(entry.path, name, above | {real}, found)
        elif not is_photo(entry.name):
            found.others.append(name)
        elif (status := _status(entry)) is not None:
            found.photos[name] = entry.path, status
        else:
            found.broken.append(name)


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Return what the file system says of a file; None for a link to nowhere, or what is no file."""
    try:
        return entry.stat() if entry.is_file() else None
    except OSError:
        return None


def _digest(path: str, name: str, status: os.stat_result, cache: DigestCache) -> str | None:
    """Return a file's digest, or None if it cannot be read."""
    stamp = stamp_of(status)
    known: str | None = cache.get(name, stamp)
    if known is not None:
        return known
    try:
        with open(path, "rb") as file:
            digest = hash_stream(file)
    except OSError:
        return None
    cache.put(name, stamp, digest)
    return digest


def _documents(root: Path) -> dict[str, bytes]:
    """Return the files at the top of a folder that may say whom photos are owed to."""
    found = sorted(path for path in root.iterdir() if is_document(path.name) and not path.is_dir())
    return {path.name: read_bytes(path, "file of credits", "mend or remove it") for path in found}


def _misnamed(root: Path, found: _Found) -> list[str]:
    """Return which of the first other files begin like photos."""
    looked_at = (name for name in found.others[:LOOKED_AT] if os.path.isfile(root / name))  # a pipe would be waited for
    return [name for name in looked_at if _begins_like_a_photo(root / name)]


def _begins_like_a_photo(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _STARTS.match(file.read(12)) is not None
    except OSError:
        return False


def _empty_folders(root: Path, found: _Found) -> Iterator[str]:
    with_photos = {name.partition("/")[0] for name in found.photos}
    folders = {entry.name for entry in os.scandir(root) if os.path.isdir(entry) and not is_system(entry.name)}
    empty = sorted(folders - with_photos)
    if empty and any("/" in name for name in found.photos):
        yield f"{counted(len(empty), 'folder')} without a photo: {some(map(printable, empty))}"


def _no_photos(root: Path, found: _Found) -> PhotoError:
    remedy = "name a folder of photos, or of a folder of photos for each class"
    if found.broken:
        return PhotoError(f'photos: none of the photos in "{root}" can be read: {some(found.broken)}', remedy)
    if not found.others:
        return PhotoError(f'photos: "{root}" is empty', remedy)
    endings = sorted({os.path.splitext(name)[1].lower() or "none" for name in found.others})
    if misnamed := _misnamed(root, found):
        shown = printable(misnamed[0])
        remedy = f"give photos an ending, as in {os.path.splitext(shown)[0]}.jpg for {shown}"
    held = f"{counted(len(found.others), 'file')} with the endings {some(endings, 6)}"
    return PhotoError(f'photos: no photo in "{root}": {held}', next(filter(None, map(_hint, found.others)), remedy))


def _hint(name: str) -> str:
    """Return what to do with a file that may hold photos, but not as we read them."""
    ending = os.path.splitext(name)[1].lower()
    if ending == ".tar":
        return 'to read archives, set reader = "tar"'
    if ending in (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"):
        return f"unpack {os.path.basename(name)} first"
    if ending in (".parquet", ".arrow"):
        return "to read a Hugging Face dataset, save it with its save_to_disk first"
    return ""
