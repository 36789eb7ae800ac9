"""Neighbours: the concepts of other classes that are nearest to each concept, by the cosine of their directions."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from atlas.errors import StoreError
from atlas.site.catalog.concepts import ConceptView, Near

CHUNK = 256
"""Concepts compared at once: 10 MB of cosines if there are ten thousand."""
NEAREST = 6
"""Neighbours of one concept."""


def find_neighbours(concepts: Sequence[ConceptView], read: Callable[[str], bytes]) -> None:
    """Fill in ``nearest`` and ``sought_by`` of concepts of one model; only those of one layer can be compared.

    Args:
        read: returns the little-endian float32 bytes of a direction, by its digest.

    Raises:
        StoreError: a direction is missing, damaged, or not as long as the others of its layer.
    """
    by_layer: dict[str, list[ConceptView]] = defaultdict(list)
    for concept in concepts:
        by_layer[concept.owner.layer].append(concept)
    for group in by_layer.values():
        if len({concept.owner.index for concept in group}) > 1:
            _compare(group, read)


def _compare(concepts: list[ConceptView], read: Callable[[str], bytes]) -> None:
    import numpy as np

    directions = [np.frombuffer(read(concept.direction), "<f4") for concept in concepts]
    if len({direction.size for direction in directions}) > 1:
        raise StoreError(
            f"directions of the layer {concepts[0].owner.layer} differ in length",
            "run `atlas status --verify --repair`, then `atlas render`",
        )
    matrix = np.stack(directions)
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    classes = np.array([concept.owner.index for concept in concepts])
    count = min(NEAREST, len(concepts) - 1)
    for start in range(0, len(concepts), CHUNK):
        cosines = matrix[start : start + CHUNK] @ matrix.T
        cosines[classes[start : start + CHUNK, None] == classes] = -np.inf
        best = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        for place, (row, columns) in enumerate(zip(cosines, best, strict=True), start):
            chosen = sorted((int(column) for column in columns), key=lambda column: (-row[column], column))
            concepts[place].nearest = [
                Near(concepts[column], float(row[column])) for column in chosen if np.isfinite(row[column])
            ]
    for concept in concepts:
        if concept.nearest:
            first = concept.nearest[0]
            first.concept.sought_by.append(Near(concept, first.cosine))
    for concept in concepts:
        concept.sought_by.sort(key=lambda near: (-near.cosine, near.concept.owner.index, near.concept.number))
