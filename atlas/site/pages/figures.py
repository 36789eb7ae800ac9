"""Figures that pages of several kinds show of a rendering."""

from collections.abc import Iterator

from atlas.site.catalog.shown import Shown
from atlas.site.page import Figure
from atlas.site.words.formats import number

KNOWN_MEASUREMENTS = {"objective", "activation", "probability", "cosine"}
"""Measurements that have their own words on a page; others are shown under their own names."""


def other_figures(rendering: Shown) -> Iterator[Figure]:
    """Yield a figure for every measurement that has no words of its own."""
    for measured in rendering.record.measurements:
        if measured.name not in KNOWN_MEASUREMENTS:
            unit_name = "" if measured.unit == "1" else f" {measured.unit}"
            count = f", mean of {measured.n}" if measured.n > 1 else ""
            yield Figure(number(measured.value) + unit_name, measured.name.replace("_", " ") + count)
