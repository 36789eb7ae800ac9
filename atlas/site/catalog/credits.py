"""PhotoBook: every photo that any page shows, and whom it is owed to."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from atlas.core.analysis import PhotoCredit, PhotoSetCard
from atlas.site.catalog.addresses import page_name, unique_slugs

PHOTOS_FOR_USE = 100
"""Photos of each class that a reader of a demonstration is told to use: CRAFT's directions settle with some hundreds of
patches, and a photo gives about sixteen that overlap."""
PHOTOS_PER_PAGE = 60
"""Photos on one page of the list: with long names and licences a page stays below 50 KB."""


@dataclass
class Credits:
    """One photo set, and those of its photos that are shown, by digest; ``places`` orders them by name."""

    card: PhotoSetCard
    folder: str = ""
    credits: dict[str, tuple[str, str, str, str]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Address of its first page."""
        return f"{self.folder}/index.html"

    @property
    def pages(self) -> int:
        """How many pages its photos take; one even if none is shown."""
        return max(1, -(-len(self.credits) // PHOTOS_PER_PAGE))

    @property
    def demonstration(self) -> str:
        """What a reader of anything that these photos tell must know; empty if they are real."""
        if not self.card.demonstration:
            return ""
        count = self.card.photos
        return demonstration_notice(f"{count:,} photo{'' if count == 1 else 's'}", "results from photos")

    def add(self, photos: Iterable[PhotoCredit]) -> None:
        """Note that photos are shown."""
        for photo in photos:
            self.credits.setdefault(photo.digest, (photo.name, photo.author, photo.licence, photo.source))

    def arrange(self) -> None:
        """Put the photos in order, after the last one was added."""
        ordered = sorted(self.credits, key=lambda digest: (self.credits[digest][0], digest))
        self.places = {digest: place for place, digest in enumerate(ordered)}

    def address_of(self, digest: str) -> str:
        """Return the address of a photo's entry."""
        number = 1 + self.places[digest] // PHOTOS_PER_PAGE
        return f"{self.folder}/{page_name(number)}#{anchor(digest)}"

    def page(self, number: int) -> list[tuple[str, PhotoCredit]]:
        """Return (anchor, credit) of the photos of page ``number``, from 1."""
        digests = list(self.places)[(number - 1) * PHOTOS_PER_PAGE : number * PHOTOS_PER_PAGE]
        names = ("name", "author", "licence", "source")
        return [
            (anchor(digest), PhotoCredit(digest=digest, **dict(zip(names, self.credits[digest], strict=True))))
            for digest in digests
        ]


def demonstration_notice(what: str, subject: str) -> str:
    """Say that photos are only there to show how it works.

    Args:
        what: how many photos, in words. subject: what they show the look of.
    """
    return (
        f"This is a demonstration: {what}. It shows how {subject} look, not what the model has learned; "
        f"use at least {PHOTOS_FOR_USE} photos of each class."
    )


def anchor(digest: str) -> str:
    """Return a photo's anchor."""
    return f"p-{digest[:16]}"


class PhotoBook:
    """All photo sets of a site, by digest."""

    def __init__(self) -> None:
        self._sets: dict[str, Credits] = {}

    def photo_set(self, card: PhotoSetCard) -> Credits:
        """Return the photo set of a card; two models may share it."""
        return self._sets.setdefault(card.digest, Credits(card))

    def arrange(self) -> list[Credits]:
        """Give every set its address and order, and return them by name."""
        sets = sorted(self._sets.values(), key=lambda it: (it.card.name.lower(), it.card.digest))
        slugs = unique_slugs((it.card.digest, it.card.name) for it in sets)
        for it in sets:
            it.folder = f"photos/{slugs[it.card.digest]}"
            it.arrange()
        return sets
