"""Analyses in the store: a document and its files::

analyses/ab/<key>/<sha256>.<extension>   files, named by their content
analyses/ab/<key>/analysis.json          the document, written last: if it is there, the analysis is complete
analyses/ab/<key>/attempt.json           why the latest attempt failed
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from atlas.core.analysis import Analysis, AnalysisFailure
from atlas.core.canonical import digest_bytes
from atlas.errors import StoreError
from atlas.store.documents import REMEDY, Document, decode, encode, parse
from atlas.store.files import read_bytes, write_atomic
from atlas.store.names import sharded


class AnyAnalysis(BaseModel):
    """What the documents of all kinds of analyses have in common."""

    analysis: Analysis


class Analyses:
    """The analyses of a store.

    Args:
        root: the store's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, key: str) -> Path:
        """Return the folder of an analysis."""
        return self._root / "analyses" / key[:2] / key

    def has(self, key: str) -> bool:
        """Tell whether an analysis is complete."""
        return os.path.exists(self.folder(key) / "analysis.json")

    def all_keys(self) -> list[str]:
        """Return the keys of all folders of analyses, sorted; one may hold only a failed attempt."""
        return sharded(self._root / "analyses")

    def commit(self, key: str, document: BaseModel, files: Mapping[str, bytes]) -> None:
        """Store an analysis: its files first, its document last. One that is there already is left alone.

        Args:
            files: name to content; a name is the sha256 of the content and an extension.

        Raises:
            StoreError: the disk is full or cannot be written; the store stays as it was.
        """
        if self.has(key):
            return
        folder = self.folder(key)
        for name, data in files.items():
            if digest_bytes(data) != name.partition(".")[0]:
                raise ValueError(f"the file {name} of analysis {key} is not what its name says")
            write_atomic(folder / name, data)
        write_atomic(folder / "analysis.json", encode(document))

    def read(self, model: type[Document], key: str) -> Document:
        """Return the document of a complete analysis.

        Raises:
            StoreError: there is none, or it is damaged.
        """
        path = self.folder(key) / "analysis.json"
        document = parse(model, path)
        if getattr(document, "key", key) != key:
            raise StoreError(f"{path} describes another analysis", REMEDY)
        return document

    def read_any(self, key: str) -> tuple[bytes, Analysis]:
        """Return the JSON of a complete analysis, whatever its kind, and what decides it.

        Raises:
            StoreError: it is missing, damaged, or is of another analysis.
        """
        path = self.folder(key) / "analysis.json"
        data = read_bytes(path)
        stored = decode(AnyAnalysis, data, path).analysis
        if stored.key != key:
            raise StoreError(f"{path} describes another analysis ({stored.key[:12]}...)", REMEDY)
        return data, stored

    def read_file(self, key: str, name: str) -> bytes:
        """Return one of its files.

        Raises:
            StoreError: it is missing or damaged.
        """
        path = self.folder(key) / name
        data = read_bytes(path)
        if digest_bytes(data) != name.partition(".")[0]:
            raise StoreError(f"{path} does not match its name", REMEDY)
        return data

    def record_failure(self, key: str, what: str, message: str, quarantined: bool = False) -> None:
        """Store why an attempt failed, in the place of the one before.

        Args:
            what: the analysis, in words. quarantined: it killed its worker again and again.
        """
        attempt = AnalysisFailure(key=key, what=what, message=message, quarantined=quarantined)
        write_atomic(self.folder(key) / "attempt.json", encode(attempt))

    def failure(self, key: str) -> AnalysisFailure | None:
        """Return the latest failed attempt at an analysis that is not complete, or None."""
        path = self.folder(key) / "attempt.json"
        return parse(AnalysisFailure, path) if os.path.exists(path) and not self.has(key) else None
