"""The lists of a model's dead and of its failed classes and units: none is left out for its looks."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal

from atlas.site.catalog.addresses import root_of
from atlas.site.catalog.model import Model, Unit
from atlas.site.catalog.numbers import counted
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.page import Page, Placed, list_addresses
from atlas.site.page_kind import PageKind, SearchEntry
from atlas.site.pages.listing import ROWS, ListingData, Row, listing_page
from atlas.site.words.formats import noun

Lost = Literal["dead", "failed"]
LONGEST_REASON = 200
"""Letters of a failure's message in a list; the unit's own page has it all."""
LOST: tuple[Lost, ...] = ("dead", "failed")
SUMMARIES = {
    "dead": "No gradient reached the image from these, so there is no picture of them. To try again: "
    "atlas render --retry dead.",
    "failed": "Rendering these went wrong: their own pages say how. The next atlas render tries again; what is in "
    "quarantine takes --retry quarantined.",
}


class LostUnit(Document):
    """A class or unit without a picture."""

    layer: str
    index: int
    title: str
    reason: str
    href: str


class LostData(ListingData):
    """One page of a list of classes and units without pictures."""

    status: Lost
    units: tuple[LostUnit, ...]


class LostKind(PageKind):
    """The lists of one status: one for each model, even if nothing is on it."""

    data = LostData
    template = "rows.html"

    def __init__(self, status: Lost) -> None:
        self.name = status
        self._status = status

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the pages of each model's list."""
        for model in contents.catalog.models:
            units = model.lost(self._status)
            addresses = list_addresses(f"{model.folder}/{self._status}", len(units), ROWS)
            for number, address in enumerate(addresses, 1):
                yield Placed(address, partial(_page, model, self._status, units, addresses, number), model)

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for each model's list."""
        for model in contents.catalog.models:
            words = counted(model.numbers.lost[self._status], "class or unit", "classes and units")
            address = lost_address(model, self._status)
            yield SearchEntry(self._status.capitalize(), words, address, "units classes", model)


DEAD = LostKind("dead")
FAILED = LostKind("failed")


def lost_address(model: Model, status: Lost) -> str:
    """Return the address of the list of a model's dead or failed classes and units."""
    return f"{model.folder}/{status}/index.html"


def reason(unit: Unit) -> str:
    """Say why there is no picture of a unit."""
    record = unit.lead.record if unit.lead else None
    return record.error.message if record and record.error else "no gradient"


def _page(model: Model, status: Lost, units: Sequence[Unit], addresses: list[str], number: int) -> Page:
    classes = sum(unit.layer.is_output for unit in units)
    parts = [counted(classes, "class", "classes"), counted(len(units) - classes, "unit")]
    summary = f"{' and '.join(parts)}. {SUMMARIES[status]}" if units else f"Nothing of this model is {status}."
    shown, root = units[(number - 1) * ROWS : number * ROWS], root_of(addresses[0])
    data = LostData(
        model=model.card.name,
        page=number,
        of=len(addresses),
        status=status,
        units=tuple(_entry(unit, root) for unit in shown),
    )
    return listing_page(
        model, status.capitalize(), summary, addresses, number, data, {"rows": [_row(unit) for unit in shown]}
    )


def _row(unit: Unit) -> Row:
    return Row(
        unit.title if unit.layer.is_output else f"{unit.layer.info.name} · {unit.title}",
        unit.address,
        f"class {unit.index}" if unit.layer.is_output else noun(unit.layer.info, 1),
        reason(unit)[:LONGEST_REASON],
    )


def _entry(unit: Unit, root: str) -> LostUnit:
    return LostUnit(
        layer=unit.layer.info.name,
        index=unit.index,
        title=unit.title,
        reason=reason(unit),
        href=root + unit.address,
    )
