"""The JSON beside every page, the manifest, and the schema that both follow.

Every page ``name.html`` has ``name.json`` beside it::

    schema          "atlas-page"
    schema_version  1; raised when a reader of the old one would be wrong
    kind            home | model | classes | class | layers | layer | unit | concepts | concept | dead | failed |
                    methods | method | photos | photo | inversions | caricatures | accentuations | adversarial |
                    compare | comparison
    title           the page's heading
    citation        of classes, units, concepts and photos: {key, title, author, atlas, licence, url, date (of the
                    newest result), methods, weights, rendering, bibtex}; what the owner does not state is empty
    links           name to relative address: page, manifest, and where they exist up, previous, next
    data            by kind:
      home          title, description, author, licence, date, counts, numbers, methods, models [{name, weights,
                    numbers, href}]
      model         card (as in the store), counts, numbers, demonstration, layers [{name, units, counts, href}],
                    concepts [{index, title, count, href}]
      layers        model, page, of, layers [{name, units, counts, href}]: all of the network, in its order, those
                    without pictures with neither counts nor href
      concepts      model, page, of, demonstration, concepts [{class, number, key, label, importance, measure, href}]
      dead, failed  model, status, page, of, units [{layer, index, title, reason, href}]
      classes       model, layer, counts, page, of, units [{index, title, status, value, selectivity, href}]; with
                    selectivity also demonstration
      layer         the same, for the units of one layer
      class, unit   model, weights, layer, index, title, id, synonyms, status, renderings, and where photos tell of it
                    statistics; a class whose concepts were found also has concepts
      concept       number, key, label, class, all that the store knows of it, renderings, similar, sought_by, parts
      methods       methods [{name, title, summary, href}]
      method        name, title, versions, parameters, references (digests of the lists of reference photos),
                    demonstration
      photos        name, digest, photos, classes, demonstration, notes, page, of, shown [{digest, name, author, ...}]
      photo         model, weights, photo {digest, credit}, classes (what the model sees in it), page, of, renderings,
                    families (first 12 digits of a rendering's key to its family), succeeded (the same for adversarial
                    examples whose success can be told)
      inversions, caricatures, accentuations, adversarial
                    model, weights, family, page, of, entries [{photo, title, href, rows [{method, renderings [{key,
                    of, status, href}]}]}]: of a row's method some layers, of adversarial examples all
      compare       comparisons [{title, subject, classes, complete (classes in every column), href}]
      comparison    columns [{model, weights, method}], page, of, rows [{title, cells}]; a cell is null or {index, key,
                    status, href, objective, activation, probability}, each of these {value, unit}

A rendering is the store's record (key, job, status, measurements, trace, top_classes, provenance, error) with two more
fields: ``command``, which makes it again, and ``pictures``: {raw, masked, close}, each a list of {src, width, height,
bytes} by ascending width, close being thumbnails of the masked view; what was made of a photo may also have photo and
perturbation. Counts are classes and units: {done, dead, failed}; a class that was not rendered itself, because only its
concepts were asked for, has the status ``none`` and is not counted. ``numbers`` are {classes, units (each by status,
the output's and those of layers before it), layers (before the output, with anything rendered), all_layers, pictures
(finished renderings), concepts, classes_with_concepts, photos (that pictures were made from)}; their words are those
of ``atlas/site/catalog/numbers.py``. ``demonstration`` says so if the photos are only there to show how it works, and
is empty if they are real.

``concepts`` of a class: its analysis (key, layer, parameters, versions), factorisation, measure (``sobol``: total Sobol
index of the logit; ``share``: of the logit), heat, counts {found, readable, predicted, used}, patches, fitted, error
(relative reconstruction error), importance_rest (of the directions that are not shown), reason, warnings,
demonstration, and the list ``concepts``: {number, key, label, importance {value, low, high}, first, stability, stable,
direction, href, similar, sought_by}. ``similar`` are the nearest concepts of other classes, ``sought_by`` those whose
nearest is this one: {class, number, key, cosine, href}. ``label`` is null or {text, author}.

``statistics`` of a unit: n (views), photo_count, demonstration, mean, deviation, minimum, maximum, quantiles {share:
value}, histogram {low, high, counts}, selectivity ((maximum - mean) / deviation), placed (key of a rendering to the
share of views that activate the unit less) and top, a sprite.

A sprite is {src, width, height, cell, columns, pictures [{photo, box, value}]}: cell by cell, row by row; ``photo`` is
{digest, name, author, licence, source, href}, ``box`` its part, as shares of the photo's central square. The sprite of
a concept's photos has ``heat`` as well: an overlay {src, width, height, bytes} whose opacity is the heat.

Every address (``href``, ``src``, all of ``links``) is relative to the file that holds it. ``manifest.json`` in the root
lists all pages: {kind, title, href, data}.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from atlas.core.analysis import QUANTILES, ClassConcepts, Concept, Crop, Part, PhotoCredit, Sprite
from atlas.site.catalog.concepts import ClassView, ConceptView, Near
from atlas.site.catalog.credits import Credits
from atlas.site.catalog.model import Layer, Model, Unit
from atlas.site.catalog.numbers import by_status
from atlas.site.catalog.shown import Shown
from atlas.site.catalog.statistics import OnPhotos, UnitOnPhotos
from atlas.site.catalog.studies import Strip, Study, succeeded
from atlas.site.drawings.sheets import sprite_path
from atlas.site.pages.class_section import demonstration
from atlas.site.pictures.picture import Derived, Picture

SCHEMA_VERSION = 1
"""Version of the JSON that is published."""
LISTED_NEIGHBOURS = 50
"""Concepts listed that seek the same one: of a thousand classes, one concept may be the nearest of hundreds."""


def encode(document: dict[str, Any]) -> bytes:
    """Return a document as UTF-8 JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _files(files: tuple[Derived, ...], root: str) -> list[dict[str, Any]]:
    return [
        {"src": f"{root}i/{file.path}", "width": file.width, "height": file.height, "bytes": file.bytes}
        for file in files
    ]


