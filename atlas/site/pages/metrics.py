"""The pages of metrics: every number of this site, what it says, how it is computed, and what it cannot tell."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Annotated, NamedTuple

from pydantic import Field

from atlas.core.metric_card import MetricCard
from atlas.site.catalog.catalog import Catalog
from atlas.site.contents import Contents
from atlas.site.documents.base import AS_STORED, Document
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind, SearchEntry
from atlas.site.words.formats import percent
from atlas.site.words.glossary import ADDRESS, ANALYSES_ADDRESS, SCORES_ADDRESS, UNKNOWN, anchor

HEADINGS = {
    "pictures": "Numbers of pictures",
    "photos": "Numbers of units on photos",
    "concepts": "Numbers of concepts",
    "models": "Numbers of models",
    "this atlas": "Numbers of this atlas",
}
"""What numbers are of, in the order of the page."""
TITLES = {ADDRESS: "Numbers", SCORES_ADDRESS: "Numbers of scores", ANALYSES_ADDRESS: "Numbers of analyses"}


class MetricData(Document):
    """One number."""

    name: str = Field(description="as in the measurements of renderings")
    title: str
    card: Annotated[MetricCard, AS_STORED] | None = Field(description="what it says; null if no description is kept")
    measured: int = Field(description="pictures of this atlas that it was measured of")
    href: str


class MetricsData(Document):
    """What every number of this atlas says."""

    metrics: tuple[MetricData, ...]


class MetricsKind(PageKind):
    """The pages of metrics: the first, and those of scores and of analyses."""

    name = "metrics"
    data = MetricsData
    header = "Methods"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the pages that have numbers."""
        glossary = contents.glossary
        for address in dict.fromkeys([ADDRESS, *sorted(map(glossary.page, glossary.names))]):
            yield Placed(address, partial(metrics_page, contents, address))

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for each number."""
        for entry in numbers_of(contents.catalog):
            yield SearchEntry(entry.title, "number", contents.glossary.address(entry.name), entry.name)


METRICS = MetricsKind()


class Entry(NamedTuple):
    """One number: its name, its words, and on how many pictures of this atlas it was measured."""

    name: str
    title: str
    card: MetricCard | None
    measured: int

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return anchor(self.name)

    @property
    def facts(self) -> str:
        """Unit, range, which values are better, and how often it was measured."""
        card, parts = self.card, []
        if card is not None:
            unit = "each method's own unit" if card.varies else "" if card.unit in ("1", "activation") else card.unit
            better = {"higher": "higher is better", "lower": "lower is better"}.get(card.better, "")
            if card.better == "as the target":
                better = "higher is better where the target is raised, lower where it is lowered"
            parts = [unit, _range(card), better]
        if self.measured:
            parts.append(f"measured of {self.measured:,} picture{'' if self.measured == 1 else 's'} here")
        elif card is not None and card.about == "pictures":
            parts.append("measured of no picture here")
        return " · ".join(part for part in parts if part)


def _range(card: MetricCard) -> str:
    low, high = ("" if end is None else _end(card, end) for end in (card.lowest, card.highest))
    if low and high:
        return f"{low} to {high}"
    return f"{low} and more" if low else f"{high} and less" if high else ""


def _end(card: MetricCard, value: float) -> str:
    return percent(value) if card.form == "percent" else f"{value:g}".replace("-", "−")


def metrics_page(contents: Contents, address: str = ADDRESS) -> Page:
    """Return a page that explains numbers; a measurement without a card is listed, too."""
    glossary = contents.glossary
    entries = [it for it in numbers_of(contents.catalog) if glossary.page(it.name) == address]
    groups = [(about, HEADINGS[about], [it for it in entries if _about(it) == about]) for about in HEADINGS]
    title = TITLES[address]
    words = f"{title}: what each says, how it is computed, and what it cannot tell."
    others = [
        Link(TITLES[other], other) for other in sorted(set(map(glossary.page, glossary.names))) if other != address
    ]
    context = {"groups": [group for group in groups if group[2]], "unknown": UNKNOWN, "others": others}
    crumbs = [Link("Numbers")] if address == ADDRESS else [Link("Numbers", ADDRESS), Link(title)]
    return Page(address, title, words, _data(entries), context, crumbs)


def numbers_of(catalog: Catalog) -> list[Entry]:
    """Return every number that pages show, those of pictures first, in the order of the records."""
    counted: Counter[str] = Counter()
    for record in {it.record.key: it.record for it in catalog.renderings()}.values():
        counted.update(measured.name for measured in record.measurements)
    counted.update(catalog.results.measured)
    glossary = catalog.glossary
    names = [*counted, *(name for name in glossary.names if name not in counted)]
    return [Entry(name, glossary.title(name), glossary.cards.get(name), counted[name]) for name in names]


def _about(entry: Entry) -> str:
    return "pictures" if entry.card is None else entry.card.about


def _data(entries: Iterable[Entry]) -> MetricsData:
    return MetricsData(
        metrics=tuple(
            MetricData(name=it.name, title=it.title, card=it.card, measured=it.measured, href=f"#{it.anchor}")
            for it in entries
        )
    )
