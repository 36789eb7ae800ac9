"""The output folder: written beside its place and put there whole; what atlas did not write stays there."""

import errno
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from atlas.errors import SiteError
from atlas.site.output.exchange import exchange, holds_mounts
from atlas.site.output.filling import fill
from atlas.site.output.keeping import carry, in_words, make_alike, retire
from atlas.site.output.locking import locked
from atlas.site.output.stamp import PREFIX, Counts, Stamp, entries, read_stamp

BESIDE_SITES = {
    *("CNAME", ".domains", ".nojekyll", ".well-known", "lost+found", ".DS_Store"),
    *(".git", ".gitattributes", ".github", ".gitignore", ".gitkeep"),
}
"""What a folder may hold that becomes a site: for hosts, for version control, of file systems. The owner's win."""
IMMOVABLE = {errno.EXDEV, errno.EBUSY, errno.EPERM, errno.EACCES, errno.EROFS, errno.EMLINK, errno.ENOTSUP}
"""Why a folder cannot be put in place as a whole, though its files may be written."""
ABANDONED = 24 * 3600
"""Seconds after which what a build left is removed where no lock tells that it has ended."""


class Output:
    """The place where a site is to stand. Made by :func:`open_output`.

    Attributes:
        path: the folder itself, where links lead.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._build = uuid4().hex
        self._staging = path
        self._in_place = False

    @property
    def _stamp(self) -> Stamp | None:
        return read_stamp(self.path)

    def unchanged(self, inputs: str) -> tuple[Counts, tuple[str, ...]] | None:
        """Return the counts and notices of the site that stands there if it is just what would be built, else None.

        Args:
            inputs: digest of everything that the site is made from.
        """
        stamp = self._stamp
        if stamp is None or stamp.inputs != inputs or stamp.counts is None or not stamp.is_whole(self.path):
            return None
        return stamp.counts, stamp.notices

    def begin(self) -> Path:
        """Make the folder that the site is written into, and return it.

        Raises:
            OSError: no folder can be made.
        """
        beside = self.path.with_name(f".{self.path.name}.new-{self._build}")
        exists = self.path.is_dir()
        self._in_place = exists and holds_mounts(self.path)
        if not self._in_place:
            try:
                self._stage(beside)
            except OSError as error:
                if error.errno not in IMMOVABLE or not exists:
                    raise
                self._in_place = True
        if self._in_place:
            self._stage(self.path / f"{PREFIX}new-{self._build}")
        return self._staging

    def _stage(self, folder: Path) -> None:
        folder.mkdir()
        Stamp(build=self._build, files={}).write(folder)
        if self.path.is_dir() and not self._in_place:
            make_alike(self.path, folder)
            folder.chmod(folder.stat().st_mode | 0o700)  # it has to be written to first
        self._staging = folder

    def put(self, inputs: str, counts: Counts, notices: tuple[str, ...], digests: dict[str, str]) -> list[str]:
        """Stamp the staged site and put it in place of the old one.

        Args:
            inputs: digest of everything that the site was made from.
            counts, notices: to be reported again as long as nothing changes.
            digests: path to sha256 (or its beginning) of every file that was written.

        Returns:
            Sentences on what the owner should know of this one time.

        Raises:
            SiteError: something that is not atlas's stands in a place. OSError: the folder cannot be written.
        """
        old = self._stamp
        written = (old.written(self.path) if old else None) or frozenset()
        edited = old.edited(self.path) if old and old.inputs else []
        for path in BESIDE_SITES & digests.keys() - written:
            if os.path.lexists(self.path / path):
                os.unlink(self._staging / path)
                digests.pop(path)
        files = entries(self._staging, digests)
        stamp = Stamp(build=self._build, inputs=inputs, files=files, counts=counts, notices=notices)
        if not self._in_place:
            try:
                self._exchange(stamp, written)
            except OSError as error:
                if error.errno not in IMMOVABLE:
                    raise
                self._in_place = True
        if self._in_place:
            listed = old.files if old and isinstance(old.files, dict) else {}
            fill(self._staging, self.path, stamp, listed, written)
        left = self.close()
        return [*_edits(edited, files), *left]

    def _exchange(self, stamp: Stamp, written: frozenset[str]) -> None:
        if self.path.is_dir():
            carry(self.path, self._staging, written)
        stamp.write(self._staging)
        if self.path.is_dir():
            make_alike(self.path, self._staging)
            os.utime(self._staging)
        exchange(self._staging, self.path, self.path.with_name(f".{self.path.name}.old-{self._build}"))

    def close(self) -> list[str]:
        """Remove what this build leaves beside the site; return a sentence if something of the owner's is in it."""
        return [sentence for folder in self._left() if self._build in folder.name for sentence in self._clear(folder)]

    def sweep(self, alone: bool) -> None:
        """Remove what killed builds left, after giving back what is not atlas's.

        Args:
            alone: no other build is at work; else only what is old is removed.
        """
        for folder in self._left():
            if alone or _is_old(folder):
                if ".old-" in folder.name and not os.path.lexists(self.path):
                    folder.rename(self.path)  # killed between two renames
                else:
                    self._clear(folder)

    def _left(self) -> Iterator[Path]:
        """Yield the folders of builds of this site, the old sites first."""
        ours = re.compile(rf"\.{re.escape(self.path.name)}\.(old|new)-[0-9a-f]{{32}}")
        inside = re.compile(rf"{re.escape(PREFIX)}new-[0-9a-f]{{32}}")
        for parent, pattern in ((self.path.parent, ours), (self.path, inside)):
            with suppress(OSError):  # no such folder, or no right to list it
                names = sorted(os.listdir(parent), reverse=True)
                yield from [parent / name for name in names if pattern.fullmatch(name)]

    def _clear(self, folder: Path) -> list[str]:
        """Remove a folder of a build. If the site stood in it before, what is not atlas's in it is given back first."""
        stamp = read_stamp(folder)
        if stamp is not None and stamp.build and stamp.build == folder.name.rpartition("-")[2]:
            shutil.rmtree(folder, ignore_errors=True)  # never was the site: what is not atlas's in it is there twice
            return []
        with suppress(OSError):
            folder.rmdir()
        now = self._stamp
        written = frozenset() if stamp is None else stamp.written(folder)
        if written is not None and now is not None:
            with suppress(OSError):  # the next build tries again
                retire(folder, self.path, written, now.written(self.path) or frozenset())
        return [f"what stood in {self.path} before, and could not be moved, is in {folder}"] if folder.exists() else []


