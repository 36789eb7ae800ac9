"""Do the renderings of a store show their concepts? Their cosines, against those of the class's own patches."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from atlas.core.analysis import ClassConcepts, Concept
from atlas.core.record import Record
from atlas.core.selection import Selection
from atlas.store import Store

GOAL = 95
"""Percentile of the class's patches that a rendering is to be above."""


@dataclass(frozen=True)
class Rendered:
    """One rendering of a concept.

    Attributes:
        name: of the class. number: of the concept, by importance. method, seed: of the rendering.
        cosine: between the whole picture's activation and the direction; None if it was not measured.
        percentiles: 0 to 100, of the same for the class's patches.
    """

    name: str
    number: int
    method: str
    seed: int
    cosine: float | None
    percentiles: tuple[float, ...]

    @property
    def above(self) -> bool:
        """Whether the rendering is nearer to the concept than :data:`GOAL` per cent of the patches."""
        return self.cosine is not None and self.cosine > self.percentiles[GOAL]

    @property
    def percentile(self) -> float:
        """The share of the patches that it is above, per cent; 0 without a cosine."""
        return 0.0 if self.cosine is None else float(np.interp(self.cosine, self.percentiles, np.arange(101)))


def read(store: Store) -> tuple[list[Rendered], int]:
    """Return every rendering of the store's current concepts, and how many of these concepts have none."""
    records: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in store.records():
        target = record.job.target
        if target.kind == "direction" and target.direction is not None:
            records[record.job.model.fingerprint, target.layer, target.direction].append(record)
    found: list[Rendered] = []
    without = 0
    for name, document, concept in _concepts(store):
        analysis = document.analysis
        own = records[analysis.model.fingerprint, analysis.layers[0], concept.direction]
        without += not own
        found += [_rendered(name, concept, record) for record in own]
    return found, without


def _concepts(store: Store) -> Iterator[tuple[str, ClassConcepts, Concept]]:
    selections = [store.selections.read_named(name) for name in store.selections.names()]
    for fingerprint, card in store.cards().items():
        current = {key: index for each in selections for index, key in _concept_keys(each, fingerprint)}
        for key, index in current.items():
            if store.has(key):
                document = store.document(ClassConcepts, key)
                name = card.classes[index].name if index < len(card.classes) else f"class {index}"
                for concept in document.concepts:
                    yield name, document, concept


def _concept_keys(selection: Selection, fingerprint: str) -> list[tuple[int, str]]:
    return sorted(selection.models[fingerprint].concepts.items()) if fingerprint in selection.models else []


def _rendered(name: str, concept: Concept, record: Record) -> Rendered:
    cosine = record.measurement("cosine")
    value = None if cosine is None else cosine.value
    return Rendered(name, concept.number, record.job.method, record.job.seed, value, concept.patch_cosines)
