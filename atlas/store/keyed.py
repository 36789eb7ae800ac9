"""Documents under keys: renderings, analyses and what other packages make, told apart by what is in them."""

from pathlib import Path

from pydantic import BaseModel

from atlas.core.analysis import (
    Analysis,
    AnalysisKind,
    ArraysDocument,
    ClassConcepts,
    ClassFacets,
    Diversity,
    LayerStatistics,
)
from atlas.core.attempt import Attempt
from atlas.core.finding import Finding
from atlas.core.job import Job
from atlas.core.record import Record
from atlas.core.score import Score
from atlas.errors import StoreError
from atlas.store.documents import Versioned, read_sealed, unsealed
from atlas.store.index import Entry

AnalysisDocument = ArraysDocument | LayerStatistics | ClassConcepts | ClassFacets | Diversity | Score | Finding
"""What an analysis leaves in the store."""

DOCUMENTS: dict[AnalysisKind, type[AnalysisDocument]] = {
    "tally": ArraysDocument,
    "statistics": LayerStatistics,
    "factorisation": ArraysDocument,
    "importance": ArraysDocument,
    "concepts": ClassConcepts,
    "facets": ClassFacets,
    "diversity": Diversity,
    "look": ArraysDocument,
    "score": Score,
    "measurement": ArraysDocument,
    "finding": Finding,
}
"""What the document of each kind of analysis is."""


class Foreign(BaseModel):
    """A document of a kind that another package made: nothing but its key is known."""

    key: str


AnyDocument = Record | AnalysisDocument | Foreign


class _AnalysisHead(BaseModel):
    kind: AnalysisKind


class _Head(Versioned):
    """What tells the kind of a document, and what the index says of it."""

    key: str = ""
    status: object | None = None
    job: object | None = None
    analysis: _AnalysisHead | None = None

    @property
    def model(self) -> type[AnyDocument]:
        """The model of the document that begins so."""
        if self.job is not None:
            return Record
        return Foreign if self.analysis is None else DOCUMENTS[self.analysis.kind]


def decode_any(data: bytes, path: Path) -> AnyDocument:
    """Return the document that bytes are, whatever its kind.

    Args:
        path: the file that they are from.

    Raises:
        StoreError: they are damaged.
        StoreSchemaError: another version of atlas wrote them.
    """
    document = unsealed(data, path)
    return read_sealed(document, read_sealed(document, _Head, path).model, path)


def decided_by(document: AnyDocument) -> Job | Analysis | None:
    """Return what decides a document, whose key is the document's; None of another package's."""
    if isinstance(document, Record):
        return document.job
    return None if isinstance(document, Foreign) else document.analysis


def kind_of(document: BaseModel) -> str:
    """Return what a document is, for counting: ``rendering``, a kind of analysis, or ``other``."""
    if isinstance(document, Record):
        return "rendering"
    return document.analysis.kind if isinstance(document, AnalysisDocument) else "other"


def entry_in(data: bytes, key: str, path: Path) -> Entry:
    """Return what the index says of the document that bytes are, of which no more is read than that takes.

    Raises:
        StoreError: they are damaged, or the document of another key.
        StoreSchemaError: another version of atlas wrote them.
    """
    head = read_sealed(unsealed(data, path), _Head, path)
    if head.key != key:
        raise StoreError(f"{path} describes another result ({head.key[:12]}...)")
    if head.model is Record:
        return Entry("dead" if head.status == "dead" else "done", "rendering")
    return Entry("done", "other" if head.analysis is None else head.analysis.kind)


def entry_of(document: BaseModel) -> Entry:
    """Return what the index says of a document, or of a failed attempt at one."""
    if isinstance(document, Attempt):
        kind = "other" if document.job is None else "rendering"
        return Entry("quarantined" if document.is_quarantined else "failed", kind)
    dead = isinstance(document, Record) and document.status == "dead"
    return Entry("dead" if dead else "done", kind_of(document))
