"""The pages that belong to no single unit: each kind is one function from the catalog's views to :class:`Page`."""

from collections.abc import Iterator

from atlas.site.catalog.addresses import page_name, root_of
from atlas.site.catalog.model import Layer, Model
from atlas.site.catalog.numbers import by_status, counted, lost_words
from atlas.site.catalog.statistics import OnPhotos
from atlas.site.catalog.striking import BAND, striking_units
from atlas.site.catalog.studies import FAMILIES
from atlas.site.contents import Contents
from atlas.site.documents import list_json, model_json
from atlas.site.drawings.strip import strip
from atlas.site.page import PAGE_SIZE, Figure, Link, Page, pager
from atlas.site.pages.comparison import compare_pages, count_compare_pages
from atlas.site.pages.gallery import count_gallery_pages, gallery_address
from atlas.site.pages.lost import lost_page
from atlas.site.pages.method import count_method_pages, method_pages
from atlas.site.pages.model_lists import (
    LOST,
    concepts_address,
    count_model_lists,
    layers_address,
    lost_address,
    model_lists,
)
from atlas.site.pages.photos import photo_pages
from atlas.site.pages.unit import picture_of
from atlas.site.words.formats import noun, thousands

INTRO = (
    "What has a vision model learned? For every class, channel and neuron listed here, a picture that the model itself "
    "answers to most strongly, with the recipe that makes it again."
)
LISTED_CLASSES = 60
"""Classes with concepts that the model's page names; the classes' own pages have the rest."""
LISTED_LAYERS = 40
"""Layers with pictures that the model's page names; all layers have a list of their own."""
LISTED_COMPARISONS = 12
"""Comparisons that the model's page names; all are on a page of their own."""
LISTED_STUDIES = 12
"""Photos that the model's page shows; its galleries have the rest."""


def other_pages(contents: Contents) -> Iterator[Page]:
    """Yield the pages that belong to no layer; all pictures must be there."""
    catalog = contents.catalog
    yield home_page(contents)
    for model in catalog.models:
        yield model_page(model, contents)
        yield from model_lists(model)
    yield from method_pages(catalog)
    yield from compare_pages(contents.comparisons)
    for photo_set in catalog.photo_sets:
        yield from photo_pages(photo_set)
    yield lost_page()


