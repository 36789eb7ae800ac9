"""The catalog: what a store holds, arranged as models, layers, units and concepts; plain views, computed once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from atlas.analyses.rows import Analyses
from atlas.site.catalog.addresses import unique_slugs
from atlas.site.catalog.concepts import ConceptView
from atlas.site.catalog.credits import Credits
from atlas.site.catalog.methods import MethodBook
from atlas.site.catalog.model import Model, Unit
from atlas.site.catalog.numbers import Numbers, total
from atlas.site.catalog.results import Results
from atlas.site.catalog.shown import Shown
from atlas.site.words.glossary import Glossary


@dataclass
class Catalog:
    """Everything the pages show.

    Attributes:
        date: the newest record's, so that the same store gives the same bytes.
        glossary: what every number says.
        results: what scores say of the pictures. analyses: what was found of the models.
    """

    models: list[Model]
    date: str
    photo_sets: list[Credits]
    method_cards: MethodBook
    glossary: Glossary
    results: Results
    analyses: Analyses = field(default_factory=Analyses)

    def units(self) -> Iterator[Unit]:
        """Yield every unit of every model."""
        for model in self.models:
            yield from model.units()

    def renderings(self) -> Iterator[Shown]:
        """Yield every rendering."""
        for model in self.models:
            yield from model.renderings()

    def concepts(self) -> Iterator[ConceptView]:
        """Yield every concept of every model."""
        for model in self.models:
            for view in model.concepts.values():
                yield from view.concepts

    @cached_property
    def numbers(self) -> Numbers:
        """How much there is over all models."""
        return total(model.numbers for model in self.models)

    @cached_property
    def methods(self) -> dict[str, str]:
        """Method name to the address of its page."""
        names = sorted({name for model in self.models for name in model.methods})
        slugs = unique_slugs((name, name) for name in names)
        return {name: f"methods/{slugs[name]}.html" for name in names}
