"""Photos in tar archives, WebDataset shards or not: listed once, then read by their place, never unpacked."""

import os
import shlex
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from atlas.core.system_files import is_system
from atlas.errors import PhotoError
from atlas.photos.attribution import is_document
from atlas.photos.digest_cache import DigestCache, Stamp, stamp_of
from atlas.photos.photo import FilePart, Photo
from atlas.photos.readers.base import Listing, OnPhoto, counted, hash_stream, is_photo, printable
from atlas.photos.readers.samples import label_of, sample_of
from atlas.photos.readers.shards import holds_only_shards, shards
from atlas.photos.spec import PhotosSpec, Reader

_PACKED = {
    b"\x1f\x8b": "gunzip < {0} > {1}.tar",
    b"BZh": "bunzip2 < {0} > {1}.tar",
    b"\xfd7zXZ": "unxz < {0} > {1}.tar",
    b"\x28\xb5\x2f\xfd": "unzstd < {0} > {1}.tar",
    b"PK\x03\x04": "unzip {0} -d {1}",
}
"""First bytes of compressed files, and what unpacks them."""

_MAX_LABEL = 1 << 20
"""Largest file that is taken for a sample's label, and largest header of a member (a long name), bytes."""

_MAX_DOCUMENT = 64 << 20
"""Largest file that is taken for one of credits, bytes."""

# What tarfile is known to raise on damaged archives.
_DAMAGE = (tarfile.TarError, OSError, ValueError, EOFError, OverflowError, LookupError, RecursionError, MemoryError)

_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
"""Kinds of members that are headers of the next one, and are read into memory."""


class _Member(tarfile.TarInfo):
    """A member whose headers are small, for a file of gigabytes costs nothing where most of it is a hole."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _HEADERS and self.size > _MAX_LABEL:
            raise tarfile.ReadError(f"the header of a member has {self.size:,} bytes")
        return super()._proc_member(archive)  # type: ignore[misc]


@dataclass
class Shard:
    """The index of one archive: places are (offset, size) in bytes.

    Attributes:
        places: of photos, by name. labels: by sample. documents: places of files that may say whom photos are owed to.
        digests: of photos, by name.
        odd: how many photos are no plain members (links to elsewhere, sparse files).
    """

    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    documents: dict[str, tuple[int, int]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    odd: int = 0


class TarReader(Reader):
    """Tar archives, WebDataset shards or not, by path, folder, glob or brace list.

    A photo's group is its sample's label, else the first folder on its path.
    """

    title = "tar archives"
    summary = "One or many tar archives, WebDataset shards or not; a path, a folder, a glob or a brace list names them."
    generality = 2

    def reads(self, spec: PhotosSpec) -> bool:
        """Tell whether there are archives; a file, or a pattern of files, can be nothing else."""
        if os.path.isdir(spec.path):
            return holds_only_shards(spec.path)
        return not spec.address and (os.path.exists(spec.path) or spec.place != spec.path)

    def listing(self, spec: PhotosSpec, cache: DigestCache, on_photo: OnPhoto) -> Listing:
        """Return the photos of all archives."""
        return _Archives(spec, shards(spec.path)).listing(cache, on_photo)


TAR = TarReader()


@dataclass(frozen=True)
class _Archives:
    """Archives. A photo's group is its sample's label (``.cls``, or ``.json``), else the first folder on its path.

    A folder that all photos lie in, above their class folders, does not count.
    """

    spec: PhotosSpec
    paths: list[Path]

    def listing(self, cache: DigestCache, on_photo: OnPhoto) -> Listing:
        """Return the photos of all archives."""
        shards = [self._shard(path, cache) for path in self.paths]
        total = sum(len(shard.places) for shard in shards)
        if not total:
            raise PhotoError(f'photos: no photo in "{self.spec.path}"', "name archives that hold photos")
        done = 0
        for path, shard in zip(self.paths, shards, strict=True):
            if not shard.digests:
                _hash(path, shard, lambda count, before=done: on_photo(before + count, total))  # type: ignore[misc]
                cache.put(self._name(path), _stamp(path), vars(shard))
            done += len(shard.places)
            on_photo(done, total)
        listing = Listing(self._photos(shards), _documents(self.paths, shards))
        if odd := sum(shard.odd for shard in shards):
            listing.notices.append(f"left out {counted(odd)} in archives: links or sparse files")
        return listing

    def _shard(self, path: Path, cache: DigestCache) -> Shard:
        """Return an archive's index; it has digests if the cache knows them."""
        with _explained(path):
            if not path.is_file():  # a pipe would be waited for
                raise ValueError("no regular file")
            known = cache.get(self._name(path), _stamp(path))
            if known is not None:
                return Shard(**known)
            with path.open("rb") as file:
                return _scanned(file, self.spec.label_column)

    def _name(self, path: Path) -> str:
        return f"{path}\n{self.spec.label_column or ''}"

    def _photos(self, shards: list[Shard]) -> list[Photo]:
        """Return the photos of all archives, named by their member, and by their archive too if that is not enough."""
        column = self.spec.label_column
        labelled = any(shard.labels for shard in shards)
        if column is not None and not labelled:
            raise PhotoError(f'photos: no sample\'s JSON has a label under "{column}"', "correct photos.label_column")
        members = Counter(name for shard in shards for name in shard.places)
        top = "" if labelled else _wrapper(members)
        unique = len(members) == sum(len(shard.places) for shard in shards)
        common = os.path.commonpath([path.parent for path in self.paths])
        photos = []
        for path, shard in zip(self.paths, shards, strict=True):
            before = "" if unique else f"{path.relative_to(common).as_posix()}/"
            for member, (offset, size) in shard.places.items():
                name = member.removeprefix(top)
                group = shard.labels.get(sample_of(member)[0], "") if labelled else name.rpartition("/")[0]
                group = group if labelled else group.partition("/")[0]
                place = FilePart(str(path), offset, size)
                photos.append(Photo(before + name, group, shard.digests[member], place))
        return photos


