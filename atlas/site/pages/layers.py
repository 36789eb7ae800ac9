"""The list of all layers of a model's network."""

from collections.abc import Iterator, Sequence
from functools import partial

from pydantic import Field

from atlas.core.model_card import LayerInfo
from atlas.site.catalog.addresses import root_of
from atlas.site.catalog.model import Layer, Model
from atlas.site.catalog.numbers import counted, lost_words
from atlas.site.contents import Contents
from atlas.site.documents.base import Sparse
from atlas.site.documents.numbers import Counts, counts
from atlas.site.page import Page, Placed, list_addresses
from atlas.site.page_kind import PageKind, SearchEntry
from atlas.site.pages.listing import ROWS, ListingData, Row, listing_page
from atlas.site.words.formats import noun, thousands


class NetworkLayer(Sparse):
    """A layer. One without pictures has neither counts nor a page."""

    name: str
    units: int
    counts: Counts | None = None
    href: str | None = None


class LayersData(ListingData):
    """One page of the list of all layers of a network."""

    layers: tuple[NetworkLayer, ...] = Field(description="those with pages first, each part in the network's order")


class LayersKind(PageKind):
    """The lists of layers."""

    name = "layers"
    data = LayersData
    template = "rows.html"
    header = "Layers"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the pages of each model's list."""
        for model in contents.catalog.models:
            rendered = {layer.info.name: layer for layer in model.hidden}
            infos = sorted(model.network_layers, key=lambda info: info.name not in rendered)
            addresses = list_addresses(f"{model.folder}/layers", len(infos), ROWS)
            for number, address in enumerate(addresses, 1):
                shown = infos[(number - 1) * ROWS : number * ROWS]
                yield Placed(address, partial(_page, model, rendered, shown, addresses, number), model)

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for each model's list."""
        for model in contents.catalog.models:
            words = f"{model.numbers.layers:,} of {model.numbers.all_layers:,} rendered"
            yield SearchEntry("Layers", words, layers_address(model), model=model)


LAYERS = LayersKind()


def layers_address(model: Model) -> str:
    """Return the address of the list of a model's layers."""
    return f"{model.folder}/layers/index.html"


def _page(
    model: Model, rendered: dict[str, Layer], shown: Sequence[LayerInfo], addresses: list[str], number: int
) -> Page:
    numbers = model.numbers
    first = "; those with pages come first" if 0 < len(rendered) < numbers.all_layers else ""
    summary = (
        f"{thousands(numbers.layers)} of {counted(numbers.all_layers, 'layer')} rendered, "
        f"in the network's order{first}."
    )
    root = root_of(addresses[0])
    data = LayersData(
        model=model.card.name,
        page=number,
        of=len(addresses),
        layers=tuple(_entry(info, rendered.get(info.name), root) for info in shown),
    )
    rows = [_row(info, rendered.get(info.name)) for info in shown]
    return listing_page(model, "Layers", summary, addresses, number, data, {"rows": rows})


def _row(info: LayerInfo, layer: Layer | None) -> Row:
    grid = f" · {info.grid[0]} × {info.grid[1]}" if info.grid else ""
    more = f"{thousands(layer.counts['done'])} rendered{lost_words(layer.counts)}" if layer else "not rendered"
    return Row(info.name, layer.address if layer else "", f"{thousands(info.units)} {noun(info)}{grid}", more)


def _entry(info: LayerInfo, layer: Layer | None, root: str) -> NetworkLayer:
    if layer is None:
        return NetworkLayer(name=info.name, units=info.units)
    return NetworkLayer(name=info.name, units=info.units, counts=counts(layer.counts), href=root + layer.address)
