"""A kind of page: the pictures of each model, the greenest first."""

from collections.abc import Iterator
from functools import partial

from pydantic import Field

from atlas.site.catalog.model import Model
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind, SearchEntry


class Green(Document):
    """A unit, and how green its picture is."""

    title: str
    href: str = Field(description="its page, relative to this document")
    greenness: float


class GreenestData(Document):
    """The units of a model, the greenest first."""

    units: tuple[Green, ...]


class GreenestKind(PageKind):
    """One page for each model."""

    name = "greenest"
    data = GreenestData
    title = "Greenest pictures"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the page of each model."""
        for model in contents.catalog.models:
            yield Placed(_address(model), partial(_page, model), model)

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for each page."""
        for model in contents.catalog.models:
            yield SearchEntry("Greenest pictures", model.card.name, _address(model), "colour", model)


GREENEST = GreenestKind()


def _address(model: Model) -> str:
    return f"{model.folder}/greenest/index.html"


def _page(model: Model) -> Page:
    address = _address(model)
    root = address.count("/") * "../"
    found = [
        Green(title=unit.title, href=f"{root}{unit.address}", greenness=value)
        for layer in model.layers
        for unit in layer.units
        for rendering in unit.renderings[:1]
        if (value := rendering.measured("greenness")) is not None
    ]
    found.sort(key=lambda green: -green.greenness)
    words = f"The pictures of {model.card.name}, the greenest first."
    crumbs = [Link(model.card.name, model.address), Link("Greenest")]
    return Page(address, "Greenest pictures", words, GreenestData(units=tuple(found)), {"found": found}, crumbs)
