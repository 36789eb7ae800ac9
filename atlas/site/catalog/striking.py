"""Which pictures stand for an atlas, and for a model."""

from itertools import chain, zip_longest

from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.model import Model, Unit

BAND = (15, 9)
"""Pictures in the home page's band: the first is four cells large, so these fill rows of six and of three."""


def striking_units(catalog: Catalog) -> list[Unit]:
    """Choose pictures for the home page: classes that the model recognises best, then the strongest unit of each layer.

    Models take turns. The number is one that fills the band's rows, or all there are if they are few.
    """
    turns = list(chain.from_iterable(zip_longest(*(best_of(model) for model in catalog.models))))
    units = [unit for unit in turns if unit is not None]
    for size in BAND:
        if len(units) >= size:
            return units[:size]
    return units


def best_of(model: Model) -> list[Unit]:
    """Return a model's units with pictures: the best recognised classes and each layer's strongest unit in turn."""
    classes = [unit for unit in (model.classes.units if model.classes else []) if unit.shown]
    classes.sort(key=lambda unit: (-(unit.probability or 0.0), unit.index))
    hidden = [
        max(shown, key=lambda unit: (unit.reached or 0.0, -unit.index))
        for layer in reversed(model.hidden)
        if (shown := [unit for unit in layer.units if unit.shown])
    ]
    return [unit for pair in zip_longest(classes[0::2], classes[1::2], hidden) for unit in pair if unit is not None]
