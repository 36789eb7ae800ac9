"""What photos tell about the sample store's models, with all that a page has to cope with: hostile names, an unstable
concept, missing renderings, parts, warnings, a class without concepts, a demonstration."""

import hashlib
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image
from selecting import select

from atlas.core.analysis import (
    QUANTILES,
    Analysis,
    ClassConcepts,
    Concept,
    Crop,
    Histogram,
    Importance,
    LayerStatistics,
    Part,
    PhotoCounts,
    PhotoCredit,
    PhotoSetCard,
    Sprite,
    Together,
    UnitStatistics,
)
from atlas.core.canonical import digest, digest_bytes
from atlas.core.factorisation_card import FactorisationCard
from atlas.core.job import ModelIdentity, Target
from atlas.core.metric_card import Source
from atlas.core.record import Provenance
from atlas.store import Store

CONCEPT_LAYER, CHANNELS = "blocks.4", 24
HOSTILE_PHOTO = '"><img src=x onerror=alert(2)>.jpg'
HOSTILE_AUTHOR = "<script>alert(3)</script> & Söhne"
HOSTILE_NOTES = "Collected by <b>hand</b> & by </pre><script>alert(4)</script>\n\n    Indented: as it was written."
HOSTILE_SOURCE = "javascript:alert(5)"
WARNING = "Only 12 photos of this class: <i>use</i> 100 or more."
CARD = FactorisationCard(
    name="nmf",
    title="factorisation of <b>parts</b>",
    summary="Parts & <i>wholes</i>.",
    limits=("It stops.",),
    takes_signed=False,
    paper=Source(title="On </cite> parts", authors="Ann & Bob", year=2001, url="javascript:alert(6)"),
)
REASON = "None of the 40 photos was predicted as <b>daisy</b>."
UNSTABLE, UNRENDERED = 3, 7
"""Numbers, in every class, of the concept that did not come back, and of the one without a rendering."""
PHOTO_SET = PhotoSetCard(
    digest="d1" * 32, name="snapshots <of> 2026", photos=995, classes=12, notes=HOSTILE_NOTES, demonstration=True
)
PROVENANCE = Provenance(
    versions={"atlas": "0.1.0"}, device="cpu", batch_size=1, seconds=4.2, created="2026-11-19T08:00:00Z"
)
LICENCES = ("CC BY 4.0", "CC0 1.0", "")


def photos(count: int, prefix: str) -> tuple[PhotoCredit, ...]:
    """Return photos with credits; the first one's are hostile."""
    rest = [
        PhotoCredit(
            digest=hashlib.sha256(f"{prefix}{place}".encode()).hexdigest(),
            name=f"{prefix}/photo_{place:03d}.jpg",
            author=f"Photographer {place % 7}" if place % 4 else "",
            licence=LICENCES[place % 3],
            source=f"https://photos.example/{prefix}/{place}" if place % 2 else "",
        )
        for place in range(1, count)
    ]
    name = HOSTILE_PHOTO
    key = hashlib.sha256(f"{prefix}0".encode()).hexdigest()
    return (
        PhotoCredit(digest=key, name=f"{prefix}/{name}", author=HOSTILE_AUTHOR, licence="own", source=HOSTILE_SOURCE),
        *rest,
    )


def _waves(seeds: Sequence[int], side: int) -> np.ndarray:
    """Return smooth colourful squares, uint8 (n, side, side, 3): stand-ins for photos."""
    y, x = np.mgrid[:side, :side] / side
    made = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        a, b, c, d = random.uniform(-7, 7, 4)
        bend = np.sin(a * x + b * y) + np.cos(c * x * y + d * y)
        tints = random.uniform(0, 6.28, 3)
        made.append(np.stack([0.5 + 0.45 * np.sin(2 * bend + tint) for tint in tints], -1))
    return (np.stack(made) * 255).astype(np.uint8)


