"""A model's lists: all layers of its network, its concepts, its dead and its failed classes and units."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from atlas.site.catalog.addresses import page_name, root_of
from atlas.site.catalog.concepts import ConceptView
from atlas.site.catalog.model import Model, Unit
from atlas.site.catalog.numbers import by_status, counted, lost_words
from atlas.site.page import PAGE_SIZE, Link, Page, pager
from atlas.site.words.formats import noun, thousands

ROWS = 100
"""Rows on one page of a list without pictures."""
LONGEST_REASON = 200
"""Letters of a failure's message in a list; the unit's own page has it all."""
LOST: tuple[Literal["dead", "failed"], ...] = ("dead", "failed")
SUMMARIES = {
    "dead": "No gradient reached the image from these, so there is no picture of them. To try again: "
    "atlas render --retry dead.",
    "failed": "Rendering these went wrong: their own pages say how. The next atlas render tries again; what is in "
    "quarantine takes --retry quarantined.",
}


@dataclass(frozen=True)
class Row:
    """One row: a name that may lead somewhere, what it is, and how many it has or why it is there."""

    title: str
    address: str
    what: str
    more: str


def layers_address(model: Model) -> str:
    """Return the address of the list of a model's layers."""
    return f"{model.folder}/layers/index.html"


def concepts_address(model: Model) -> str:
    """Return the address of the list of a model's concepts."""
    return f"{model.folder}/concepts/index.html"


def lost_address(model: Model, status: str) -> str:
    """Return the address of the list of a model's dead or failed classes and units."""
    return f"{model.folder}/{status}/index.html"


def model_lists(model: Model) -> Iterator[Page]:
    """Yield the pages of all lists of a model; its concepts' only if there are any. All pictures must be there."""
    yield from _layers(model)
    yield from _concepts(model)
    for status in LOST:
        yield from _lost(model, status)


def count_model_lists(model: Model) -> int:
    """Return how many pages they are."""
    lost = sum(_pages(model.numbers.lost[status], ROWS) for status in LOST)
    concepts = _pages(model.numbers.concepts, PAGE_SIZE) if model.numbers.concepts else 0
    return _pages(model.numbers.all_layers, ROWS) + concepts + lost


def _pages(entries: int, size: int) -> int:
    return max(1, -(-entries // size))


def _list(
    model: Model, kind: str, title: str, summary: str, template: str, entries: list[Any], size: int
) -> Iterator[tuple[Page, list[Any]]]:
    """Yield the pages of a list, each with its entries; their JSON is still to be filled in."""
    last = _pages(len(entries), size)
    addresses = [f"{model.folder}/{kind}/{page_name(number)}" for number in range(1, last + 1)]
    for number, address in enumerate(addresses, 1):
        shown = entries[(number - 1) * size : number * size]
        heading = title if number == 1 else f"{title}, page {number}"
        page = Page(
            address,
            template,
            kind,
            f"{heading} · {model.card.name}",
            f"{title} of {model.card.name}: {summary}"[:300],
            {"model": model.card.name, "page": number, "of": last},
            {"model": model, "heading": title, "summary": summary},
            crumbs=[Link(model.card.name, model.address), Link(title)],
            pages=pager(addresses, number),
            number=number,
            last=last,
        )
        yield page, shown


def _layers(model: Model) -> Iterator[Page]:
    rendered = {layer.info.name: layer for layer in model.hidden}
    numbers = model.numbers
    first = "; those with pages come first" if 0 < len(rendered) < numbers.all_layers else ""
    summary = (
        f"{thousands(numbers.layers)} of {counted(numbers.all_layers, 'layer')} rendered, "
        f"in the network's order{first}."
    )
    infos = sorted(model.network_layers, key=lambda info: info.name not in rendered)
    for page, shown in _list(model, "layers", "Layers", summary, "rows.html", infos, ROWS):
        root, rows, data = root_of(page.address), [], []
        for info in shown:
            layer = rendered.get(info.name)
            grid = f" · {info.grid[0]} × {info.grid[1]}" if info.grid else ""
            more = f"{thousands(layer.counts['done'])} rendered{lost_words(layer.counts)}" if layer else "not rendered"
            address = layer.address if layer else ""
            rows.append(Row(info.name, address, f"{thousands(info.units)} {noun(info)}{grid}", more))
            known = {"counts": by_status(layer.counts), "href": root + layer.address} if layer else {}
            data.append({"name": info.name, "units": info.units, **known})
        page.context["rows"], page.data["layers"] = rows, data
        yield page


def _lost(model: Model, status: Literal["dead", "failed"]) -> Iterator[Page]:
    units = model.lost(status)
    classes = sum(unit.layer.is_output for unit in units)
    parts = [counted(classes, "class", "classes"), counted(len(units) - classes, "unit")]
    summary = f"{' and '.join(parts)}. {SUMMARIES[status]}" if units else f"Nothing of this model is {status}."
    for page, shown in _list(model, status, status.capitalize(), summary, "rows.html", units, ROWS):
        root = root_of(page.address)
        page.context["rows"] = [
            Row(
                unit.title if unit.layer.is_output else f"{unit.layer.info.name} · {unit.title}",
                unit.address,
                f"class {unit.index}" if unit.layer.is_output else noun(unit.layer.info, 1),
                reason(unit)[:LONGEST_REASON],
            )
            for unit in shown
        ]
        page.data |= {"status": status, "units": [_lost_json(unit, root) for unit in shown]}
        yield page


def reason(unit: Unit) -> str:
    """Say why there is no picture of a unit."""
    record = unit.lead.record if unit.lead else None
    return record.error.message if record and record.error else "no gradient"


def _lost_json(unit: Unit, root: str) -> dict[str, Any]:
    return {
        "layer": unit.layer.info.name,
        "index": unit.index,
        "title": unit.title,
        "reason": reason(unit),
        "href": root + unit.address,
    }


def _concepts(model: Model) -> Iterator[Page]:
    concepts = [concept for view in model.concepts.values() for concept in view.concepts]
    if not concepts:
        return
    numbers = model.numbers
    summary = (
        f"{counted(numbers.concepts, 'concept')} of {counted(numbers.explained, 'class', 'classes')}, class by class, "
        "the most important ones of each first."
    )
    for page, shown in _list(model, "concepts", "Concepts", summary, "concepts.html", concepts, PAGE_SIZE):
        page.context |= {"concepts": shown, "demonstration": model.demonstration}
        page.data["demonstration"] = model.demonstration
        page.data["concepts"] = [_concept_json(concept, root_of(page.address)) for concept in shown]
        yield page


def _concept_json(concept: ConceptView, root: str) -> dict[str, Any]:
    label = concept.label
    return {
        "class": concept.owner.index,
        "number": concept.number,
        "key": concept.key,
        "label": {"text": label.text, "author": label.author} if label else None,
        "importance": concept.importance.value,
        "measure": concept.owner.measure,
        "href": root + concept.address,
    }
