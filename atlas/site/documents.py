"""The JSON beside every page, the manifest, and the schema that both follow.

Every page ``name.html`` has ``name.json`` beside it::

    schema          "atlas-page"
    schema_version  1; raised when a reader of the old one would be wrong
    kind            home | model | classes | class | layer | unit | method
    title           the page's heading
    links           name to relative address: page, manifest, and where they exist up, previous, next
    data            by kind:
      home          title, description, author, licence, date, counts, models [{name, weights, href}], methods
      model         card (as in the store), counts, layers [{name, units, counts, href}]
      classes       model, layer, counts, page, of, units [{index, title, status, value, href}]
      layer         the same, for the units of one layer
      class, unit   model, weights, layer, index, title, id, synonyms, status, renderings
      method        name, title, versions, parameters

A rendering is the store's record (key, job, status, measurements, trace, top_classes, provenance, error) with two more
fields: ``command``, which makes it again, and ``pictures``: {raw, masked}, each a list of {src, width, height, bytes}
by ascending width. Counts are units: {done, dead, failed}. Every address (``href``, ``src``, all of ``links``) is
relative to the file that holds it. ``manifest.json`` in the root lists all pages: {kind, title, href, data}.
"""

import json
from collections import Counter
from typing import Any

from atlas.site.catalog import Layer, Model, Rendering, Unit
from atlas.site.pictures import Derived

SCHEMA_VERSION = 1
"""Version of the JSON that is published."""


def encode(document: dict[str, Any]) -> bytes:
    """Return a document as UTF-8 JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def counts_json(counts: Counter[str]) -> dict[str, int]:
    """Return units by status."""
    return {status: counts[status] for status in ("done", "dead", "failed")}


def _files(files: tuple[Derived, ...], root: str) -> list[dict[str, Any]]:
    return [
        {"src": f"{root}i/{file.path}", "width": file.width, "height": file.height, "bytes": file.bytes}
        for file in files
    ]


def rendering_json(rendering: Rendering, root: str) -> dict[str, Any]:
    """Return a record with the command that makes it again and its published pictures."""
    document: dict[str, Any] = rendering.record.model_dump(mode="json", exclude_none=True, exclude={"assets"})
    document["command"] = f"atlas render --only {rendering.key}"
    if rendering.picture is not None:
        picture = rendering.picture
        document["pictures"] = {"raw": _files(picture.raw, root), "masked": _files(picture.masked, root)}
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


def list_json(layer: Layer, units: list[Unit], number: int, last: int, root: str) -> dict[str, Any]:
    """Return the data of one page of a list of units."""
    return {
        "model": layer.model.card.name,
        "layer": layer.info.model_dump(mode="json", exclude_none=True),
        "counts": counts_json(layer.counts),
        "page": number,
        "of": last,
        "units": [
            {
                "index": unit.index,
                "title": unit.title,
                "status": unit.status,
                "value": unit.lead.reached,
                "href": root + unit.address,
            }
            for unit in units
        ],
    }


def model_json(model: Model, root: str) -> dict[str, Any]:
    """Return the data of a model's page."""
    return {
        "card": model.card.model_dump(mode="json", exclude_none=True),
        "counts": counts_json(model.counts),
        "layers": [
            {
                "name": layer.info.name,
                "units": layer.info.units,
                "counts": counts_json(layer.counts),
                "href": root + layer.address,
            }
            for layer in model.layers
        ],
    }