def _sheet(pictures: np.ndarray, columns: int) -> np.ndarray:
    count, side = pictures.shape[:2]
    rows = -(-count // columns)
    sheet = np.full((rows * side, columns * side, *pictures.shape[3:]), 128, np.uint8)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        sheet[row * side : (row + 1) * side, column * side : (column + 1) * side] = picture
    return sheet


def sprite(pictures: np.ndarray, columns: int, kind: str, files: dict[str, bytes]) -> Sprite:
    """Return a sprite of uint8 pictures (n, side, side[, 3]), and note its file."""
    sheet = _sheet(pictures, columns)
    buffer = io.BytesIO()
    if kind == "webp":
        Image.fromarray(sheet).save(buffer, "WEBP", quality=70, method=0)
    else:
        Image.fromarray(sheet).save(buffer, "PNG")
    data = buffer.getvalue()
    name = f"{digest_bytes(data)}.{kind}"
    files[name] = data
    return Sprite(
        name=name,
        bytes=len(data),
        width=sheet.shape[1],
        height=sheet.shape[0],
        cell=pictures.shape[1],
        columns=columns,
        count=len(pictures),
    )


def _heats(seeds: Sequence[int], side: int) -> np.ndarray:
    y, x = np.mgrid[:side, :side] / side
    made = []
    for seed in seeds:
        centre = np.random.default_rng(seed).uniform(0.25, 0.75, 2)
        made.append(np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / 0.05))
    return (np.stack(made) * 255).astype(np.uint8)


def crops(count: int, photo_count: int, top: float) -> tuple[Crop, ...]:
    """Return crops of different photos, the strongest first."""
    return tuple(
        Crop(photo=place % photo_count, box=(0.1, 0.2, 0.5, 0.6), value=round(top - 0.3 * place, 2))
        for place in range(count)
    )


def direction(store: Store, class_index: int, number: int) -> str:
    """Store a direction of unit norm and return its digest; concepts of one number resemble those of other classes."""
    common = np.random.default_rng(number).random(CHANNELS)
    own = np.random.default_rng([class_index, number]).random(CHANNELS)
    vector = common + 0.5 * own
    return store.save_input((vector / np.linalg.norm(vector)).astype("<f4").tobytes())


def _concept(store: Store, class_index: int, number: int, count: int, measure: str, files: dict[str, bytes]) -> Concept:
    seed = 1000 * class_index + 10 * number
    value = (0.34 if measure == "sobol" else 0.28) * 0.74 ** (number - 1)
    parts: tuple[Part, ...] = ()
    if number == 1:
        parts = tuple(
            Part(
                layer="blocks.3",
                direction=direction(store, class_index, 100 + place),
                share=share,
                crops=crops(4, 12, 3.0),
                sprite=sprite(_waves(range(seed + 500 + 10 * place, seed + 504 + 10 * place), 56), 4, "webp", files),
            )
            for place, share in enumerate((0.5, 0.3))
        )
    others = [other for other in range(1, count + 1) if other != number]
    return Concept(
        number=number,
        component=(number * 7) % 20,
        direction=direction(store, class_index, number),
        importance=Importance(value=value, low=0.8 * value, high=1.25 * value),
        first=round(0.4 / number, 3),
        stability=0.41 if number == UNSTABLE else 0.97,
        stable=number != UNSTABLE,
        together=tuple(
            Together(concept=other, cosine=round(0.9 / (place + 1), 3)) for place, other in enumerate(others)
        ),
        patch_cosines=tuple(round(0.2 + 0.006 * place, 4) for place in range(101)),
        crops=crops(12, 12, 5.0),
        sprite=sprite(_waves(range(seed, seed + 12), 56), 4, "webp", files),
        photos=crops(6, 12, 8.0),
        photo_sprite=sprite(_waves(range(seed + 100, seed + 106), 112), 3, "webp", files),
        heat_sprite=sprite(_heats(range(seed, seed + 6), 112), 3, "png", files),
        parts=parts,
    )


