"""The home page: what this atlas is, its models, a band of striking pictures."""

from collections.abc import Iterator
from functools import partial

from pydantic import Field

from atlas.site.catalog.model import Model
from atlas.site.catalog.numbers import counted
from atlas.site.catalog.striking import BAND, striking_units
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.documents.numbers import Counts, NumbersData, counts, numbers_data
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind
from atlas.site.pages import results
from atlas.site.pages.concepts import concepts_address
from atlas.site.pages.layers import layers_address

INTRO = (
    "What has a vision model learned? For every class, channel and neuron listed here, a picture that the model itself "
    "answers to most strongly, with the recipe that makes it again."
)


class ModelEntry(Document):
    """A model."""

    name: str
    weights: str = Field(description="digest of the weights")
    numbers: NumbersData
    href: str


class MethodEntry(Document):
    """A method."""

    name: str
    href: str


class HomeData(Document):
    """What the atlas is about."""

    title: str
    description: str
    author: str
    licence: str = Field(description="of the pictures")
    date: str = Field(description="of the newest result")
    counts: Counts
    numbers: NumbersData
    models: tuple[ModelEntry, ...]
    methods: tuple[MethodEntry, ...]


class Home(PageKind):
    """The home page."""

    name = "home"
    data = HomeData

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the one page."""
        yield Placed("index.html", partial(home_page, contents))


HOME = Home()


def home_page(contents: Contents) -> Page:
    """Return the home page."""
    catalog, metadata = contents.catalog, contents.metadata
    striking = striking_units(catalog)
    intro = metadata.description or INTRO
    data = HomeData(
        title=metadata.title,
        description=metadata.description,
        author=metadata.author,
        licence=metadata.licence,
        date=catalog.date,
        counts=counts(catalog.numbers.lost),
        numbers=numbers_data(catalog.numbers),
        models=tuple(map(_entry, catalog.models)),
        methods=tuple(MethodEntry(name=name, href=address) for name, address in catalog.methods.items()),
    )
    return Page(
        "index.html",
        metadata.title,
        intro[:300],
        data,
        {
            "striking": striking,
            "mosaic": len(striking) in BAND,
            "links_of": _links_of,
            "compared": bool(contents.comparisons.all),
            "results_address": results.ADDRESS if results.has_some(catalog.results) else "",
        },
        intro=intro,
        image=striking[0].image if striking else "",
    )


def _entry(model: Model) -> ModelEntry:
    return ModelEntry(
        name=model.card.name, weights=model.weights, numbers=numbers_data(model.numbers), href=model.address
    )


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
