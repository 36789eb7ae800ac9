"""Groups: the pictures that scores are of, sorted into what becomes a row of a table.

Pictures of classes are what raises a class, from noise, by seeds; those of units what raises or lowers a channel; those
of inversions are of a photo. Pictures of looks are left out, since which there are is known from photos only, and so is
what starts from a photo.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from atlas.core.canonical import canonical_json
from atlas.core.job import Target
from atlas.core.score import Subject
from atlas.evaluation.scores.base import CLASSES, INVERSIONS, UNITS
from atlas.plan.judges import Seat
from atlas.plan.renderings import Renderings
from atlas.tasks.rendering import RenderTask

LOOKS = 'pictures of looks (seeds = "facets:N") are not scored; write seeds = [0, 1]'
FROM_PHOTOS = "pictures that start from photos are not scored as pictures of classes"


@dataclass(frozen=True)
class Group:
    """Pictures of one sort of one model, by one method with one choice of parameters: a row of a table.

    Attributes:
        of: what they are of. rendered: the model. pictures: all that are planned, in the order of the configuration.
    """

    of: Subject
    rendered: Seat
    pictures: tuple[RenderTask, ...]

    @property
    def method(self) -> str:
        """The method's name."""
        return self.pictures[0].series.method

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that the pictures are of, in the network's order."""
        named = {task.target.layer for task in self.pictures}
        return tuple(layer.name for layer in self.rendered.model.card.layers if layer.name in named)

    def __str__(self) -> str:
        return f"{self.rendered.name}, {self.method}"


def grouped(renderings: Renderings, seat_of: Callable[[str], Seat]) -> tuple[list[Group], list[str]]:
    """Return the groups of a plan's pictures, and which pictures are in none, as sentences.

    Args:
        seat_of: model to who it is among those that look.
    """
    groups: dict[str, list[RenderTask]] = defaultdict(list)
    left_out = dict.fromkeys([LOOKS] if renderings.facets else [])
    for task in renderings.tasks:
        target = task.target
        of = subject(target)
        if of is None:
            left_out |= dict.fromkeys(_unscored(target))
            continue
        made = task.series
        # Layers differ in the fastest numerics that they have; a row is of all layers.
        numerics = made.numerics if of == CLASSES else ""
        groups[canonical_json([of, task.model, made.method, made.version, made.parameters, numerics])].append(task)
    found = [(subject(tasks[0].target), tasks) for tasks in groups.values()]
    return [Group(of, seat_of(tasks[0].model), tuple(tasks)) for of, tasks in found if of is not None], list(left_out)


def subject(target: Target) -> Subject | None:
    """Return what a picture of a target is scored as; None where nothing scores it."""
    if target.facet is not None:
        return None
    if target.kind == "inversion":
        return INVERSIONS
    if target.photo is None and target.kind == "channel":
        return UNITS
    return CLASSES if target.photo is None and target.kind == "logit" and target.sign > 0 else None


def _unscored(target: Target) -> list[str]:
    """Return what a person should know of a picture that is scored as nothing."""
    if target.kind != "logit" or target.sign < 0:
        return []
    return [LOOKS if target.photo is None else FROM_PHOTOS]
