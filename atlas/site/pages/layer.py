"""The list of a layer's units, and that of the classes: grids that can be sorted and filtered."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field

from atlas.core.model_card import LayerInfo
from atlas.site.catalog.addresses import root_of
from atlas.site.catalog.model import Layer, Model, Unit
from atlas.site.catalog.numbers import lost_words
from atlas.site.catalog.statistics import OnPhotos
from atlas.site.contents import Contents
from atlas.site.documents.base import AS_STORED, Document, Sparse
from atlas.site.documents.numbers import Counts, counts
from atlas.site.drawings.strip import strip
from atlas.site.page import PAGE_SIZE, Link, Page, Placed, list_addresses, pager
from atlas.site.page_kind import PageKind, SearchEntry
from atlas.site.scripts import grid_rows, ranges
from atlas.site.words.formats import noun


class UnitEntry(Document):
    """A class or unit."""

    index: int
    title: str
    status: str = Field(description="done, dead, failed, or none if only its concepts were asked for")
    value: float | None = Field(description="activation that the leading rendering reaches")
    href: str


class SeenEntry(UnitEntry):
    """A class or unit that photos tell of."""

    selectivity: float | None = Field(description="(maximum - mean) / deviation; null if all views are alike")


class ListData(Sparse):
    """One page of the list of a layer's units; of the classes, if the layer is the output."""

    model: str
    layer: Annotated[LayerInfo, AS_STORED]
    counts: Counts
    page: int
    of: int = Field(description="pages")
    demonstration: str | None = Field(default=None, description="where photos tell of the units: whether they are real")
    units: tuple[SeenEntry | UnitEntry, ...]


class UnitList(PageKind):
    """The lists of one kind of units."""

    data = ListData

    def __init__(self, name: str, header: str, is_output: bool) -> None:
        self.name = name
        self.header = header
        self._is_output = is_output

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the pages of each layer's list."""
        for layer in self._layers(contents):
            addresses = list_addresses(layer.folder, len(layer.units), PAGE_SIZE)
            for number, address in enumerate(addresses, 1):
                yield Placed(address, partial(list_page, layer, addresses, number, contents), layer)

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for the classes; layers are parts of the index."""
        for layer in self._layers(contents) if self._is_output else ():
            model = layer.model
            yield SearchEntry("Classes", f"{model.numbers.classes['done']:,} rendered", layer.address, model=model)

    def index(self, model: Model) -> dict[str, Sequence[object]]:
        """Return name, folder and ranges of units of each layer."""
        if self._is_output:
            return {}
        layers = [
            [layer.info.name, layer.folder, ranges([unit.index for unit in layer.units])] for layer in model.hidden
        ]
        return {"layers": layers}

    def _layers(self, contents: Contents) -> Iterator[Layer]:
        for model in contents.catalog.models:
            yield from (layer for layer in model.layers if layer.is_output == self._is_output)


CLASSES = UnitList("classes", "Classes", is_output=True)
LAYER = UnitList("layer", "Layers", is_output=False)


def list_page(layer: Layer, addresses: list[str], number: int, contents: Contents) -> Page:
    """Return page ``number``, from 1, of the list of a layer's units."""
    seen, model, last = contents.on_photos(layer), layer.model, len(addresses)
    name = "Classes" if layer.is_output else layer.info.name
    title = name if number == 1 else f"{name}, page {number}"
    units = layer.units[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    shown = [unit for unit in units if unit.shown]
    return Page(
        addresses[number - 1],
        f"{title} · {model.card.name}",
        f"{title} of {model.card.name}: {layer.counts['done']} rendered{lost_words(layer.counts)} of "
        f"{layer.info.units} {noun(layer.info)}.",
        ListData(
            model=model.card.name,
            layer=layer.info,
            counts=counts(layer.counts),
            page=number,
            of=last,
            demonstration=model.demonstration if seen else None,
            units=tuple(_entry(unit, seen, root_of(addresses[0])) for unit in units),
        ),
        {
            "layer": layer,
            "units": units,
            "bars": [] if layer.is_output else strip(model, layer),
            "sorts": _sorts(layer, seen),
            "filter": layer.is_output,
            "seen": next(iter(seen.values()), None),
        },
        crumbs=[Link(model.card.name, model.address), Link(name)],
        pages=pager(addresses, number),
        number=number,
        last=last,
        image=shown[0].image if shown else "",
        scripts={f"{layer.folder}/grid.js": grid_rows(layer, seen)} if number == 1 else {},
    )


def _entry(unit: Unit, seen: OnPhotos, root: str) -> UnitEntry:
    entry = UnitEntry(
        index=unit.index, title=unit.title, status=unit.status, value=unit.reached, href=root + unit.address
    )
    if unit.index not in seen:
        return entry
    return SeenEntry(**dict(entry), selectivity=seen[unit.index].selectivity)


def _sorts(layer: Layer, seen: OnPhotos) -> list[tuple[str, str]]:
    """Return by what the grid can be sorted, and what that is called."""
    if layer.is_output:
        sorts = [("index", "index"), ("name", "name"), ("value", "logit reached")]
    else:
        sorts = [("index", "index"), ("value", "activation reached"), ("top", "top class")]
    return [*sorts, ("selective", "selectivity")] if seen else sorts