def count_pages(contents: Contents) -> int:
    """Return how many pages the site has."""
    catalog = contents.catalog
    lists = sum(-(-len(layer.units) // PAGE_SIZE) for model in catalog.models for layer in model.layers)
    photos = sum(photo_set.pages for photo_set in catalog.photo_sets)
    things = sum(1 for _ in catalog.units()) + sum(1 for _ in catalog.concepts())
    studies = sum(len(study.pages) for model in catalog.models for study in model.studies)
    galleries = sum(count_gallery_pages(model) for model in catalog.models)
    compared, methods = count_compare_pages(contents.comparisons), count_method_pages(catalog)
    lists += sum(count_model_lists(model) for model in catalog.models)
    return 2 + len(catalog.models) + lists + things + methods + photos + studies + galleries + compared


# --- home -----------------------------------------------------------------------------------------------------------


def home_page(contents: Contents) -> Page:
    """Return the home page."""
    catalog, metadata = contents.catalog, contents.metadata
    striking = striking_units(catalog)
    mosaic = len(striking) in BAND
    intro = metadata.description or INTRO
    data = {
        "title": metadata.title,
        "description": metadata.description,
        "author": metadata.author,
        "licence": metadata.licence,
        "date": catalog.date,
        "counts": by_status(catalog.numbers.lost),
        "numbers": catalog.numbers.document(),
        "models": [
            {
                "name": model.card.name,
                "weights": model.weights,
                "numbers": model.numbers.document(),
                "href": model.address,
            }
            for model in catalog.models
        ],
        "methods": [{"name": name, "href": address} for name, address in catalog.methods.items()],
    }
    context = {
        "striking": striking,
        "mosaic": mosaic,
        "links_of": _links_of,
        "compared": bool(contents.comparisons.all),
    }
    image = picture_of(striking[0]) if striking else ""
    return Page("index.html", "home.html", "home", metadata.title, intro[:300], data, context, intro=intro, image=image)


def _links_of(model: Model) -> list[Link]:
    """Return where a model's entry leads, with the numbers that those pages show."""
    numbers = model.numbers
    links = [Link("Classes", model.classes.address)] if model.classes else []
    links.append(Link(f"Layers: {numbers.layers:,} of {numbers.all_layers:,} rendered", layers_address(model)))
    if numbers.concepts:
        links.append(Link(counted(numbers.concepts, "concept"), concepts_address(model)))
    if numbers.photos:
        links.append(Link(f"Made from {counted(numbers.photos, 'photo')}", f"{model.address}#photos"))
    return links


# --- model ----------------------------------------------------------------------------------------------------------


def model_page(model: Model, contents: Contents) -> Page:
    """Return a model's page."""
    numbers = model.numbers
    sample = [unit for unit in (model.classes.units if model.classes else []) if unit.shown]
    sample.sort(key=lambda unit: (-(unit.probability or 0.0), unit.index))
    description = f"{model.card.name}: {numbers.words}, made from weights {model.weights[:12]}."
    explained = [view for view in model.concepts.values() if view.concepts]
    context = {
        "model": model,
        "figures": model_figures(model),
        "bars": strip(model),
        "listed": model.hidden[:LISTED_LAYERS],
        "sample": sample[:12],
        "explained": explained[:LISTED_CLASSES],
        "concepts_address": concepts_address(model),
        "layers_address": layers_address(model),
        "unlisted": len(explained[LISTED_CLASSES:]),
        "compared": contents.comparisons.of(model)[:LISTED_COMPARISONS],
        "studies": model.studies[:LISTED_STUDIES],
        "galleries": [
            (FAMILIES[family], gallery_address(model, family), sum(len(study.families[family]) for study in studies))
            for family, studies in model.families.items()
        ],
    }
    return Page(
        model.address,
        "model.html",
        "model",
        model.card.name,
        description,
        model_json(model, root_of(model.address)),
        context,
        crumbs=[Link(model.card.name)],
        image=picture_of(sample[0]) if sample else "",
    )


def model_figures(model: Model) -> list[Figure]:
    """Return a model's numbers, each under its one name; those of lists lead to them."""
    numbers = model.numbers
    figures = []
    if model.classes:
        rendered = numbers.classes["done"]
        words = f"class{'' if rendered == 1 else 'es'} rendered"
        figures.append(Figure(thousands(rendered), words, model.classes.address))
    if model.hidden:
        units, layers = numbers.units["done"], counted(numbers.layers, "layer")
        figures.append(Figure(thousands(units), f"unit{'' if units == 1 else 's'} rendered, of {layers}"))
    figures += [
        Figure(thousands(numbers.lost[status]), status, lost_address(model, status))
        for status in LOST
        if numbers.lost[status]
    ]
    figures.append(Figure(thousands(numbers.pictures), "picture" if numbers.pictures == 1 else "pictures"))
    figures.append(
        Figure(
            thousands(numbers.all_layers),
            f"layer{'' if numbers.all_layers == 1 else 's'} of the network",
            layers_address(model),
        )
    )
    if numbers.concepts:
        words = f"concept{'' if numbers.concepts == 1 else 's'} of {counted(numbers.explained, 'class', 'classes')}"
        figures.append(Figure(thousands(numbers.concepts), words, concepts_address(model)))
    if model.studies:
        pictures = sum(it.record.status == "done" for study in model.studies for it in study.renderings)
        words = f"picture{'' if pictures == 1 else 's'} made from {counted(numbers.photos, 'photo')}"
        figures.append(Figure(thousands(pictures), words))
    return figures


# --- classes and layers ---------------------------------------------------------------------------------------------


def list_pages(layer: Layer, seen: OnPhotos) -> Iterator[Page]:
    """Yield the pages of a layer's units, or of the classes if the layer is the output.

    Args:
        seen: what photos say of the units.
    """
    last = -(-len(layer.units) // PAGE_SIZE)
    addresses = [f"{layer.folder}/{page_name(place)}" for place in range(1, last + 1)]
    name = "Classes" if layer.is_output else layer.info.name
    bars = [] if layer.is_output else strip(layer.model, layer)
    sorts = [("index", "index"), ("value", "activation reached"), ("top", "top class")]
    if layer.is_output:
        sorts = [("index", "index"), ("name", "name"), ("value", "logit reached")]
    if seen:
        sorts.append(("selective", "selectivity"))
    for place, address in enumerate(addresses, 1):
        units = layer.units[(place - 1) * PAGE_SIZE : place * PAGE_SIZE]
        shown = [unit for unit in units if unit.shown]
        title = name if place == 1 else f"{name}, page {place}"
        yield Page(
            address,
            "classes.html" if layer.is_output else "layer.html",
            "classes" if layer.is_output else "layer",
            f"{title} · {layer.model.card.name}",
            f"{title} of {layer.model.card.name}: {layer.counts['done']} rendered{lost_words(layer.counts)} of "
            f"{layer.info.units} {noun(layer.info)}.",
            list_json(layer, units, seen, place, last, root_of(address)),
            {
                "layer": layer,
                "units": units,
                "bars": bars,
                "sorts": sorts,
                "filter": layer.is_output,
                "seen": next(iter(seen.values()), None),
            },
            crumbs=[Link(layer.model.card.name, layer.model.address), Link(name)],
            pages=pager(addresses, place),
            number=place,
            last=last,
            image=picture_of(shown[0]) if shown else "",
        )