def _stamp(path: Path) -> Stamp:
    return stamp_of(path.stat())


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what reading an archive raises into a PhotoError that names it."""
    try:
        yield
    except _DAMAGE as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else f"damaged or cut off ({error})"
        raise PhotoError(f'photos: "{path}": {reason}', "copy or download it again") from error


def _scanned(file: BinaryIO, label_column: str | None) -> Shard:
    """Return the index of an open archive, without digests; photos are not read."""
    _refuse_packed(file)
    shard = Shard()
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    with tarfile.open(fileobj=file, mode="r:", tarinfo=_Member) as archive:
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # or it would hold on to every member
            if member.size < 0 or (member.isreg() and member.offset_data + member.size > length):
                raise ValueError(f"{member.name} goes on beyond the end")
            _take(member, file, shard, label_column)
        file.seek(archive.offset)
    # tarfile takes damage between two members for the end; the real end is a block of zeros.
    if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise ValueError(f"no end after {counted(len(shard.places))}")
    return shard


def _take(member: tarfile.TarInfo, file: BinaryIO, shard: Shard, label_column: str | None) -> None:
    """Enter one member into the index, if it is a photo or belongs to one."""
    name = _plain_name(member.name)
    if not name:
        return
    place = (member.offset_data, member.size)
    if is_photo(name):
        earlier = shard.places.get(_plain_name(member.linkname)) if member.islnk() else None
        if earlier is not None or (member.isreg() and not member.issparse()):
            shard.places[name] = earlier or place  # as when unpacked, a later member of the same name counts
        else:
            shard.odd += not member.isdir()
        return
    if not member.isreg() or member.issparse():
        return
    sample, ending = sample_of(name)
    if ending in ("cls", "json") and member.size <= _MAX_LABEL:
        file.seek(member.offset_data)
        label = label_of(ending, file.read(member.size), label_column)
        if label is not None and (ending == "cls" or sample not in shard.labels):
            shard.labels[sample] = label
    if name.count("/") <= 1 and member.size <= _MAX_DOCUMENT and is_document(PurePosixPath(name).name):
        shard.documents[name] = place


def _plain_name(name: str) -> str:
    """Return a member's name without roots and detours, for it is only a name here; empty if it is no user's."""
    parts = [part for part in printable(name).split("/") if part not in ("", ".", "..")]
    return "" if any(map(is_system, parts)) else "/".join(parts)


def _refuse_packed(file: BinaryIO) -> None:
    start, path = file.read(8), Path(file.name)
    plain = path.with_name(f"{path.name.partition('.')[0]}-plain")
    for magic, command in _PACKED.items():
        if start.startswith(magic):
            unpacking = command.format(shlex.quote(str(path)), shlex.quote(str(plain)))
            raise PhotoError(
                f'photos: "{path}" is compressed, but single photos are read by their place in a plain tar',
                f"unpack it, and name what comes of it: {unpacking}",
            )


def _hash(path: Path, shard: Shard, on_count: Callable[[int], None]) -> None:
    """Enter the digests of all photos of an archive, in the order in which they lie there."""
    with _explained(path), path.open("rb") as file:
        for count, (name, (offset, size)) in enumerate(shard.places.items(), start=1):
            file.seek(offset)
            shard.digests[name] = hash_stream(file, size)
            on_count(count)


def _wrapper(names: Iterable[str]) -> str:
    """Return the folder, with its slash, that all photos lie in but none directly; empty if there is none."""
    tops = {name.partition("/")[0] for name in names}
    return f"{tops.pop()}/" if len(tops) == 1 and all(name.count("/") >= 2 for name in names) else ""


def _documents(paths: list[Path], shards: list[Shard]) -> dict[str, bytes]:
    """Return what archives hold at their top that may say whom photos are owed to; the first of each name counts."""
    found: dict[str, bytes] = {}
    for path, shard in zip(paths, shards, strict=True):
        for name, (offset, size) in shard.documents.items():
            found.setdefault(PurePosixPath(name).name, FilePart(str(path), offset, size).read(size))
    return found
