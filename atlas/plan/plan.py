"""Plan: all tasks of a configuration, as a graph, and what they are about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from atlas.core.model_card import ModelCard
from atlas.core.selection import ModelSelection
from atlas.models.load import VisionModel
from atlas.models.spec import ModelSpec
from atlas.photos import Photo, PhotoSet
from atlas.photos.split import Split
from atlas.plan.evaluations import Evaluations
from atlas.plan.findings.plan import Findings
from atlas.store import Store
from atlas.tasks.concepts import ConceptsTask
from atlas.tasks.facets import FacetsTask
from atlas.tasks.findings.finding import FindingTask
from atlas.tasks.rendering import RenderTask
from atlas.tasks.score import ScoreTask
from atlas.tasks.statistics import StatisticsTask
from atlas.tasks.task import Task


@dataclass(frozen=True)
class Plan:
    """What is to be made, whether it is there already or not.

    Attributes:
        tasks: every task once, in the order in which they are best made; edges are :attr:`Task.needs`.
        models: those that the tasks are about, loaded, by the names that the configuration has for them.
        specs: how another process loads them; one that is not here exists in this process only.
        photo_set: the reference photos; None if there are none.
        inputs: sha256 to bytes of what tasks name by digest, but for photos.
        stand_ins: the same of what is only expected.
        photos: sha256 to the photos that pictures start from or are of; the store gets a copy of each.
        evaluations: the scores of its pictures; which tasks make them follows from what a store has.
        findings: the analyses of models, likewise.
        scored: keys of the scores that ``[[evaluate]]`` tables ask for, of pictures that are there.
        split: of the photos, into those that judge and the others, if one is asked for.
        current: which analyses of a model are current once all is made, by its fingerprint.
        awaits: names of scores and analyses that are asked for and are no part of the plan, so that no judge is needed.
        configuration: its name in the store; empty for a plan that none stands behind, and the store notes nothing of.
        notices: sentences for a person.
    """

    tasks: tuple[Task, ...] = ()
    models: Mapping[str, VisionModel] = field(default_factory=dict)
    specs: Mapping[str, ModelSpec] = field(default_factory=dict)
    photo_set: PhotoSet | None = None
    inputs: Mapping[str, bytes] = field(default_factory=dict)
    stand_ins: Mapping[str, bytes] = field(default_factory=dict)
    photos: Mapping[str, Photo] = field(default_factory=dict)
    evaluations: Evaluations = field(default_factory=Evaluations)
    split: Split | None = None
    findings: Findings = field(default_factory=Findings)
    scored: frozenset[str] = frozenset()
    current: Mapping[str, ModelSelection] = field(default_factory=dict)
    awaits: tuple[str, ...] = ()
    configuration: str = ""
    notices: tuple[str, ...] = ()

    @cached_property
    def jobs(self) -> tuple[RenderTask, ...]:
        """The pictures."""
        return tuple(task for task in self.tasks if isinstance(task, RenderTask))

    @cached_property
    def analyses(self) -> tuple[Task, ...]:
        """All tasks but the pictures."""
        return tuple(task for task in self.tasks if not isinstance(task, RenderTask))

    @cached_property
    def concepts(self) -> tuple[ConceptsTask, ...]:
        """The classes whose concepts are found."""
        return tuple(task for task in self.tasks if isinstance(task, ConceptsTask))

    @cached_property
    def facets(self) -> tuple[FacetsTask, ...]:
        """The classes whose photos are told apart."""
        return tuple(task for task in self.tasks if isinstance(task, FacetsTask))

    @cached_property
    def statistics(self) -> tuple[StatisticsTask, ...]:
        """The layers whose units are described."""
        return tuple(task for task in self.tasks if isinstance(task, StatisticsTask))

    @cached_property
    def scores(self) -> tuple[ScoreTask, ...]:
        """The scores of pictures that are there, but for those that analyses are made of: :meth:`with_follow_ups`."""
        return tuple(task for task in self.tasks if isinstance(task, ScoreTask) and task.key in self.scored)

    @cached_property
    def found(self) -> tuple[FindingTask, ...]:
        """What analyses of models find: see :meth:`with_follow_ups`."""
        return tuple(task for task in self.tasks if isinstance(task, FindingTask))

    @cached_property
    def cards(self) -> dict[str, ModelCard]:
        """Name to card of every model that a task is about, or that judges or is analysed."""
        names = dict.fromkeys([*(task.model for task in self.tasks), *self.evaluations.models, *self.findings.models])
        return {name: self.models[name].card for name in names}

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all results: of the tasks, and of the stages that concepts are made in."""
        stages = (stage.key for task in self.concepts for stage in (task.factorisation, task.importance))
        return frozenset([*(task.key for task in self.tasks), *stages])

    def with_follow_ups(self, store: Store | None) -> "Plan":
        """Return the plan with all that is known to follow from what a store has; None of a store that is none yet."""
        if store is None:
            return self
        scored = self.evaluations.tasks(store)
        known = {task.key: task for task in self.tasks}
        for task in (*_follow_ups(self.tasks, store), *scored, *self.findings.tasks(store)):
            known.setdefault(task.key, task)
        return replace(self, tasks=tuple(known.values()), scored=frozenset(task.key for task in scored))

    def expected(self, store: Store | None) -> list[Task]:
        """Return stand-ins of what may follow from tasks that the store does not have."""
        missing = [task for task in self.tasks if store is None or not task.is_stored(store)]
        return [expected for task in missing for expected in task.expected()]


def _follow_ups(tasks: tuple[Task, ...], store: Store) -> Iterator[Task]:
    for task in tasks:
        follow_ups = tuple(task.follow_ups(store))
        yield from follow_ups
        yield from _follow_ups(follow_ups, store)
