"""The pages of a photo set: what it is, and whom each photo that is shown is owed to."""

from collections.abc import Iterator

from atlas.site.catalog.addresses import page_name
from atlas.site.catalog.credits import PHOTOS_FOR_USE, Credits
from atlas.site.documents import photos_json
from atlas.site.page import Figure, Link, Page, pager
from atlas.site.words.formats import thousands

LONGEST_NOTES = 12_000
"""Characters of the photo set's own notes that the page shows; the JSON has them all."""


def photo_pages(photo_set: Credits) -> Iterator[Page]:
    """Yield the pages of one photo set."""
    card, last = photo_set.card, photo_set.pages
    addresses = [f"{photo_set.folder}/{page_name(number)}" for number in range(1, last + 1)]
    figures = [
        Figure(thousands(card.photos), "photos"),
        Figure(thousands(card.classes), "classes" if card.classes != 1 else "class"),
        Figure(thousands(len(photo_set.credits)), "photos shown, in whole or in part"),
    ]
    for number, address in enumerate(addresses, 1):
        entries = photo_set.page(number)
        title = f"Photos: {card.name}" if number == 1 else f"Photos: {card.name}, page {number}"
        yield Page(
            address,
            "photos.html",
            "photos",
            title,
            f"The {card.photos:,} photos that this atlas is made from, and whom those that it shows are owed to."[:300],
            photos_json(photo_set, entries, number),
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
            last=last,
            figures=figures if number == 1 else [],
        )