def rendering_json(rendering: Shown, root: str) -> dict[str, Any]:
    """Return a record with the command that makes it again and its published pictures."""
    document: dict[str, Any] = rendering.record.model_dump(mode="json", exclude_none=True, exclude={"assets"})
    document["command"] = f"atlas render --only {rendering.key}"
    if rendering.picture is not None:
        picture = rendering.picture
        kinds = {"raw": picture.raw, "masked": picture.masked, "close": picture.close}
        document["pictures"] = {name: _files(files, root) for name, files in kinds.items()}
        for name in ("photo", "perturbation"):
            other: Picture | None = getattr(rendering, name)
            if other is not None:
                document["pictures"][name] = _files(other.raw, root)
    return document


def unit_json(unit: Unit, root: str) -> dict[str, Any]:
    """Return the data of a class or unit page."""
    named = {"id": unit.label.id, "synonyms": list(unit.label.synonyms)} if unit.label else {}
    return {
        "model": unit.model.card.name,
        "weights": unit.model.weights,
        "layer": unit.layer.info.name,
        "index": unit.index,
        "title": unit.title,
        **named,
        "status": unit.status,
        "renderings": [rendering_json(rendering, root) for rendering in unit.renderings],
    }


def list_json(layer: Layer, units: list[Unit], seen: OnPhotos, number: int, last: int, root: str) -> dict[str, Any]:
    """Return the data of one page of a list of units."""
    return {
        "model": layer.model.card.name,
        "layer": layer.info.model_dump(mode="json", exclude_none=True),
        "counts": by_status(layer.counts),
        "page": number,
        "of": last,
        **({"demonstration": layer.model.demonstration} if seen else {}),
        "units": [
            {
                "index": unit.index,
                "title": unit.title,
                "status": unit.status,
                "value": unit.reached,
                **({"selectivity": seen[unit.index].selectivity} if unit.index in seen else {}),
                "href": root + unit.address,
            }
            for unit in units
        ],
    }


def model_json(model: Model, root: str) -> dict[str, Any]:
    """Return the data of a model's page."""
    return {
        "card": model.card.model_dump(mode="json", exclude_none=True),
        "counts": by_status(model.numbers.lost),
        "numbers": model.numbers.document(),
        "demonstration": model.demonstration,
        "layers": [
            {
                "name": layer.info.name,
                "units": layer.info.units,
                "counts": by_status(layer.counts),
                "href": root + layer.address,
            }
            for layer in model.layers
        ],
        "concepts": [
            {"index": view.index, "title": view.title, "count": len(view.concepts), "href": root + view.address}
            for view in model.concepts.values()
        ],
    }


# --- what was made of photos ----------------------------------------------------------------------------------------


def study_json(study: Study, strips: Sequence[Strip], number: int, root: str) -> dict[str, Any]:
    """Return the data of one page of a photo."""
    return {
        "model": study.model.card.name,
        "weights": study.model.weights,
        "photo": {"digest": study.digest, "credit": study.credit.model_dump(mode="json") if study.credit else None},
        "classes": [score.model_dump(mode="json") for score in study.classes],
        "page": number,
        "of": len(study.pages),
        "families": {it.key: strip.family for strip in strips for it in strip.renderings},
        "succeeded": {
            it.key: result
            for strip in strips
            for it in strip.renderings
            if strip.family == "adversarial" and (result := succeeded(it.record)) is not None
        },
        "renderings": [rendering_json(rendering, root) for strip in strips for rendering in strip.renderings],
    }


# --- photos ---------------------------------------------------------------------------------------------------------


def photo_json(photo: PhotoCredit, photo_set: Credits | None, root: str) -> dict[str, Any]:
    """Return a photo's name, and whom it is owed to."""
    entry = {"href": root + photo_set.address_of(photo.digest)} if photo_set else {}
    return {**photo.model_dump(mode="json"), **entry}


