"""Data for scripts: the search index of the whole site, and the rows of each grid.

Both are script files that call one function, because a page opened from disk may load scripts but not fetch JSON.
Units are kept as ranges of indices, so that ten thousand of them cost a few bytes.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from atlas.site.catalog.comparison import Comparisons
from atlas.site.catalog.model import Layer, Model, Unit
from atlas.site.catalog.numbers import counted
from atlas.site.catalog.statistics import OnPhotos, UnitOnPhotos
from atlas.site.catalog.studies import FAMILIES
from atlas.site.contents import Contents
from atlas.site.pages.gallery import gallery_address
from atlas.site.pages.model_lists import LOST, concepts_address, layers_address, lost_address
from atlas.site.pictures.picture import Derived, Picture
from atlas.site.words.formats import short, thumbnails
from atlas.site.words.method_notes import method_title


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


def search_index(contents: Contents) -> bytes:
    """Return the script with every model, class (index, name, id, synonyms), layer, unit range, concept and other page.

    Concepts are (class index, number of concepts), for every class has an entry; labels are (class index,
    number, text, author). Other pages are (title, kind, address, other names): a model's lists, photos, galleries and,
    of the first model that they show, comparisons; of no model, the methods.
    """
    catalog = contents.catalog
    names = Counter(model.card.name for model in catalog.models)
    models = [
        {
            "name": model.card.name if names[model.card.name] == 1 else f"{model.card.name} {model.mark}",
            "folder": model.folder,
            "classes": [_class_entry(unit) for unit in (model.classes.units if model.classes else [])],
            "layers": [
                [layer.info.name, layer.folder, ranges([unit.index for unit in layer.units])] for layer in model.hidden
            ],
            "concepts": [[view.index, len(view.concepts)] for view in model.concepts.values() if view.concepts],
            "labels": [
                [view.index, concept.number, concept.label.text, concept.label.author]
                for view in model.concepts.values()
                for concept in view.concepts
                if concept.label
            ],
            "pages": list(_pages(model, contents.comparisons)),
        }
        for model in catalog.models
    ]
    methods = [[method_title(name), "method", address, name] for name, address in catalog.methods.items()]
    return script("atlasIndex", {"models": models, "pages": methods})


def _pages(model: Model, comparisons: Comparisons) -> Iterator[list[str]]:
    numbers = model.numbers
    for status in LOST:
        count = counted(numbers.lost[status], "class or unit", "classes and units")
        yield [status.capitalize(), count, lost_address(model, status), "units classes"]
    yield ["Layers", f"{numbers.layers:,} of {numbers.all_layers:,} rendered", layers_address(model)]
    if numbers.concepts:
        yield ["Concepts", counted(numbers.concepts, "concept"), concepts_address(model)]
    if model.classes:
        yield ["Classes", f"{numbers.classes['done']:,} rendered", model.classes.address]
    for study in model.studies:
        yield [study.name, "photo", study.address]
    for family in model.families:
        yield [FAMILIES[family].title, "gallery", gallery_address(model, family)]
    for comparison in comparisons.all:
        if comparison.columns[0].model is model:
            yield [f"Compare {short(comparison.title)}", comparison.subject, comparison.address]


def _class_entry(unit: Unit) -> list[Any]:
    names = [unit.label.id, *unit.label.synonyms] if unit.label else []
    return [unit.index, unit.title, *(name for name in names if name)]


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
