"""Page: one page of the site before it is written: a template, what it shows, and its JSON."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atlas.site.catalog.addresses import json_beside, root_of

if TYPE_CHECKING:
    from atlas.site.pages.citation import Citation

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
    """One figure beside a picture. ``word`` marks a name, which is set smaller than a number."""

    value: str
    label: str
    address: str = ""
    word: bool = False


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
        template: the template's name. kind: as in the JSON. title: the heading.
        description: one sentence, for search engines.
        data: what its JSON says. context: what only its template needs.
        crumbs, previous, next, pages, number, last, size: navigation.
        figures, citation: of a unit. image: path of the picture that stands for it, or empty.
        view: ``masked`` or ``raw``: how pictures are shown until the reader says otherwise.
        is_error: it has no JSON and no canonical address.
    """

    address: str
    template: str
    kind: str
    title: str
    description: str
    data: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    crumbs: list[Link] = field(default_factory=list)
    previous: Link | None = None
    next: Link | None = None
    pages: list[PageLink] = field(default_factory=list)
    number: int = 1
    last: int = 1
    size: int = PAGE_SIZE
    figures: list[Figure] = field(default_factory=list)
    citation: "Citation | None" = None
    image: str = ""
    intro: str = ""
    view: str = "masked"
    is_error: bool = False

    @property
    def json(self) -> str:
        """Address of its JSON."""
        return json_beside(self.address)

    @property
    def root(self) -> str:
        """Relative way to the root."""
        return root_of(self.address)

    @property
    def canonical(self) -> str:
        """Its address for search engines, where a server finds index.html by itself."""
        return self.address.removesuffix("index.html")

    def document(self) -> dict[str, Any]:
        """Return its JSON."""
        root = self.root
        links = {"page": root + self.address, "manifest": f"{root}manifest.json"}
        up = [crumb for crumb in self.crumbs if crumb.address]
        if up:
            links["up"] = root + up[-1].address
        if self.previous:
            links["previous"] = root + self.previous.address
        if self.next:
            links["next"] = root + self.next.address
        for entry in self.pages:
            if entry.address and abs(entry.number - self.number) == 1:
                links["previous" if entry.number < self.number else "next"] = root + entry.address
        return {
            "schema": "atlas-page",
            "schema_version": 1,
            "kind": self.kind,
            "title": self.title,
            "links": links,
            **({"citation": self.citation.document()} if self.citation else {}),
            "data": self.data,
        }


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
