"""Numbers in JSON, each under its one name; their words are those of :mod:`atlas.site.catalog.numbers`."""

from collections import Counter

from pydantic import Field

from atlas.site.catalog.numbers import Numbers
from atlas.site.documents.base import Document


class Counts(Document):
    """Classes and units by status. A class that was not rendered itself, but has concepts, is not counted."""

    done: int
    dead: int
    failed: int


class NumbersData(Document):
    """How much there is."""

    classes: Counts
    units: Counts = Field(description="those of layers before the output")
    layers: int = Field(description="before the output, with anything rendered")
    all_layers: int = Field(description="of the network, before its output")
    pictures: int = Field(description="finished renderings")
    concepts: int
    classes_with_concepts: int
    photos: int = Field(description="that pictures were made from")


def counts(found: Counter[str]) -> Counts:
    """Return units by status."""
    return Counts(done=found["done"], dead=found["dead"], failed=found["failed"])


def numbers_data(numbers: Numbers) -> NumbersData:
    """Return numbers as JSON."""
    return NumbersData(
        classes=counts(numbers.classes),
        units=counts(numbers.units),
        layers=numbers.layers,
        all_layers=numbers.all_layers,
        pictures=numbers.pictures,
        concepts=numbers.concepts,
        classes_with_concepts=numbers.explained,
        photos=numbers.photos,
    )
