"""Page: one page of the site before it is written: what its template shows, and what its JSON says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from atlas.site.catalog.addresses import json_beside, page_name, root_of
from atlas.site.catalog.model import Layer, Model, Unit
from atlas.site.citation import Citation
from atlas.site.documents.base import Document
from atlas.site.documents.page import Links

PAGE_SIZE = 36
"""Units on one page of a grid. Browsers fetch lazy pictures far ahead of the view, so the whole grid counts: 36
pictures, one page, style, script and icon are the 40 requests of a first view; and 36 fills rows of 6, 4, 3 and 2."""


@dataclass(frozen=True)
class Link:
    """An address and the words for it; no address means the page itself."""

    title: str
    address: str = ""


@dataclass(frozen=True)
class Figure:
    """One figure beside a picture.

    Attributes:
        word: it is a name, which is set smaller than a number.
        metric: name of the number, which leads to what it says; empty for what needs no explanation.
    """

    value: str
    label: str
    address: str = ""
    word: bool = False
    metric: str = ""


@dataclass(frozen=True)
class PageLink:
    """One entry of a pager; without an address it is a gap."""

    number: int
    address: str | None
    here: bool = False


@dataclass
class Page:
    """One page.

    Attributes:
        address: where it is written, relative to the root.
        title: the heading. description: one sentence, for search engines.
        data: what its JSON says. context: what its template needs besides.
        crumbs, previous, next, pages, number, last, size: navigation.
        figures, citation: of a unit. image: path of the picture that stands for it, or empty.
        scripts: address to content of script files that it loads, besides those of all pages.
        files: address to content of other files that it leads to, such as tables.
        view: ``masked`` or ``raw``: how pictures are shown until the reader says otherwise.
    """

    address: str
    title: str
    description: str
    data: Document = field(default_factory=Document)
    context: dict[str, Any] = field(default_factory=dict)
    crumbs: list[Link] = field(default_factory=list)
    previous: Link | None = None
    next: Link | None = None
    pages: list[PageLink] = field(default_factory=list)
    number: int = 1
    last: int = 1
    size: int = PAGE_SIZE
    figures: list[Figure] = field(default_factory=list)
    citation: Citation | None = None
    image: str = ""
    intro: str = ""
    view: str = "masked"
    scripts: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def json(self) -> str:
        """Address of its JSON."""
        return json_beside(self.address)

    @property
    def json_here(self) -> str:
        """Its JSON's address, as seen from the page: both lie in one folder."""
        return self.json.rpartition("/")[2]

    @property
    def root(self) -> str:
        """Relative way to the root."""
        return root_of(self.address)

    @property
    def canonical(self) -> str:
        """Its address for search engines, where a server finds index.html by itself."""
        return self.address.removesuffix("index.html")

    @property
    def links(self) -> Links:
        """Relative addresses of this page and of those around it."""
        up = [crumb.address for crumb in self.crumbs if crumb.address]
        before = self.previous.address if self.previous else ""
        after = self.next.address if self.next else ""
        for entry in self.pages:
            if entry.address and entry.number == self.number - 1:
                before = entry.address
            elif entry.address and entry.number == self.number + 1:
                after = entry.address
        root = self.root
        return Links(
            page=root + self.address,
            manifest=f"{root}manifest.json",
            metrics=f"{root}metrics/index.json",
            up=root + up[-1] if up else None,
            previous=root + before if before else None,
            next=root + after if after else None,
        )


class Placed(NamedTuple):
    """A page before it is made: where it is written, and how it is made once its pictures are there.

    ``of`` is the unit, layer or model that it is about: pages of one thing are written together, while what the store
    says of it is at hand. Those of nothing in particular are written last, when all pictures are there.
    """

    address: str
    make: Callable[[], Page]
    of: Unit | Layer | Model | None = None


def list_addresses(folder: str, entries: int, size: int) -> list[str]:
    """Return the addresses of the pages of a list, one even if nothing is listed.

    Args:
        entries: how many are listed. size: how many on one page.
    """
    return [f"{folder}/{page_name(number)}" for number in range(1, max(1, -(-entries // size)) + 1)]


def pager(addresses: list[str], here: int) -> list[PageLink]:
    """Return the pager's entries: the first, the last, those near ``here`` (from 1), and gaps."""
    last = len(addresses)
    shown = sorted({1, last, *range(max(1, here - 2), min(last, here + 2) + 1)})
    entries: list[PageLink] = []
    for number in shown:
        if entries and number - entries[-1].number > 1:
            entries.append(PageLink(number - 1, None))
        entries.append(PageLink(number, addresses[number - 1], number == here))
    return entries
