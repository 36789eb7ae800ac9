"""What ``atlas models`` lists: every model that a source can give by name, whichever package the source is of."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from glob import escape

from atlas.core.registry import Origin
from atlas.errors import AtlasError
from atlas.models.code.foreign import foreign_code
from atlas.models.spec import SOURCES


@dataclass(frozen=True)
class Listed:
    """One model that can be had from a source.

    Attributes:
        source: its name. origin: the package that the source is of.
        note: with which weights, or what to install.
    """

    source: str
    origin: Origin
    name: str
    note: str


@dataclass(frozen=True)
class Catalogue:
    """The models that can be had by name.

    Attributes:
        models: source by source. problems: a sentence for each source that cannot say what it has.
    """

    models: list[Listed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def list_models(pattern: str = "*") -> Catalogue:
    """Return the models whose name matches the glob."""
    found = Catalogue(problems=[error.sentence for error in SOURCES.broken().values()])
    for name, source in SOURCES:
        try:
            with foreign_code(f'the models of the source "{name}" of {SOURCES.origin(name)} cannot be listed'):
                offers = list(source.offers())
        except AtlasError as error:
            found.problems.append(error.sentence)
            continue
        found.models.extend(
            Listed(name, SOURCES.origin(name), offer.name, offer.note)
            for offer in offers
            if fnmatchcase(offer.name, pattern)
        )
    return found


def source_offering(name: str) -> str | None:
    """Return the source that has a model of this name; timm before all others, None if there is none."""
    sources = [model.source for model in list_models(escape(name)).models]
    return "timm" if "timm" in sources else next(iter(sources), None)
