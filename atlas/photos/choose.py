"""Which reader lists a place: the one that is asked for, or the least general of those that can read it."""

from atlas.core.registry import OURS
from atlas.errors import AtlasError, PhotoError
from atlas.photos.readers.base import missing
from atlas.photos.spec import READERS, PhotosSpec, Reader


def reader_for(spec: PhotosSpec) -> Reader:
    """Return the reader that the spec asks for, or the one for what is at its path.

    Raises:
        PhotoError: nothing is there, nothing that can be read, or what two packages read.
        ConfigError: the reader that is asked for cannot be loaded.
    """
    if spec.reader != "auto":
        return READERS.get(spec.reader)
    able = [(reader.generality, name, reader) for name, reader in READERS if _reads(name, reader, spec)]
    if not able:
        raise _unread(spec)
    able.sort(key=lambda each: each[:2])
    (lowest, name, reader), *others = able
    if others and others[0][0] == lowest:
        raise PhotoError(
            f'photos: "{name}" of {READERS.origin(name)} and "{others[0][1]}" of {READERS.origin(others[0][1])} both '
            f'read "{spec.address or spec.path}"',
            f'say which to take: reader = "{name}", or reader = "{others[0][1]}"',
        )
    return reader


def _reads(name: str, reader: Reader, spec: PhotosSpec) -> bool:
    try:
        return reader.reads(spec)
    except Exception as error:  # another package's code may raise anything
        if isinstance(error, AtlasError) or READERS.origin(name) == OURS:
            raise
        problem = f'photos: the reader "{name}" of {READERS.origin(name)} failed: {type(error).__name__}: {error}'
        raise PhotoError(problem, 'choose another with photos.reader, such as reader = "folder"') from error


def _unread(spec: PhotosSpec) -> PhotoError:
    """Return the error for what no reader reads; one that cannot be loaded might."""
    broken = "; ".join(error.sentence for error in READERS.broken().values())
    if not spec.address:
        error = missing(spec.path)
        return PhotoError(error.message, "; ".join(filter(None, [error.remedy, broken])))
    schemes = sorted(f"{scheme}://" for _, reader in READERS for scheme in reader.schemes)
    read = f"readers are installed for {', '.join(schemes)}" if schemes else "no reader of addresses is installed"
    remedy = "download the photos and name their folder, or install a package that reads them"
    return PhotoError(f'photos: no reader reads "{spec.address}"; {read}', "; ".join(filter(None, [remedy, broken])))