def sprite_json(
    sprite: Sprite, crops: Iterable[Crop], photos: Sequence[PhotoCredit], photo_set: Credits | None, root: str
) -> dict[str, Any]:
    """Return a sprite: its file and what its cells show."""
    return {
        "src": f"{root}i/{sprite_path(sprite)}",
        **sprite.model_dump(mode="json", include={"width", "height", "cell", "columns"}),
        "pictures": [
            {"photo": photo_json(photos[crop.photo], photo_set, root), "box": list(crop.box), "value": crop.value}
            for crop in crops
        ],
    }


def statistics_json(seen: UnitOnPhotos, unit: Unit, root: str) -> dict[str, Any]:
    """Return what photos say of a unit."""
    figures = seen.unit
    placed = {mark.key: seen.share_below(mark.value) for mark in seen.draw(unit.shown).marks}
    document = {
        "key": seen.layer.key,
        **figures.model_dump(mode="json", include={"n", "mean", "deviation", "minimum", "maximum", "histogram"}),
        "photo_count": seen.layer.photo_count,
        "demonstration": unit.model.demonstration,
        "quantiles": {str(share): value for share, value in zip(QUANTILES, figures.quantiles, strict=False)},
        "selectivity": seen.selectivity,
        "placed": placed,
    }
    if figures.sprite is not None:
        document["top"] = sprite_json(figures.sprite, figures.crops, seen.layer.photos, unit.model.photos, root)
    return document


def photos_json(photo_set: Credits, entries: Sequence[tuple[str, PhotoCredit]], number: int) -> dict[str, Any]:
    """Return the data of one page of a photo set."""
    return {
        **photo_set.card.model_dump(mode="json"),
        "page": number,
        "of": photo_set.pages,
        "shown": [photo.model_dump(mode="json") for _, photo in entries],
    }


# --- concepts -------------------------------------------------------------------------------------------------------


def class_json(view: ClassView, document: ClassConcepts, root: str) -> dict[str, Any]:
    """Return what a class's page says of its concepts."""
    plain = {"factorisation", "measure", "heat", "counts", "patches", "fitted", "error", "importance_rest", "reason"}
    return {
        "key": view.key,
        "layer": view.layer,
        "parameters": document.analysis.parameters,
        "versions": document.provenance.versions,
        **document.model_dump(mode="json", include=plain),
        "warnings": list(document.warnings),
        "demonstration": demonstration(view, document),
        "concepts": [
            {**_summary(concept, details), "href": root + concept.address, **_neighbours(concept, root)}
            for concept, details in zip(view.concepts, document.concepts, strict=True)
        ],
    }


def concept_json(
    concept: ConceptView, details: Concept, document: ClassConcepts, heat: Derived, root: str
) -> dict[str, Any]:
    """Return the data of a concept's page."""
    view, photos, photo_set = concept.owner, document.photos, concept.photos
    return {
        "model": concept.model.card.name,
        "weights": concept.model.weights,
        "class": {"index": view.index, "title": view.title, "href": root + view.address},
        "layer": view.layer,
        "analysis": view.key,
        "measure": view.measure,
        "factorisation": document.factorisation,
        "fitted": document.fitted,
        "error": document.error,
        **_summary(concept, details),
        "component": details.component,
        "patch_cosines": list(details.patch_cosines),
        "renderings": [rendering_json(rendering, root) for rendering in concept.renderings],
        "patches": sprite_json(details.sprite, details.crops, photos, photo_set, root),
        "photos": {
            **sprite_json(details.photo_sprite, details.photos, photos, photo_set, root),
            "heat": _files((heat,), root)[0],
        },
        "together": [other.model_dump(mode="json") for other in details.together],
        **_neighbours(concept, root),
        "parts": [_part_json(concept, part, document, root) for part in details.parts],
    }


def _part_json(concept: ConceptView, part: Part, document: ClassConcepts, root: str) -> dict[str, Any]:
    renderings = concept.parts[part.layer, part.direction]
    return {
        "layer": part.layer,
        "direction": part.direction,
        "share": part.share,
        "renderings": [rendering_json(rendering, root) for rendering in renderings],
        "patches": sprite_json(part.sprite, part.crops, document.photos, concept.photos, root),
    }


def _summary(concept: ConceptView, details: Concept) -> dict[str, Any]:
    label = concept.label
    return {
        "number": concept.number,
        "key": concept.key,
        "label": {"text": label.text, "author": label.author} if label else None,
        **details.model_dump(mode="json", include={"importance", "first", "stability", "stable", "direction"}),
    }


def _neighbours(concept: ConceptView, root: str) -> dict[str, Any]:
    return {"similar": _near(concept.nearest, root), "sought_by": _near(concept.sought_by[:LISTED_NEIGHBOURS], root)}


def _near(found: Iterable[Near], root: str) -> list[dict[str, Any]]:
    return [
        {
            "class": near.concept.owner.index,
            "number": near.concept.number,
            "key": near.concept.key,
            "cosine": round(near.cosine, 6),
            "href": root + near.concept.address,
        }
        for near in found
    ]
