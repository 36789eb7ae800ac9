"""Showing: where on photos a concept of a class is, and what it is made of itself."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from atlas.core.analysis import Part
from atlas.core.canonical import digest_bytes
from atlas.craft.document import Fit, direction_bytes
from atlas.craft.factorise import factorise
from atlas.craft.gallery import PATCH_CELL, PATCH_COLUMNS, PHOTO_CELL, Shown, top_patches
from atlas.craft.implicit import implicit_heat, position_heat
from atlas.errors import ConceptError
from atlas.tasks.class_bench import ClassBench, Floats

PART_PATCHES = 64
"""Patches of a concept that its parts are found in, at most."""


class Views:
    """What is shown of a class's concepts besides their patches.

    Args:
        on: the class on the bench.

    Attributes:
        without_parts: why some concepts have no parts, a sentence for each.
    """

    def __init__(self, on: ClassBench) -> None:
        self._on = on
        self.without_parts: list[str] = []

    def heat(self, fit: Fit, component: int, photos: Sequence[int]) -> list[np.ndarray]:
        """Return the heat maps of a concept on photos: on the layer's grid, or to the pixels."""
        if self._on.settings.heat == "nnls":
            return list(position_heat(fit.maps[list(photos)], component, PHOTO_CELL))
        images = self._on.images([self._on.data.photos[photo] for photo in photos])
        front = partial(self._on.network, layer=self._on.layer)
        return list(implicit_heat(images, front, fit.directions, component, self._on.factorisation.encode))

    def parts(self, component: int, strengths: Floats, shown: Shown) -> tuple[Part, ...]:
        """Factorise the strongest patches of a concept again, at an earlier layer (CRAFT, section 3.2)."""
        layer = self._on.settings.part_layer
        if not self._on.settings.depth or layer is None:
            return ()
        chosen = top_patches(strengths, min(PART_PATCHES, strengths.size // 2))
        means = self._on.part_means[[photo for photo, _ in chosen], [patch for _, patch in chosen]]
        kind = self._on.settings.factorisation
        count = min(self._on.settings.parts, max(1, len(chosen) // 2))
        try:
            found = factorise(means, count, kind, solver=self._on.settings.solver, seed=component)
        except ConceptError as error:
            self.without_parts.append(error.message)
            return ()
        shares = found.coefficients.sum(axis=0) * np.abs(found.directions).sum(axis=1)
        parts = []
        for part in np.flatnonzero(shares > 0)[np.argsort(-shares[shares > 0], kind="stable")]:
            best = np.argsort(-found.coefficients[:, part], kind="stable")[:PATCH_COLUMNS]
            crops, sprite = shown.crops(
                [
                    (chosen[it][0], self._on.data.boxes[chosen[it][1]], float(found.coefficients[it, part]))
                    for it in best
                ],
                PATCH_CELL,
                PATCH_COLUMNS,
            )
            data = direction_bytes(found.directions[part])
            self._on.bench.store.save_input(data)
            share = float(shares[part] / shares.sum())
            parts.append(Part(layer=layer, direction=digest_bytes(data), share=share, crops=crops, sprite=sprite))
        return tuple(parts)
