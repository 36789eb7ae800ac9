"""SiteFiles: the folder that a site is written into, and what was written: the digest of every file, and the bytes."""

import os
from pathlib import Path

from atlas.core.canonical import digest_bytes
from atlas.site.pictures.copying import copy_checked, named_digest


class SiteFiles:
    """Writes files below a folder.

    Args:
        folder: empty.

    Attributes:
        digests: address of a file to its digest. bytes: of all files. pictures: how many were copied.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.digests: dict[str, str] = {}
        self.bytes = 0
        self.pictures = 0
        self._made: set[str] = set()

    def write(self, address: str, content: bytes) -> None:
        """Write a file."""
        with open(self._target(address), "wb") as file:
            file.write(content)
        self.digests[address] = digest_bytes(content)
        self.bytes += len(content)

    def copy(self, path: str, source: Path, size: int) -> bool:
        """Copy a picture's file, which is named by its content, unless it is there; tell whether it is sound.

        Not as a link: whoever edits the site's pictures in place would edit the store's.
        """
        address = f"i/{path}"
        if address in self.digests:
            return True
        digest = named_digest(path)
        try:
            sound = copy_checked(source, self._target(address), digest)
        except FileNotFoundError:
            return False
        self.digests[address] = digest
        self.pictures += 1
        self.bytes += size
        return sound

    def _target(self, address: str) -> str:
        path = os.path.join(self.folder, address)
        folder = os.path.dirname(path)
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)
            self._made.add(folder)
        return path
