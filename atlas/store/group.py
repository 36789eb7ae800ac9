"""Group: results that are made durable together, so that many cost hardly more than one."""

import os
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from atlas.store.files import explained, sync, temporary_in


class Group:
    """Files of results, and their documents, which come last and all at once.

    A file gets its name as soon as it is written, a document when the group ends: before that all files are synced,
    and after it all folders. So whatever ends the process, or the machine, a document that is there is whole, and so
    are the files that it names.

    Args:
        incoming: a folder of the same disk, for what is being written.
    """

    def __init__(self, incoming: Path) -> None:
        self._incoming = incoming
        self._files: list[Path] = []
        self._documents: list[tuple[Path, Path]] = []
        self._lock = Lock()

    def add(self, files: Iterable[tuple[Path, bytes]], document: tuple[Path, bytes]) -> None:
        """Write a result; it is there once the group has ended.

        Raises:
            StoreError: it cannot be written; the group is as it was.
        """
        written = [self._written(path, data, named=True) for path, data in files]
        held = self._written(*document, named=False)
        with self._lock:
            self._files += [*written, held]
            self._documents.append((held, document[0]))

    def end(self) -> None:
        """Make all that was added durable, and let it be there.

        Raises:
            StoreError: the disk cannot be written; some of the results may be there, each of them whole.
        """
        documents, self._documents = self._documents, []
        try:
            if documents:
                with explained("write", documents[0][1]):
                    sync(self._files)
                    for held, path in documents:
                        os.replace(held, path)
                    sync({path.parent for _, path in documents})
        except BaseException:
            for held, _ in documents:
                held.unlink(missing_ok=True)
            raise

    def _written(self, path: Path, data: bytes, named: bool) -> Path:
        """Write a file that is not synced yet, under its name or not; return where it is."""
        with explained("write", path):
            self._incoming.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = temporary_in(self._incoming)
            try:
                temporary.write_bytes(data)
                if named:
                    os.replace(temporary, path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            return path if named else temporary
