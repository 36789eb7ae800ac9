"""From the numbers of a factorisation to the document that a reader sees: the most important concepts of a class."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas.activations.class_photos import ClassPhotos
from atlas.activations.views import Box
from atlas.core.analysis import Analysis, ClassConcepts, Concept, Importance, Part, PhotoCounts, Together
from atlas.core.canonical import digest_bytes
from atlas.core.record import Provenance
from atlas.craft.factorisations.base import FACTORISATIONS
from atlas.craft.gallery import PATCH_CELL, PATCH_COLUMNS, PHOTO_CELL, PHOTO_COLUMNS, Shown, top_patches
from atlas.craft.settings import ConceptSettings
from atlas.craft.stability import first_share, together

Floats = NDArray[np.float32]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
NAMED_PHOTOS = 5
"""Photos that were skipped and are named in a warning; the rest is counted."""


@dataclass(frozen=True)
class Fit:
    """A factorisation of p photos' P patches each, and the importance of its r directions.

    Attributes:
        coefficients: (p, P, r) >= 0. directions: (r, C), unit norm. stability: (r,) or empty if it was not looked at.
        error: relative reconstruction error.
        maps: (p, h, w, r) >= 0, coefficients of each position of the whole photos.
        per_photo: (p, r) importance. mean, low, high: (r,), over photos.
    """

    coefficients: Floats
    directions: Floats
    stability: Floats
    error: float
    maps: Floats
    per_photo: Floats
    mean: Floats
    low: Floats
    high: Floats


def direction_bytes(direction: Floats) -> bytes:
    """Return a direction as the store keeps it: little-endian float32."""
    return direction.astype("<f4").tobytes()


def describe(
    analysis: Analysis,
    settings: ConceptSettings,
    data: ClassPhotos,
    fit: Fit,
    shown: Shown,
    heat: Callable[[int, Sequence[int]], Sequence[np.ndarray]],
    parts: Callable[[int, Floats, Shown], tuple[Part, ...]],
    provenance: Provenance,
) -> ClassConcepts:
    """Return the document; the files that it names are in ``shown``.

    Args:
        heat: (component, photos) to the heat maps of these photos.
        parts: (component, its strength on each patch (p, P), shown) to its sub-concepts; an empty tuple without them.
    """
    present = fit.coefficients.max(axis=(0, 1)) > 0  # there is nothing to show of the others
    order = [int(place) for place in np.argsort(-fit.mean, kind="stable") if present[place]][: settings.shown]
    first = first_share(fit.per_photo)
    with_others = together(fit.maps.mean(axis=(1, 2)))
    numbers = {component: number for number, component in enumerate(order, 1)}
    concepts = []
    for component, number in numbers.items():
        strengths = fit.coefficients[:, :, component]
        chosen = top_patches(strengths, settings.patches)
        crops, sprite = shown.crops(
            [(photo, data.boxes[patch], float(strengths[photo, patch])) for photo, patch in chosen],
            PATCH_CELL,
            PATCH_COLUMNS,
        )
        presence = fit.maps[:, :, :, component].mean(axis=(1, 2))
        best = [int(photo) for photo in np.argsort(-presence, kind="stable")[: settings.heat_photos]]
        photos, photo_sprite = shown.crops(
            [(photo, WHOLE, float(presence[photo])) for photo in best], PHOTO_CELL, PHOTO_COLUMNS
        )
        others = [
            Together(concept=numbers[it], cosine=_unit(with_others[component, it])) for it in order if it != component
        ]
        stable = float(fit.stability[component]) if len(fit.stability) else None
        concepts.append(
            Concept(
                number=number,
                component=component,
                direction=digest_bytes(direction_bytes(fit.directions[component])),
                importance=Importance(
                    value=float(fit.mean[component]), low=float(fit.low[component]), high=float(fit.high[component])
                ),
                first=float(first[component]),
                stability=None if stable is None else _unit(stable),
                stable=stable is None or stable >= settings.stable,
                together=tuple(sorted(others, key=lambda other: -other.cosine)),
                patch_cosines=_percentiles(_cosines(data.patches, fit.directions[component])),
                crops=crops,
                sprite=sprite,
                photos=photos,
                photo_sprite=photo_sprite,
                heat_sprite=shown.heat(heat(component, best), PHOTO_CELL, PHOTO_COLUMNS),
                parts=parts(component, strengths, shown),
            )
        )
    return ClassConcepts(
        key=analysis.key,
        analysis=analysis,
        factorisation=settings.factorisation,
        card=FACTORISATIONS.get(settings.factorisation).card,
        measure=settings.importance,
        heat=settings.heat,
        photos=tuple(shown.credits),
        counts=_counts(data),
        patches=int(np.prod(fit.coefficients.shape[:2])),
        fitted=len(fit.directions),
        error=fit.error,
        importance_rest=float(np.delete(fit.mean, order).sum()),
        concepts=tuple(concepts),
        warnings=(*_warnings(data, settings), *_doubts(fit, settings, int((~present).sum()))),
        provenance=provenance,
    )


def no_concepts(
    analysis: Analysis, settings: ConceptSettings, data: ClassPhotos, reason: str, provenance: Provenance
) -> ClassConcepts:
    """Return the document of a class whose photos cannot be factorised, which says why."""
    return ClassConcepts(
        key=analysis.key,
        analysis=analysis,
        factorisation=settings.factorisation,
        card=FACTORISATIONS.get(settings.factorisation).card,
        measure=settings.importance,
        heat=settings.heat,
        counts=_counts(data),
        reason=reason,
        warnings=_warnings(data, settings),
        provenance=provenance,
    )


def _counts(data: ClassPhotos) -> PhotoCounts:
    return PhotoCounts(found=data.found, readable=data.readable, predicted=data.predicted, used=len(data.photos))


def _warnings(data: ClassPhotos, settings: ConceptSettings) -> tuple[str, ...]:
    warnings = []
    used = len(data.photos)
    if 0 < used < settings.minimum:
        were = "photo was" if used == 1 else "photos were"
        warnings.append(f"only {used} {were} used; at least {settings.minimum} are advised")
    if data.skipped:
        named = "; ".join(data.skipped[:NAMED_PHOTOS])
        more = f"; and {len(data.skipped) - NAMED_PHOTOS} more" if len(data.skipped) > NAMED_PHOTOS else ""
        photos = "photo" if len(data.skipped) == 1 else "photos"
        warnings.append(f"{len(data.skipped)} {photos} could not be read: {named}{more}")
    return tuple(warnings)


def _doubts(fit: Fit, settings: ConceptSettings, absent: int) -> Iterator[str]:
    """Yield what a reader must know of a factorisation of which so many directions are in no patch."""
    if absent:
        yield f"{absent} of the {len(fit.directions)} directions fitted are in no patch: fewer would do"
    largest = float(fit.mean.max())
    if settings.importance == "sobol" and largest > 1:
        yield (
            f"the largest total Sobol index is {largest:.3g}, and none can truly exceed 1: "
            f"{settings.designs} designs are too few to tell it surely"
        )


def _cosines(patches: Floats, direction: Floats) -> Floats:
    """Return the cosine between each patch's activation and a direction; 0 for a patch that excites nothing."""
    flat = patches.reshape(-1, patches.shape[-1])
    norms = np.linalg.norm(flat, axis=1) * np.linalg.norm(direction)
    products: Floats = np.divide(flat @ direction, norms, out=np.zeros(len(flat), np.float32), where=norms > 0)
    return products


def _percentiles(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in np.percentile(values, np.arange(101)))


def _unit(value: float) -> float:
    """Return a cosine or share without what rounding put outside of [0, 1]."""
    return min(1.0, max(0.0, float(value)))
