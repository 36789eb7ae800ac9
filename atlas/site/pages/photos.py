"""The pages of a photo set: what it is, and whom each photo that is shown is owed to."""

from collections.abc import Iterator
from functools import partial

from pydantic import Field

from atlas.core.analysis import PhotoCredit, PhotoSetCard
from atlas.site.catalog.addresses import page_name
from atlas.site.catalog.credits import PHOTOS_FOR_USE, Credits
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.page import Figure, Link, Page, Placed, pager
from atlas.site.page_kind import PageKind
from atlas.site.words.formats import thousands

LONGEST_NOTES = 12_000
"""Characters of the photo set's own notes that the page shows; the JSON has them all."""


class PhotosData(Document):
    """A photo set, and one page of its photos that are shown."""

    digest: str = Field(description="of the whole set")
    name: str
    photos: int
    classes: int
    notes: str
    demonstration: bool = Field(description="whether the photos only show how it works")
    page: int
    of: int = Field(description="pages")
    shown: tuple[PhotoCredit, ...]


class PhotosKind(PageKind):
    """The pages of photo sets."""

    name = "photos"
    data = PhotosData

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the pages of each photo set."""
        for credits in contents.catalog.photo_sets:
            addresses = [f"{credits.folder}/{page_name(number + 1)}" for number in range(credits.pages)]
            for number, address in enumerate(addresses, 1):
                yield Placed(address, partial(photos_page, credits, addresses, number))


PHOTOS = PhotosKind()


def photos_page(credits: Credits, addresses: list[str], number: int) -> Page:
    """Return page ``number``, from 1, of a photo set."""
    card, entries = credits.card, credits.page(number)
    figures = [
        Figure(thousands(card.photos), "photos", metric="count_photos"),
        Figure(thousands(card.classes), "classes" if card.classes != 1 else "class"),
        Figure(thousands(len(credits.credits)), "photos shown, in whole or in part", metric="count_photos"),
    ]
    return Page(
        addresses[number - 1],
        f"Photos: {card.name}" if number == 1 else f"Photos: {card.name}, page {number}",
        f"The {card.photos:,} photos that this atlas is made from, and whom those that it shows are owed to."[:300],
        _data(card, [photo for _, photo in entries], number, len(addresses)),
        {
            "card": card,
            "entries": entries,
            "notes": card.notes[:LONGEST_NOTES] if number == 1 else "",
            "shortened": len(card.notes) > LONGEST_NOTES,
            "photos_for_use": PHOTOS_FOR_USE,
        },
        crumbs=[Link(f"Photos: {card.name}")],
        pages=pager(addresses, number),
        number=number,
        last=len(addresses),
        figures=figures if number == 1 else [],
    )


def _data(card: PhotoSetCard, shown: list[PhotoCredit], number: int, last: int) -> PhotosData:
    return PhotosData(
        digest=card.digest,
        name=card.name,
        photos=card.photos,
        classes=card.classes,
        notes=card.notes,
        demonstration=card.demonstration,
        page=number,
        of=last,
        shown=tuple(shown),
    )
