"""Survey: the names of everything in a store, also of one whose folders are damaged; and what documents refer to."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from atlas.core.analysis import OF_PICTURES, Analysis, ClassConcepts, ClassFacets
from atlas.core.finding import Finding
from atlas.core.job import Job
from atlas.core.method_card import card_key
from atlas.core.record import Record
from atlas.core.score import Score
from atlas.errors import StoreError
from atlas.store.keyed import AnalysisDocument, AnyDocument, Foreign
from atlas.store.names import DERIVED, DIGEST, keys_of, named, shards
from atlas.store.store import Store

T = TypeVar("T")
_DERIVED = re.compile(r"[0-9a-f]+\.[a-z]+")
"""Names of derived pictures and of what lists them."""
Kind = Literal[
    "store",
    "folder",
    "result",
    "card",
    "footprint",
    "metric",
    "method",
    "input",
    "photo",
    "picture",
    "selection",
    "derived",
]


@dataclass(frozen=True)
class Damage:
    """One thing that is wrong.

    Attributes:
        kind: what it is. ``photo`` is a photo's credit, ``picture`` one that several records show; ``folder`` one that
            holds some of the others; ``derived`` something that stands where derived pictures belong.
        key: of the result; for a model's card and use of memory its fingerprint, for a metric's its name, for a
            method's its name and version, for an input or a photo its digest, for a picture its file's name; a folder's
            path in the store, or a derived file's; a selection's name.
        problem: a sentence for a person.
        owners: keys of the results that refer to it.
        other_version: another version of atlas wrote it, so it is to be left alone.
    """

    kind: Kind
    key: str
    problem: str
    owners: tuple[str, ...] = ()
    other_version: bool = False

    @property
    def name(self) -> str:
        """What it is called in a message: the beginning of a digest, or a path or a name in the store."""
        whole = ("store", "folder", "derived", "metric", "method")
        return self.key if self.kind in whole else self.key[:12] or "selections"


@dataclass
class Survey:
    """The names in a store, and the folders that cannot be listed."""

    store: Store
    damage: list[Damage] = field(default_factory=list)

    def __post_init__(self) -> None:
        store = self.store
        self.results = self._sharded("objects")
        self.parts = {kind: self._listed(part.folder.name, part.names) for kind, part in store.parts.items()}
        self.selections = self._listed("selections", store.selections.names)
        self._derived(DERIVED)
        if (store.path / DERIVED).is_dir():
            self._derived(f"{DERIVED}/files")

    def _sharded(self, name: str) -> list[str]:
        found: list[str] = []
        for shard in self._listed(name, lambda: list(shards(self.store.path / name))):
            found += self._listed(f"{name}/{shard.name}", lambda shard=shard: keys_of(shard))  # type: ignore[misc]
        return found

    def _derived(self, name: str) -> None:
        """Look for what is in the way of derived pictures; what they hold is looked at when they are used."""
        for shard in self._listed(name, lambda: list(shards(self.store.path / name))):
            key = f"{name}/{shard.name}"
            for file in self._listed(key, lambda shard=shard: named(shard, _DERIVED)):  # type: ignore[misc]
                if not (shard / file).is_file():
                    self.damage.append(Damage("derived", f"{key}/{file}", f"{shard / file} is no file"))

    def _listed(self, key: str, listing: Callable[[], list[T]]) -> list[T]:
        try:
            return listing()
        except StoreError as error:
            self.damage.append(Damage("folder", key, error.message))
            return []


class References:
    """What the documents of a store name besides themselves, and which of them do.

    Attributes:
        analysed: whether any of them is of an analysis of photos.
    """

    def __init__(self) -> None:
        self.analysed = False
        self.owners: dict[tuple[Kind, str], list[str]] = defaultdict(list)

    def add(self, document: AnyDocument, key: str) -> None:
        """Note what a result's document names."""
        if isinstance(document, Record):
            self.add_job(document.job, key)
            self._add("picture", (asset.file_name for asset in document.assets if asset.is_shared), key)
        elif not isinstance(document, Foreign):
            self._add_analysis(document.analysis, document, key)

    def add_job(self, job: Job, key: str) -> None:
        """Note what a job names."""
        self._add("card", [job.model.fingerprint], key)
        self._add("method", [card_key(job.method, job.version)], key)
        target = job.target
        self._add("input", filter(None, (target.direction, target.photo, target.references)), key)
        self._add("input", _digests(job.parameters.values()), key)
        self._add("photo", filter(None, [target.photo]), key)

    def _add_analysis(self, analysis: Analysis, document: AnalysisDocument, key: str) -> None:
        self.analysed = self.analysed or analysis.kind not in OF_PICTURES
        self._add("card", [analysis.model.fingerprint], key)
        self._add("result", analysis.upstream, key)
        if isinstance(document, ClassConcepts):
            for concept in document.concepts:
                self._add("input", [concept.direction, *(part.direction for part in concept.parts)], key)
        elif isinstance(document, ClassFacets):
            self._add("input", [cluster.references for cluster in document.clusters], key)
        elif isinstance(document, Finding):
            self._add("card", (model.fingerprint for model in document.models), key)
            pictures = (*(point.picture for point in document.points), *(one.picture for one in document.related))
            self._add("result", filter(None, pictures), key)
            if document.split is not None:
                self._add("input", [document.split.judging, document.split.fitted], key)
        elif isinstance(document, Score):
            self._add("result", (picture.key for picture in document.pictures), key)
            self._add("method", [card_key(document.method, document.method_version)], key)
            if document.judge is not None:
                self._add("card", [document.judge.fingerprint], key)
            if document.split is not None:
                self._add("input", [document.split.judging, document.split.fitted], key)

    def of(self, kind: Kind, key: str) -> tuple[str, ...]:
        """Return the keys of what refers to something."""
        return tuple(self.owners.get((kind, key), ()))

    def _add(self, kind: Kind, keys: Iterable[str], owner: str) -> None:
        for key in keys:
            self.owners[kind, key].append(owner)


def _digests(values: Iterable[object]) -> Iterator[str]:
    """Yield the parameters that are digests: each names a file among the inputs."""
    yield from (value for value in values if isinstance(value, str) and DIGEST.fullmatch(value))
