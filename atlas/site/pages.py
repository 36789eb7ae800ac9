"""The pages: each kind is one function from views of the catalog to :class:`Page` values."""

import json
from collections.abc import Iterator
from itertools import chain, zip_longest

from atlas.site.addresses import page_name, root_of
from atlas.site.catalog import Catalog, Layer, Model, Unit
from atlas.site.citation import bibtex
from atlas.site.documents import counts_json, list_json, model_json, unit_json
from atlas.site.formats import noun, number, parameter, percent, thousands
from atlas.site.metadata import SiteMetadata
from atlas.site.method_notes import limits, method_note
from atlas.site.page import PAGE_SIZE, Figure, Link, Page, pager
from atlas.site.strip import strip

INTRO = (
    "What has a vision model learned? For every class, channel and neuron listed here, a picture that the model itself "
    "answers to most strongly, with the recipe that makes it again."
)
BAND = (15, 9)
"""Pictures in the home page's band: the first is four cells large, so these fill rows of six and of three."""
KNOWN_MEASUREMENTS = {"objective", "activation", "probability"}
"""Measurements that have their own words on a page; others are shown under their own names."""


def layer_pages(layer: Layer, metadata: SiteMetadata, date: str) -> Iterator[Page]:
    """Yield every page of one layer; its pictures must be there."""
    yield from list_pages(layer)
    yield from unit_pages(layer, metadata, date)


def other_pages(catalog: Catalog, metadata: SiteMetadata) -> Iterator[Page]:
    """Yield the pages that belong to no layer; all pictures must be there."""
    yield home_page(catalog, metadata)
    for model in catalog.models:
        yield model_page(model)
    for name in catalog.methods:
        yield method_page(name, catalog)
    yield Page("404.html", "404.html", "error", "Nothing here", "There is no page at this address.", is_error=True)


