"""Plan of evaluations: which scores of which pictures, as which judges see them.

Which of the pictures are there, only the store knows: tasks are made of those, so that the key of a score says exactly
what it is of.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from atlas.config import Config
from atlas.errors import ConfigError
from atlas.models.load import VisionModel
from atlas.photos import PhotoSet
from atlas.photos.split import Split
from atlas.plan.asked import Asked
from atlas.plan.pairing import Pairing
from atlas.plan.renderings import Renderings
from atlas.plan.stored import StoredPictures
from atlas.store import Store
from atlas.tasks.rendering import RenderTask
from atlas.tasks.task import Task


@dataclass(frozen=True)
class Evaluations:
    """All scores that a configuration asks for.

    Attributes:
        asked: each once. split: of the photos, if it asks for one.
        left_out: what cannot be measured and what it would take, as sentences.
        models: names of the models that judge or are judged.
    """

    asked: tuple[Asked, ...] = ()
    split: Split | None = None
    left_out: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    _stored: StoredPictures = field(default_factory=StoredPictures, compare=False, repr=False)

    def tasks(self, store: Store) -> list[Task]:
        """Return the looks and scores of the pictures that a store has."""
        found: dict[str, Task] = {}
        for asked in self.asked:
            if there := self._stored.there(asked.group.pictures, store):
                for task in asked.tasks(there):
                    found.setdefault(task.key, task)
        return list(found.values())

    def missing(self, store: Store | None, scores: Collection[str]) -> dict[str, list[RenderTask]]:
        """Return which of the pictures that some scores are of a store does not have, by what they are of, in words."""
        lacking: dict[str, list[RenderTask]] = {}
        for group in {id(asked.group): asked.group for asked in self.asked if asked.name in scores}.values():
            absent = [task for task in group.pictures if self._stored.size(task, store) is None]
            if absent:
                lacking.setdefault(str(group), []).extend(absent)
        return lacking


def plan_evaluations(
    config: Config,
    models: Mapping[str, VisionModel],
    renderings: Renderings,
    photo_set: PhotoSet | None,
    split: Split | None,
) -> Evaluations:
    """Return the scores that the ``[[evaluate]]`` tables ask for, of pictures that the ``[[render]]`` tables do.

    Raises:
        ConfigError: a judge has no such layer, or a table names a model or method of which there are no pictures that
            its scores are of.
    """
    if not config.evaluate:
        return Evaluations()
    pairing = Pairing(config, models, photo_set, split, renderings)
    problems = list(pairing.problems())
    if problems:
        raise ConfigError(problems)
    asked: dict[str, Asked] = {}
    for block in config.evaluate:
        for one in pairing.asked(block):
            earlier = asked.get(one.distinction)
            asked[one.distinction] = one if earlier is None else earlier.joined(one)
    measured = {one.measures for one in asked.values() if not one.lacking}
    asked = {key: one for key, one in asked.items() if not one.lacking or one.measures not in measured}
    names = dict.fromkeys(
        [*(judge.model for judge in config.judges), *(one.group.rendered.name for one in asked.values())]
    )
    left_out = dict.fromkeys([*_twins(config, models), *pairing.left_out])
    return Evaluations(tuple(asked.values()), split, tuple(left_out), tuple(names))


def _twins(config: Config, models: Mapping[str, VisionModel]) -> Iterator[str]:
    """Yield which models that judge, or are rendered, are the same network as one before them."""
    judges = [judge.model for judge in config.judges]
    rendered = [name for block in config.render for name in block.model]
    for names in (judges, rendered):
        first: dict[str, str] = {}
        for name in names:
            other = first.setdefault(models[name].card.identity.fingerprint, name)
            if other != name:
                yield f"{name}: it is the same network as {other}; what both are asked for is scored once, as {other}'s"
