"""Figures that pages of several kinds show of a rendering."""

from collections.abc import Iterator

from atlas.site.catalog.shown import Shown
from atlas.site.page import Figure
from atlas.site.words.glossary import Glossary

KNOWN_MEASUREMENTS = {"objective", "activation", "probability", "cosine"}
"""Measurements that have their own words on a page; others are shown under the titles of their cards."""


def other_figures(rendering: Shown, glossary: Glossary) -> Iterator[Figure]:
    """Yield a figure for every measurement that has no words of its own."""
    for measured in rendering.record.measurements:
        if measured.name not in KNOWN_MEASUREMENTS:
            count = f", mean of {measured.n}" if measured.n > 1 else ""
            yield Figure(glossary.value(measured), glossary.title(measured.name) + count, metric=measured.name)