def count_pages(catalog: Catalog) -> int:
    """Return how many pages the site has."""
    lists = sum(-(-len(layer.units) // PAGE_SIZE) for model in catalog.models for layer in model.layers)
    return 2 + len(catalog.models) + lists + sum(1 for _ in catalog.units()) + len(catalog.methods)


# --- home -----------------------------------------------------------------------------------------------------------


def home_page(catalog: Catalog, metadata: SiteMetadata) -> Page:
    """Return the home page."""
    striking = striking_units(catalog)
    mosaic = len(striking) in BAND
    intro = metadata.description or INTRO
    data = {
        "title": metadata.title,
        "description": metadata.description,
        "author": metadata.author,
        "licence": metadata.licence,
        "date": catalog.date,
        "counts": counts_json(catalog.counts),
        "models": [
            {"name": model.card.name, "weights": model.weights, "href": model.address} for model in catalog.models
        ],
        "methods": [{"name": name, "href": address} for name, address in catalog.methods.items()],
    }
    context = {"striking": striking, "mosaic": mosaic}
    image = _image(striking[0]) if striking else ""
    return Page("index.html", "home.html", "home", metadata.title, intro[:300], data, context, intro=intro, image=image)


def striking_units(catalog: Catalog) -> list[Unit]:
    """Choose pictures for the home page: classes that the model recognises best, then the strongest unit of each layer.

    Models take turns. The number is one that fills the band's rows, or all there are if they are few.
    """
    turns = list(chain.from_iterable(zip_longest(*(_best_of(model) for model in catalog.models))))
    units = [unit for unit in turns if unit is not None]
    for size in BAND:
        if len(units) >= size:
            return units[:size]
    return units


def _best_of(model: Model) -> list[Unit]:
    classes = [unit for unit in (model.classes.units if model.classes else []) if unit.shown]
    classes.sort(key=lambda unit: (-(unit.probability or 0.0), unit.index))
    hidden = [
        max(shown, key=lambda unit: (unit.lead.reached or 0.0, -unit.index))
        for layer in reversed(model.hidden)
        if (shown := [unit for unit in layer.units if unit.shown])
    ]
    return [unit for pair in zip_longest(classes[0::2], classes[1::2], hidden) for unit in pair if unit is not None]


# --- model ----------------------------------------------------------------------------------------------------------


def model_page(model: Model) -> Page:
    """Return a model's page."""
    counts = model.counts
    figures = [Figure(thousands(counts["done"]), "units with a picture")]
    figures += [Figure(thousands(counts[status]), f"{status} units") for status in ("dead", "failed") if counts[status]]
    figures.append(Figure(thousands(len(model.layers)), f"layer{'s' if len(model.layers) > 1 else ''} shown"))
    figures.append(Figure(thousands(len(model.card.layers)), "layers in all"))
    sample = [unit for unit in (model.classes.units if model.classes else []) if unit.shown]
    sample.sort(key=lambda unit: (-(unit.probability or 0.0), unit.index))
    description = (
        f"{model.card.name}: renderings of {counts['done']} classes and units, made from weights {model.weights[:12]}."
    )
    context = {"model": model, "figures": figures, "bars": strip(model), "sample": sample[:12]}
    return Page(
        model.address,
        "model.html",
        "model",
        model.card.name,
        description,
        model_json(model, root_of(model.address)),
        context,
        crumbs=[Link(model.card.name)],
        image=_image(sample[0]) if sample else "",
    )


# --- classes and layers ---------------------------------------------------------------------------------------------


def list_pages(layer: Layer) -> Iterator[Page]:
    """Yield the pages of a layer's units, or of the classes if the layer is the output."""
    last = -(-len(layer.units) // PAGE_SIZE)
    addresses = [f"{layer.folder}/{page_name(place)}" for place in range(1, last + 1)]
    name = "Classes" if layer.is_output else layer.info.name
    bars = [] if layer.is_output else strip(layer.model, layer)
    sorts = [("index", "index"), ("value", "activation reached"), ("top", "top class")]
    if layer.is_output:
        sorts = [("index", "index"), ("name", "name"), ("value", "logit reached")]
    for place, address in enumerate(addresses, 1):
        units = layer.units[(place - 1) * PAGE_SIZE : place * PAGE_SIZE]
        shown = [unit for unit in units if unit.shown]
        title = name if place == 1 else f"{name}, page {place}"
        yield Page(
            address,
            "classes.html" if layer.is_output else "layer.html",
            "classes" if layer.is_output else "layer",
            f"{title} · {layer.model.card.name}",
            f"{title} of {layer.model.card.name}: {layer.counts['done']} of {layer.info.units} "
            f"{noun(layer.info)} rendered, {layer.counts['dead']} dead, {layer.counts['failed']} failed.",
            list_json(layer, units, place, last, root_of(address)),
            {"layer": layer, "units": units, "bars": bars, "sorts": sorts, "filter": layer.is_output},
            crumbs=[Link(layer.model.card.name, layer.model.address), Link(name)],
            pages=pager(addresses, place),
            number=place,
            last=last,
            image=_image(shown[0]) if shown else "",
        )


# --- class and unit -------------------------------------------------------------------------------------------------


def unit_pages(layer: Layer, metadata: SiteMetadata, date: str) -> Iterator[Page]:
    """Yield the page of every unit of a layer."""
    name = "classes" if layer.is_output else layer.info.name
    for place, unit in enumerate(layer.units):
        before = layer.units[place - 1] if place else None
        after = layer.units[place + 1] if place + 1 < len(layer.units) else None
        list_address = f"{layer.folder}/{page_name(1 + place // PAGE_SIZE)}"
        what = f"class {unit.index}" if layer.is_output else f"{layer.info.name} unit {unit.index}"
        full = f"{unit.title} ({what})" if layer.is_output and unit.title != what else what
        status = "" if unit.shown else f" It is {unit.status}: there is no picture."
        yield Page(
            unit.address,
            "unit.html",
            "class" if layer.is_output else "unit",
            f"{unit.title if layer.is_output else what} · {layer.model.card.name}",
            f"What {layer.model.card.name} has learned for {full}, with the recipe of each picture.{status}"[:300],
            unit_json(unit, root_of(unit.address)),
            {"unit": unit},
            crumbs=[Link(layer.model.card.name, layer.model.address), Link(name, list_address), Link(unit.title)],
            previous=Link(before.title, before.address) if before else None,
            next=Link(after.title, after.address) if after else None,
            figures=unit_figures(unit),
            bibtex=bibtex(unit, metadata, date),
            image=_image(unit),
        )


def unit_figures(unit: Unit) -> list[Figure]:
    """Return the figures beside a unit's picture: what it reaches, how it is recognised, what it is confused with."""
    record, figures = unit.lead.record, []
    if record.status == "done" and unit.lead.reached is not None:
        measured = record.measurement("activation") is not None
        what = "logit" if unit.layer.is_output else "activation" if measured else "objective"
        figures.append(Figure(number(unit.lead.reached), f"{what} reached"))
    if unit.probability is not None:
        figures.append(Figure(percent(unit.probability), "probability of this class on the picture"))
    if unit.rivals:
        rival = unit.rivals[0]
        words = "most confused with" if unit.layer.is_output else "class it looks most like"
        address = unit.model.unit_address(rival.index) or ""
        figures.append(
            Figure(unit.model.label(rival.index), f"{words}, {percent(rival.probability)}", address, word=True)
        )
    for measured_value in record.measurements:
        if measured_value.name not in KNOWN_MEASUREMENTS:
            unit_name = "" if measured_value.unit == "1" else f" {measured_value.unit}"
            count = f", mean of {measured_value.n}" if measured_value.n > 1 else ""
            words = measured_value.name.replace("_", " ") + count
            figures.append(Figure(number(measured_value.value) + unit_name, words))
    return figures


def _image(unit: Unit) -> str:
    return unit.lead.picture.raw[-1].path if unit.lead.picture is not None else ""


# --- method ---------------------------------------------------------------------------------------------------------


def method_page(name: str, catalog: Catalog) -> Page:
    """Return the page of a method: what it optimises, with which parameters here, and what it cannot show."""
    note = method_note(name)
    jobs = [rendering.record.job for rendering in catalog.renderings() if rendering.record.job.method == name]
    versions = sorted({job.version for job in jobs})
    values: dict[str, dict[str, str]] = {}
    for job in jobs:
        for key, value in job.parameters.items():
            values.setdefault(key, {})[json.dumps(value, sort_keys=True)] = parameter(value)
    written = {key: sorted(found.values(), key=lambda text: (len(text), text)) for key, found in sorted(values.items())}
    meanings = note["parameters"]
    rows = [
        (key, "; ".join(found[:6]) + ("; …" if len(found) > 6 else ""), meanings.get(key, ""))
        for key, found in written.items()
    ]
    sample = [unit for model in catalog.models for unit in _best_of(model) if unit.lead.record.job.method == name][:6]
    data = {"name": name, "title": note["title"], "versions": versions, "parameters": written}
    context = {"note": note, "limits": limits(), "versions": versions, "parameters": rows, "sample": sample}
    return Page(
        catalog.methods[name],
        "method.html",
        "method",
        note["title"],
        note["summary"],
        data,
        context,
        crumbs=[Link(note["title"])],
    )
