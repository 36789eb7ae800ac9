"""The pages that belong to no single unit: each kind is one function from the catalog's views to :class:`Page`."""

from collections.abc import Iterator

from atlas.site.addresses import page_name, root_of
from atlas.site.catalog import Catalog, Layer, Model
from atlas.site.compare_pages import compare_pages, count_compare_pages
from atlas.site.documents import counts_json, list_json, model_json
from atlas.site.formats import noun, thousands
from atlas.site.gallery_pages import count_gallery_pages, gallery_address
from atlas.site.lost import lost_page
from atlas.site.metadata import SiteMetadata
from atlas.site.method_pages import count_method_pages, method_pages
from atlas.site.page import PAGE_SIZE, Figure, Link, Page, pager
from atlas.site.photo_pages import photo_pages
from atlas.site.statistics import OnPhotos
from atlas.site.striking import BAND, striking_units
from atlas.site.strip import strip
from atlas.site.studies import FAMILIES
from atlas.site.unit_pages import picture_of

INTRO = (
    "What has a vision model learned? For every class, channel and neuron listed here, a picture that the model itself "
    "answers to most strongly, with the recipe that makes it again."
)
LISTED_CLASSES = 60
"""Classes with concepts that the model's page names; the classes' own pages have the rest."""
LISTED_COMPARISONS = 12
"""Comparisons that the model's page names; all are on a page of their own."""
LISTED_STUDIES = 12
"""Photos that the model's page shows; its galleries have the rest."""


def other_pages(catalog: Catalog, metadata: SiteMetadata) -> Iterator[Page]:
    """Yield the pages that belong to no layer; all pictures must be there."""
    yield home_page(catalog, metadata)
    for model in catalog.models:
        yield model_page(model, catalog)
    yield from method_pages(catalog)
    yield from compare_pages(catalog)
    for photo_set in catalog.photo_sets:
        yield from photo_pages(photo_set)
    yield lost_page()


def count_pages(catalog: Catalog) -> int:
    """Return how many pages the site has."""
    lists = sum(-(-len(layer.units) // PAGE_SIZE) for model in catalog.models for layer in model.layers)
    photos = sum(photo_set.pages for photo_set in catalog.photo_sets)
    things = sum(1 for _ in catalog.units()) + sum(1 for _ in catalog.concepts())
    studies = sum(len(study.pages) for model in catalog.models for study in model.studies)
    galleries = sum(count_gallery_pages(model) for model in catalog.models)
    compared, methods = count_compare_pages(catalog), count_method_pages(catalog)
    return 2 + len(catalog.models) + lists + things + methods + photos + studies + galleries + compared


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
    image = picture_of(striking[0]) if striking else ""
    return Page("index.html", "home.html", "home", metadata.title, intro[:300], data, context, intro=intro, image=image)


# --- model ----------------------------------------------------------------------------------------------------------


def model_page(model: Model, catalog: Catalog) -> Page:
    """Return a model's page."""
    counts = model.counts
    figures = [Figure(thousands(counts["done"]), "units with a picture")]
    figures += [Figure(thousands(counts[status]), f"{status} units") for status in ("dead", "failed") if counts[status]]
    figures.append(Figure(thousands(len(model.layers)), f"layer{'s' if len(model.layers) > 1 else ''} shown"))
    figures.append(Figure(thousands(len(model.card.layers)), "layers in all"))
    if model.concepts:
        figures.append(Figure(thousands(model.concept_count), f"concepts of {thousands(len(model.concepts))} classes"))
    sample = [unit for unit in (model.classes.units if model.classes else []) if unit.shown]
    sample.sort(key=lambda unit: (-(unit.probability or 0.0), unit.index))
    if model.studies:
        pictures = sum(it.record.status == "done" for study in model.studies for it in study.renderings)
        words = f"pictures made from {thousands(len(model.studies))} photo{'' if len(model.studies) == 1 else 's'}"
        figures.append(Figure(thousands(pictures), words))
    description = (
        f"{model.card.name}: renderings of {counts['done']} classes and units, made from weights {model.weights[:12]}."
    )
    explained = [view for view in model.concepts.values() if view.concepts]
    context = {
        "model": model,
        "figures": figures,
        "bars": strip(model),
        "sample": sample[:12],
        "explained": explained[:LISTED_CLASSES],
        "unlisted": len(explained[LISTED_CLASSES:]),
        "compared": catalog.compared(model)[:LISTED_COMPARISONS],
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
            f"{title} of {layer.model.card.name}: {layer.counts['done']} of {layer.info.units} "
            f"{noun(layer.info)} rendered, {layer.counts['dead']} dead, {layer.counts['failed']} failed.",
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
