"""Project: a configuration, opened: its models loaded, its photos listed, all that it asks for planned."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from atlas.config import Config, load_config
from atlas.face.stopping import stop_on_interrupt
from atlas.face.watch import Watch
from atlas.jobs.estimate import Estimate, estimate
from atlas.jobs.executors.base import Monitor
from atlas.jobs.known_models import settle
from atlas.jobs.pending import Pending, pending
from atlas.jobs.report import Report
from atlas.jobs.run import run_plan
from atlas.models.load import VisionModel, load_model
from atlas.photos import open_photo_set
from atlas.plan.make import make_plan
from atlas.plan.models import used_models
from atlas.plan.plan import Plan
from atlas.store import Store
from atlas.store.marker import is_absent
from atlas.tasks.batch import Batch
from atlas.tasks.machine import Machine
from atlas.tasks.rendering import RenderTask
from atlas.tasks.task import Task

OnStep = Callable[[Batch, int, int], None]
"""Told (batch, finished steps, all steps) of what runs in this process."""


@dataclass(frozen=True)
class Project:
    """What a configuration asks for, and what there is to make it with.

    Attributes:
        plan: everything that is to be there in the end, whether it is there already or not.
        machine: what it is made with. watch: who is told what goes on.
    """

    config: Config
    plan: Plan
    machine: Machine
    watch: Watch = field(default_factory=lambda: Watch.of_program(shown=False))

    @classmethod
    def open(
        cls,
        configuration: Config | Path | str,
        watch: Watch | None = None,
        models: Mapping[str, VisionModel] | None = None,
        evaluates: bool = True,
    ) -> "Project":
        """Load a configuration and the models that it is about, and plan it. Writes nothing to its store.

        Args:
            configuration: it, or its file.
            models: those that are loaded already, by name.
            evaluates: whether scores and analyses are planned, which takes the judges; they are if an analysis has
                pictures of its own.

        Raises:
            AtlasError: the configuration, a model or the photos cannot be used; all problems at once.
        """
        watch = watch or Watch.of_program(shown=False)
        config = configuration if isinstance(configuration, Config) else load_config(Path(configuration))
        known = dict(models or {})
        evaluates = evaluates or config.renders_to_analyse
        store, used = existing_store(config, damaged=True), used_models(config, evaluates)
        for spec in config.models:
            if spec.name in used and spec.name not in known:
                with watch.doing(f"loading {spec.name}"):
                    known[spec.name] = load_model(spec)
        known = {name: settle(known[name], store) for name in used}
        photo_set = None
        if config.photos is not None:
            with watch.phases() as progress:
                photo_set = open_photo_set(config.photos, lambda done, total: progress("photos", done, total))
        with watch.doing("planning"):
            machine = Machine.of(config.executor)
            plan = make_plan(config, known, photo_set, machine.device, evaluates)
        for notice in (*(notice for model in known.values() for notice in model.notices), *plan.notices):
            watch.notice(notice)
        return cls(config, plan, machine, watch)

    @property
    def store(self) -> Store:
        """The store, which is made if there is none."""
        return Store(self.config.store.path, create=True)

    @property
    def existing_store(self) -> Store | None:
        """The store if there is one."""
        return existing_store(self.config)

    def pending(self, only: Sequence[str] = (), retry: Collection[str] = (), scores: Collection[str] = ()) -> Pending:
        """Return what is to do; see :func:`atlas.jobs.pending.pending`."""
        return pending(self.plan, self.store, only, retry, scores)

    def run(self, todo: Pending | None = None, on_step: OnStep | None = None) -> Report:
        """Make what is to do, all that is missing unless it is given, with a bar.

        Ctrl-C ends it after the current step, which the report says; every result is stored as soon as it is there.

        Args:
            on_step: told of each step instead of the bar.
        """
        todo = todo or self.pending()
        with self.watch.tasks(len(todo.missing)) as bar, stop_on_interrupt() as stop:
            monitor = Monitor(on_step or bar.on_step, bar.on_outcome, bar.on_total, bar.on_notice, stop)
            return run_plan(self.plan, self.store, self.machine, monitor, todo)

    def outlook(self) -> "Outlook":
        """Return what a run would find and do, as far as that is known before."""
        store = self.existing_store
        plan = self.plan.with_follow_ups(store)
        todo = None if store is None else pending(self.plan, store)
        return Outlook(
            plan=plan,
            store=store,
            missing=list(plan.tasks) if todo is None else todo.missing,
            present=[] if todo is None else todo.present,
            quarantined=[] if todo is None else todo.quarantined,
            expected=plan.expected(store),
        )

    def estimate(self, outlook: "Outlook") -> Estimate:
        """Time a few steps of the pictures that are missing or expected; nothing is stored."""
        tasks = [task for task in (*outlook.missing, *outlook.expected) if isinstance(task, RenderTask)]
        return estimate(outlook.plan, tasks, self.machine)


@dataclass(frozen=True)
class Outlook:
    """What a run would find and do.

    Attributes:
        plan: with all that is known to follow from what the store has. store: None if there is none yet.
        missing: to do. present: stored. quarantined: left out, because it killed its worker before.
        expected: stand-ins of what may follow from what is missing.
    """

    plan: Plan
    store: Store | None
    missing: list[Task]
    present: list[Task]
    quarantined: list[Task]
    expected: list[Task]


def existing_store(config: Config, damaged: bool = False) -> Store | None:
    """Return the store of a configuration if there is one; None where it could still be made.

    Args:
        damaged: open one whose ``store.json`` is lost or damaged, too.
    """
    return None if is_absent(config.store.path) else Store(config.store.path, damaged=damaged)
