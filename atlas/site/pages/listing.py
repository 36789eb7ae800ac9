"""Lists without a grid of units: what the pages of all of them say."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import Field

from atlas.site.catalog.model import Model
from atlas.site.documents.base import Document
from atlas.site.page import Link, Page, pager

ROWS = 100
"""Rows on one page of a list without pictures."""


class ListingData(Document):
    """One page of a list."""

    model: str
    page: int
    of: int = Field(description="pages")


class Row(NamedTuple):
    """One row: a name that may lead somewhere, what it is, and how many it has or why it is there."""

    title: str
    address: str
    what: str
    more: str


def listing_page(
    model: Model,
    title: str,
    summary: str,
    addresses: Sequence[str],
    number: int,
    data: ListingData,
    context: dict[str, Any],
) -> Page:
    """Return page ``number``, from 1, of a list.

    Args:
        data: what its JSON says. context: what its template shows besides.
    """
    heading = title if number == 1 else f"{title}, page {number}"
    return Page(
        addresses[number - 1],
        f"{heading} · {model.card.name}",
        f"{title} of {model.card.name}: {summary}"[:300],
        data,
        {"model": model, "heading": title, "summary": summary, **context},
        crumbs=[Link(model.card.name, model.address), Link(title)],
        pages=pager(list(addresses), number),
        number=number,
        last=len(addresses),
    )