def add_concepts(
    store: Store,
    model: ModelIdentity,
    class_index: int,
    count: int = 10,
    measure: str = "sobol",
    reason: str = "",
    warnings: tuple[str, ...] = (),
    photo_set: PhotoSetCard = PHOTO_SET,
) -> ClassConcepts:
    """Store the concepts of a class, select them and return their document."""
    analysis = Analysis(
        kind="concepts",
        version=1,
        model=model,
        layers=(CONCEPT_LAYER,),
        class_index=class_index,
        photos=digest(["photos", class_index]),
        parameters={"count": 20, "measure": measure, "shown": count},
        numerics="float32",
    )
    files: dict[str, bytes] = {}
    concepts = tuple(_concept(store, class_index, number, count, measure, files) for number in range(1, count + 1))
    document = ClassConcepts.model_validate(
        {
            "key": analysis.key,
            "analysis": analysis,
            "factorisation": "nmf",
            "card": CARD,
            "measure": measure,
            "heat": "nnls",
            "photos": photos(12, f"class_{class_index}"),
            "counts": PhotoCounts(found=60, readable=58, predicted=51 if concepts else 0, used=51 if concepts else 0),
            "patches": 816 if concepts else 0,
            "fitted": 20 if concepts else 0,
            "error": 0.342 if concepts else 0.0,
            "importance_rest": 0.08 if concepts else 0.0,
            "concepts": concepts,
            "reason": reason,
            "warnings": warnings,
            "provenance": PROVENANCE,
        }
    )
    store.commit(analysis.key, document, files)
    select(store, model, photo_set, concepts={class_index: analysis.key})
    return document


def direction_targets(document: ClassConcepts) -> list[tuple[Target, str]]:
    """Return the targets of a class's concepts and their parts, each with the status of its record.

    One concept has none, another one's failed.
    """
    targets = []
    index = document.analysis.class_index or 0
    for concept in document.concepts:
        for layer, vector in [
            (CONCEPT_LAYER, concept.direction),
            *((part.layer, part.direction) for part in concept.parts),
        ]:
            target = Target(kind="direction", layer=layer, unit=index, direction=vector, cosine_power=2.0)
            if concept.number != UNRENDERED:
                targets.append((target, "failed" if concept.number == 5 else "done"))
    return targets


def add_statistics(
    store: Store, model: ModelIdentity, layer: str, units: Sequence[int], photo_set: PhotoSetCard = PHOTO_SET
) -> LayerStatistics:
    """Store what photos say of a layer's units, select it and return its document."""
    analysis = Analysis(
        kind="statistics",
        version=1,
        model=model,
        layers=(layer,),
        photos=digest("all photos"),
        parameters={"views": 17},
        numerics="float32",
    )
    files: dict[str, bytes] = {}
    made = []
    for unit in units:
        random = np.random.default_rng(unit)
        values = np.maximum(0, random.normal(0.3, 1.0 + 0.05 * (unit % 9), 1_000)) * 2
        counts, edges = np.histogram(values, 40)
        made.append(
            UnitStatistics(
                unit=unit,
                n=16_915,
                mean=float(values.mean()),
                deviation=float(values.std()),
                minimum=float(values.min()),
                maximum=float(values.max()),
                quantiles=tuple(float(value) for value in np.quantile(values, QUANTILES)),
                histogram=Histogram(low=float(edges[0]), high=float(edges[-1]), counts=tuple(map(int, counts))),
                crops=crops(6, 20, 9.0),
                sprite=sprite(_waves(range(unit, unit + 6), 48), 3, "webp", files),
            )
        )
    document = LayerStatistics(
        key=analysis.key,
        analysis=analysis,
        photos=photos(20, layer),
        photo_count=995,
        units=tuple(made),
        provenance=PROVENANCE,
    )
    store.commit(analysis.key, document, files)
    select(store, model, photo_set, statistics={layer: analysis.key})
    return document