@contextmanager
def open_output(path: Path, on_wait: Callable[[], None]) -> Iterator[Output]:
    """Yield the place where a site is to stand, for one build at a time; what the build leaves beside it is removed.

    Args:
        path: the site's folder, or a link to it.
        on_wait: called if another build of the site has to be waited for.

    Raises:
        SiteError: something else stands there, or it cannot be written.
    """
    if path.is_symlink() and not path.exists():
        raise SiteError(
            f"{path} is a link to {os.readlink(path)}, which does not exist", "make that folder, or remove the link"
        )
    output = Output(Path(os.path.realpath(path)))
    with _lock(output.path, on_wait) as alone:
        output.sweep(alone)
        _check(output.path, path)
        try:
            yield output
        finally:
            output.close()


@contextmanager
def _lock(path: Path, on_wait: Callable[[], None]) -> Iterator[bool]:
    """Lock a site, by a file beside it, or in it where none can be beside it."""
    file = path.with_name(f".{path.name}.lock")
    with ExitStack() as held:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not os.access(path.parent, os.W_OK | os.X_OK) and path.is_dir():
                file = path / f"{PREFIX}lock"
            alone = held.enter_context(locked(file, on_wait))
        except OSError as error:
            raise unwritable(Path(error.filename or path), error) from error
        yield alone


def _is_old(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > ABANDONED
    except FileNotFoundError:
        return False


def _check(path: Path, named: Path) -> None:
    """Raise the SiteError for a place where no site may be put."""
    stamp = read_stamp(path)
    if stamp is not None:
        if stamp.written(path) is None:
            raise SiteError(
                f"{named} was made by an older atlas, and was changed since: what in it is yours cannot be told",
                "move that folder away, build, and put what is yours into the new one: later builds keep it",
            )
    elif path.exists() and not (path.is_dir() and all(map(_may_stand_beside, os.listdir(path)))):
        raise SiteError(
            f"{named} exists and is no site made by atlas; it is left alone",
            "choose another output folder, or move that one away",
        )


def _may_stand_beside(name: str) -> bool:
    return name in BESIDE_SITES or name.startswith(PREFIX)


def _edits(paths: list[str], files: Collection[str]) -> Iterator[str]:
    """Say what became of files of the site that somebody changed."""
    anew, gone = ([path for path in paths if (path in files) is kept] for kept in (True, False))
    if anew:
        yield f"changed since the last build, and written anew: {in_words(anew)}; only files of your own are kept"
    if gone:
        yield f"changed since the last build, and removed, for the site has it no more: {in_words(gone)}"


def unwritable(path: Path, error: OSError) -> SiteError:
    """Return the error for an output folder that cannot be written."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    remedy = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "check who may write there"
    return SiteError(f"cannot write the site at {path}: {reason}", f"{remedy}, or choose another output folder")
