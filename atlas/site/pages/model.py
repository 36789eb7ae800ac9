"""The page of a model: its layers as a strip, its numbers, what its lists hold, and where it comes from."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from atlas.core.model_card import ModelCard
from atlas.site.catalog.addresses import root_of
from atlas.site.catalog.model import Model, Unit
from atlas.site.catalog.numbers import counted
from atlas.site.catalog.studies import FAMILIES
from atlas.site.contents import Contents
from atlas.site.documents.base import AS_STORED, Document
from atlas.site.documents.numbers import Counts, NumbersData, counts, numbers_data
from atlas.site.drawings.strip import strip
from atlas.site.page import Figure, Link, Page, Placed
from atlas.site.page_kind import PageKind
from atlas.site.pages.concepts import concepts_address
from atlas.site.pages.gallery import gallery_address
from atlas.site.pages.layers import layers_address
from atlas.site.pages.lost import LOST, lost_address
from atlas.site.pages.results import results_address, scores_of
from atlas.site.words.formats import thousands

LISTED_CLASSES = 60
"""Classes with concepts that the model's page names; the classes' own pages have the rest."""
LISTED_LAYERS = 40
"""Layers with pictures that the model's page names; all layers have a list of their own."""
LISTED_COMPARISONS = 12
"""Comparisons that the model's page names; all are on a page of their own."""
LISTED_STUDIES = 12
"""Photos that the model's page shows; its galleries have the rest."""


class LayerEntry(Document):
    """A layer with anything rendered, or the output."""

    name: str
    units: int = Field(description="that it has")
    counts: Counts = Field(description="of those that were asked for")
    href: str


class ClassEntry(Document):
    """A class whose concepts were looked for."""

    index: int
    title: str
    count: int = Field(description="of concepts")
    href: str


class ModelData(Document):
    """A model, and what of it was rendered."""

    card: Annotated[ModelCard, AS_STORED] = Field(description="as in the store")
    counts: Counts
    numbers: NumbersData
    demonstration: str = Field(description="says so if its photos only show how it works; empty if they are real")
    layers: tuple[LayerEntry, ...]
    concepts: tuple[ClassEntry, ...]


class ModelKind(PageKind):
    """The pages of models."""

    name = "model"
    data = ModelData

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield one page for each model."""
        for model in contents.catalog.models:
            yield Placed(model.address, partial(model_page, model, contents), model)


MODEL = ModelKind()


def model_page(model: Model, contents: Contents) -> Page:
    """Return a model's page."""
    sample = [unit for unit in (model.classes.units if model.classes else []) if unit.shown]
    sample.sort(key=lambda unit: (-(unit.probability or 0.0), unit.index))
    return Page(
        model.address,
        model.card.name,
        f"{model.card.name}: {model.numbers.words}, made from weights {model.weights[:12]}.",
        model_data(model, root_of(model.address)),
        _context(model, sample, contents),
        crumbs=[Link(model.card.name)],
        image=sample[0].image if sample else "",
    )


def _context(model: Model, sample: list[Unit], contents: Contents) -> dict[str, Any]:
    explained = [view for view in model.concepts.values() if view.concepts]
    return {
        "model": model,
        "figures": model_figures(model),
        "bars": strip(model),
        "listed": model.hidden[:LISTED_LAYERS],
        "sample": sample[:12],
        "explained": explained[:LISTED_CLASSES],
        "concepts_address": concepts_address(model),
        "layers_address": layers_address(model),
        "unlisted": len(explained[LISTED_CLASSES:]),
        "results_address": results_address(model),
        "scores": scores_of(contents.catalog.results.of(model)),
        "compared": contents.comparisons.of(model)[:LISTED_COMPARISONS],
        "studies": model.studies[:LISTED_STUDIES],
        "galleries": [
            (FAMILIES[family], gallery_address(model, family), sum(len(study.families[family]) for study in studies))
            for family, studies in model.families.items()
        ],
    }


def model_data(model: Model, root: str) -> ModelData:
    """Return what the JSON of a model's page says."""
    return ModelData(
        card=model.card,
        counts=counts(model.numbers.lost),
        numbers=numbers_data(model.numbers),
        demonstration=model.demonstration,
        layers=tuple(
            LayerEntry(
                name=layer.info.name,
                units=layer.info.units,
                counts=counts(layer.counts),
                href=root + layer.address,
            )
            for layer in model.layers
        ),
        concepts=tuple(
            ClassEntry(index=view.index, title=view.title, count=len(view.concepts), href=root + view.address)
            for view in model.concepts.values()
        ),
    )


def model_figures(model: Model) -> list[Figure]:
    """Return a model's numbers, each under its one name; those of lists lead to them."""
    numbers = model.numbers
    figures = []
    if model.classes:
        rendered = numbers.classes["done"]
        words = f"class{'' if rendered == 1 else 'es'} rendered"
        figures.append(Figure(thousands(rendered), words, model.classes.address, metric="count_rendered"))
    if model.hidden:
        units, layers = numbers.units["done"], counted(numbers.layers, "layer")
        words = f"unit{'' if units == 1 else 's'} rendered, of {layers}"
        figures.append(Figure(thousands(units), words, metric="count_rendered"))
    figures += [
        Figure(thousands(numbers.lost[status]), status, lost_address(model, status), metric=f"count_{status}")
        for status in LOST
        if numbers.lost[status]
    ]
    words = "picture" if numbers.pictures == 1 else "pictures"
    figures.append(Figure(thousands(numbers.pictures), words, metric="count_pictures"))
    figures.append(
        Figure(
            thousands(numbers.all_layers),
            f"layer{'' if numbers.all_layers == 1 else 's'} of the network",
            layers_address(model),
            metric="count_layers",
        )
    )
    if numbers.concepts:
        words = f"concept{'' if numbers.concepts == 1 else 's'} of {counted(numbers.explained, 'class', 'classes')}"
        figures.append(Figure(thousands(numbers.concepts), words, concepts_address(model), metric="count_concepts"))
    if model.studies:
        pictures = sum(it.record.status == "done" for study in model.studies for it in study.renderings)
        words = f"picture{'' if pictures == 1 else 's'} made from {counted(numbers.photos, 'photo')}"
        figures.append(Figure(thousands(pictures), words, metric="count_pictures"))
    return figures
