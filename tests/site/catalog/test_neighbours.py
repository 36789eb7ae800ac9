"""Neighbours: the nearest concepts of other classes, as a slow search over all pairs finds them."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from atlas.core.analysis import Importance
from atlas.errors import StoreError
from atlas.site.catalog import neighbours
from atlas.site.catalog.concepts import ClassView, ConceptView
from atlas.site.catalog.neighbours import NEAREST, find_neighbours


def concepts_of(classes: int, each: int, layer: Callable[[int], str] = lambda index: "late") -> list[ConceptView]:
    made = []
    for index in range(classes):
        owner = ClassView(SimpleNamespace(), None, index, "", layer(index), "sobol", each, "", lambda: None)  # type: ignore[arg-type, return-value]
        importance = Importance(value=0.1, low=0.1, high=0.1)
        made += [
            ConceptView(owner, number, "", f"{index}/{number}", importance, True, None, [], {})
            for number in range(1, each + 1)
        ]
    return made


def vectors(concepts: list[ConceptView], channels: int = 5) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    return {concept.direction: random.random(channels).astype("<f4") for concept in concepts}


def found(concepts: list[ConceptView], table: dict[str, np.ndarray]) -> None:
    find_neighbours(concepts, lambda key: table[key].tobytes())


@pytest.mark.parametrize("chunk", [1, 7, 256])
def test_the_nearest_are_those_of_a_slow_search(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(neighbours, "CHUNK", chunk)
    concepts = concepts_of(9, 4)
    table = vectors(concepts)
    found(concepts, table)

    def cosine(a: ConceptView, b: ConceptView) -> float:
        x, y = table[a.direction].astype(float), table[b.direction].astype(float)
        return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))

    for concept in concepts:
        others = [other for other in concepts if other.owner.index != concept.owner.index]
        best = sorted(others, key=lambda other, concept=concept: -cosine(concept, other))[:NEAREST]
        assert [near.concept for near in concept.nearest] == best
        assert [near.cosine for near in concept.nearest] == pytest.approx(
            [cosine(concept, it) for it in best], abs=1e-5
        )
        seekers = {other for other in concepts if other.nearest[0].concept is concept}
        assert {near.concept for near in concept.sought_by} == seekers
        cosines = [near.cosine for near in concept.sought_by]
        assert cosines == sorted(cosines, reverse=True)


def test_concepts_of_one_class_are_never_neighbours_and_layers_are_not_mixed() -> None:
    concepts = concepts_of(4, 8, lambda index: f"layer {index % 2}")
    found(concepts, vectors(concepts))
    for concept in concepts:
        assert concept.nearest
        for near in concept.nearest:
            assert near.concept.owner.index != concept.owner.index
            assert near.concept.owner.layer == concept.owner.layer


def test_one_class_alone_has_no_neighbours() -> None:
    concepts = concepts_of(1, 10)
    found(concepts, vectors(concepts))
    assert not any(concept.nearest or concept.sought_by for concept in concepts)


def test_directions_of_unequal_length_are_refused() -> None:
    concepts = concepts_of(2, 1)
    table = {concepts[0].direction: np.ones(4, "<f4"), concepts[1].direction: np.ones(5, "<f4")}
    with pytest.raises(StoreError, match="differ in length"):
        found(concepts, table)


def test_a_direction_of_nothing_is_near_to_nothing() -> None:
    concepts = concepts_of(2, 1)
    table = {concepts[0].direction: np.zeros(4, "<f4"), concepts[1].direction: np.ones(4, "<f4")}
    found(concepts, table)
    assert concepts[0].nearest[0].cosine == 0
