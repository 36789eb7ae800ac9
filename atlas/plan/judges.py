"""Judges: the models that look at pictures, and what they are to the rendered one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from atlas.config import Config
from atlas.core.job import LOGITS
from atlas.core.score import Judge, Relation
from atlas.errors import ConfigError
from atlas.models.anatomy.features import penultimate_layer
from atlas.models.load import VisionModel
from atlas.plan.select import select_layers

_STEM = re.compile(r"[a-z_. -]*")
_SEPARATORS = re.compile(r"[_. -]")


@dataclass(frozen=True)
class Seat:
    """A model that judges.

    Attributes:
        name: in the configuration. family: of it, as the configuration calls it; empty where it does not.
        layers: at which features are compared, the penultimate one first.
    """

    name: str
    model: VisionModel
    family: str
    layers: tuple[str, ...]

    @property
    def classifies(self) -> bool:
        """Whether it tells classes apart."""
        return bool(self.model.card.classes) and self.model.card.layer(LOGITS) is not None

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The layers that are read, the logits last, if there are any."""
        return (*self.layers, *([LOGITS] if self.classifies else []))

    @property
    def numerics(self) -> str:
        """The fastest numerics in which all of them exist."""
        return min((self.model.numerics_for(layer) for layer in self.looked_at), key=len)

    def beside(self, rendered: "Seat") -> Judge:
        """Return what it is as a judge of a rendered model's pictures."""
        return Judge(
            name=self.name,
            family=self.family,
            relation=relation(self, rendered),
            fingerprint=self.model.card.identity.fingerprint,
            classes=len(self.model.card.classes) if self.classifies else 0,
        )


def seats(config: Config, models: Mapping[str, VisionModel]) -> dict[str, Seat]:
    """Return every judge by its name.

    Raises:
        ConfigError: one has no such layer; all problems of all judges.
    """
    found: dict[str, Seat] = {}
    problems: list[str] = []
    for number, judge in enumerate(config.judges):
        model = models[judge.model]
        layers, wrong = select_layers(judge.layers, model.card)
        problems += [f"judges[{number}].{problem}" for problem in wrong]
        names = (penultimate_layer(model), *(layer.name for layer in layers))
        found[judge.model] = Seat(judge.model, model, judge.family, tuple(dict.fromkeys(names)))
    if problems:
        raise ConfigError(problems)
    return found


def own_seat(name: str, model: VisionModel) -> Seat:
    """Return a rendered model as who sees its own pictures."""
    return Seat(name, model, "", (penultimate_layer(model),))


def relation(judge: Seat, rendered: Seat) -> Relation:
    """Return what a judge is to a rendered model.

    Families are compared as they are written where both have one. Else they are one where the networks are of one
    class, other than torch's containers, or the judge's family or name of its architecture begins as the rendered one's
    does: ``efficientnet-lite1`` and ``efficientnet_lite0``.
    """
    one, other = judge.model, rendered.model
    if one.card.identity.fingerprint == other.card.identity.fingerprint:
        return "own"
    if judge.family and rendered.family:
        alike = judge.family.casefold() == rendered.family.casefold()
    else:
        kinds = {type(one.module), type(other.module)}
        built_alike = len(kinds) == 1 and not kinds.pop().__module__.startswith(nn.__name__)
        stem = _stem(other.card.identity.architecture)
        alike = built_alike or stem in (_stem(judge.family), _stem(one.card.identity.architecture))
    return "same family" if alike else "other family"


def _stem(name: str) -> str:
    """Return the letters with which a name begins, before any digit: ``efficientnetlite`` of ``efficientnet-lite0``.

    What an architecture has before its name (a source, a hub's owner) and after it (arguments) is no part of that.
    """
    match = _STEM.match(name.casefold().partition("{")[0].rpartition(":")[2].rpartition("/")[2])
    return _SEPARATORS.sub("", match[0] if match else "") or name
