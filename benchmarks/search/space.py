"""The declared space: what a search may try, of which method, on how many classes with how many steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judging.targets import TUNING_SEED, Aim, checked, index_of

from atlas.core.data_files import read_toml
from atlas.methods import methods

if TYPE_CHECKING:
    from optuna.trial import Trial

DECLARED = Path(__file__).with_name("space.toml")


@dataclass(frozen=True)
class Rung:
    """A budget: so many classes, with this share of a trial's steps."""

    classes: int
    steps: float


@dataclass(frozen=True)
class Space:
    """What is searched of one method.

    Attributes:
        fixed: parameters that all trials share, ``steps`` among them. values: of a parameter, what is chosen from.
        ranges: of a parameter, ``low``, ``high`` and whether it is ``log``.
        aims: what is rendered, the first ones first. rungs: from the smallest budget to the largest.
        photos: whether the method is given reference photos.
    """

    method: str
    fixed: Mapping[str, Any]
    values: Mapping[str, list[Any]]
    ranges: Mapping[str, Mapping[str, Any]]
    aims: tuple[Aim, ...]
    rungs: tuple[Rung, ...]
    photos: bool = False

    def suggest(self, trial: "Trial") -> dict[str, Any]:
        """Return what a trial chooses, by name."""
        chosen = {name: trial.suggest_categorical(name, values) for name, values in self.values.items()}
        return chosen | {name: trial.suggest_float(name, **bounds) for name, bounds in self.ranges.items()}

    def incumbent(self) -> dict[str, Any]:
        """Return what is to be beaten: the method's own defaults, by name, those that the space has."""
        fields = methods.get(self.method).parameters.model_fields
        chosen = {name: fields[name].default for name, values in self.values.items() if fields[name].default in values}
        for name, bounds in self.ranges.items():
            if bounds["low"] <= fields[name].default <= bounds["high"]:
                chosen[name] = fields[name].default
        return chosen

    def parameters(self, chosen: Mapping[str, Any], rung: Rung) -> dict[str, Any]:
        """Return the method's parameters of a choice on a rung."""
        steps = max(1, round(self.fixed["steps"] * rung.steps))
        return {**self.fixed, **chosen, "steps": steps}


def read_space(method: str, path: Path = DECLARED, classes: tuple[str, ...] = ()) -> Space:
    """Return the space of a method.

    Args:
        classes: names of those to render, instead of the declared ones.

    Raises:
        KeyError: none is declared of the method; the text names those that are.
        ReportedError: figures are reported of a class.
    """
    table = read_toml(path, "space", "mend the file")
    declared = table["methods"]
    if method not in declared:
        raise KeyError(f"no space is declared of {method}; there are {', '.join(declared)}: {path}")
    own = declared[method]
    aims = checked((index_of(name), TUNING_SEED) for name in classes or table["classes"])
    rungs = tuple(Rung(min(rung["classes"], len(aims)), rung["steps"]) for rung in table["rungs"])
    parts = (own.get("fixed", {}), own.get("values", {}), own.get("ranges", {}))
    return Space(method, *parts, tuple(aims), rungs, own.get("photos", False))
