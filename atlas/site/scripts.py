"""Data for scripts: script files that call one function, because a page opened from disk may load scripts but not fetch
JSON. Units are kept as ranges of indices, so that ten thousand of them cost a few bytes.
"""

import json
from collections.abc import Sequence
from typing import Any

from atlas.site.catalog.model import Layer, Unit
from atlas.site.catalog.statistics import OnPhotos, UnitOnPhotos
from atlas.site.pictures.picture import Derived, Picture
from atlas.site.words.formats import thumbnails


def script(function: str, value: Any) -> bytes:
    """Return a script that hands a value over. ``</`` is broken up, should anyone ever inline it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
    return f"{function}({text});\n".replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode()


def ranges(indices: Sequence[int]) -> list[int]:
    """Return ascending indices as flat pairs of first and last: ``[0, 111, 120, 120]``."""
    pairs: list[int] = []
    for index in indices:
        if pairs and pairs[-1] == index - 1:
            pairs[-1] = index
        else:
            pairs += [index, index]
    return pairs


def grid_rows(layer: Layer, seen: OnPhotos) -> bytes:
    """Return the script with one row for each unit of a layer, for sorting and filtering over all of its pages.

    A row is [index, title, address of its page from the root, value or null, name of its top class, status,
    masked files, raw files, colour, other names, selectivity or null]; files are flat pairs of path and width.
    """
    return script("atlasGrid", [_row(unit, seen.get(unit.index)) for unit in layer.units])


def _row(unit: Unit, seen: UnitOnPhotos | None) -> list[Any]:
    picture = unit.lead.picture if unit.lead else None
    scores = unit.top_classes
    top = unit.model.label(scores[0].index) if scores else ""
    names = " ".join([unit.label.id, *unit.label.synonyms]) if unit.label else ""
    title = unit.title if unit.layer.is_output else str(unit.index)
    files, colour = picture_pairs(picture)
    selectivity = None if seen is None or seen.selectivity is None else round(seen.selectivity, 3)
    return [unit.index, title, unit.address, unit.reached, top, unit.status, *files, colour, names, selectivity]


def picture_pairs(picture: Picture | None) -> tuple[list[list[Any]], str]:
    """Return a picture's masked and raw thumbnails as flat pairs of path and width, and its colour."""
    if picture is None:
        return [[], []], ""
    return [_pairs(picture.close), _pairs(thumbnails(picture.raw))], picture.colour


def _pairs(files: Sequence[Derived]) -> list[Any]:
    return [value for file in files for value in (file.path, file.width)]
