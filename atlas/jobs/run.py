"""Run: render what a plan has and the store has not."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import torch

from atlas.config import Config
from atlas.errors import ConfigError
from atlas.jobs.allocator import keep_freed_memory
from atlas.jobs.executors.base import Executor, Monitor, choose_executor, resolve_device
from atlas.jobs.executors.serial import SerialExecutor
from atlas.jobs.tasks import Task
from atlas.jobs.worker import Outcome, Work
from atlas.metrics import in_order
from atlas.models.load import VisionModel
from atlas.photos import PhotoSet
from atlas.photos.spec import LARGEST_FILE
from atlas.plan.analyses import AnalysisPlan, analysis_batches
from atlas.plan.renderings import Plan
from atlas.store import Store
from atlas.store.repair import sweep
from atlas.tasks.batch import PlannedJob, batches
from atlas.tasks.bench import PlannedAnalysis

BATCH_SIZES = {"cpu": 8, "cuda": 64}
"""Jobs in one batch where the configuration says ``auto``: a CPU gains nothing beyond 8."""
RENDERINGS_PER_ANALYSIS = 4
"""What an analysis costs, in renderings, roughly; it decides whether several workers are worth their start."""
CLASSES_TOGETHER = 8
"""Classes that an accelerator factorises as one batch; a CPU gains nothing from it."""
DEAD, QUARANTINED = "dead", "quarantined"
"""What is tried again on demand; other failures are by every run."""
SHORTEST_KEY = 4
"""Digits of a key that must be given to choose a job: an empty one, from a slip in a script, would choose them all."""


@dataclass(frozen=True)
class Pending:
    """What of a plan is still to do.

    Attributes:
        missing: jobs to render now.
        present: how many are stored.
        quarantined: jobs that killed their worker before and are left out.
    """

    missing: list[PlannedJob]
    present: int
    quarantined: list[PlannedJob]


@dataclass
class Report:
    """What a run did. ``interrupted`` says that it was stopped before its end."""

    done: int = 0
    dead: list[Outcome] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    interrupted: bool = False

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        if outcome.status == "done":
            self.done += 1
            self.notices += [outcome.message] if outcome.message else []
        else:
            (self.dead if outcome.status == "dead" else self.failed).append(outcome)

    @property
    def finished(self) -> int:
        """How many jobs ended, in whatever way."""
        return self.done + len(self.dead) + len(self.failed)


def pending(plan: Plan, store: Store, only: Sequence[str] = (), retry: Collection[str] = ()) -> Pending:
    """Return what is missing.

    Args:
        only: beginnings of job keys; if any are given, all other jobs are left out.
        retry: what to take as well: jobs that are ``dead``, or ``quarantined``.

    Raises:
        ConfigError: no job of the plan has a key that begins so, or it is too short to tell.
    """
    jobs = _chosen(plan, only) if only else list(plan.jobs)
    absent = [job for job in jobs if not store.has(job.key)]
    held = [] if QUARANTINED in retry else [job for job in absent if _is_quarantined(store, job.key)]
    dead = [replace(job, again=True) for job in jobs if store.is_dead(job.key)] if DEAD in retry else []
    left_out = {job.key for job in held}
    missing = [job for job in absent if job.key not in left_out]
    return Pending(missing + dead, len(jobs) - len(absent) - len(dead), held)


def knows(plan: Plan, only: Sequence[str]) -> bool:
    """Tell whether every one of these beginnings of keys, of which there are some, is that of a job of the plan."""
    return bool(only) and all(
        len(prefix) >= SHORTEST_KEY and any(job.key.startswith(prefix.lower()) for job in plan.jobs) for prefix in only
    )


def _chosen(plan: Plan, only: Sequence[str]) -> list[PlannedJob]:
    problems = [
        f'no job of this configuration has a key that begins with "{prefix}"'
        if len(prefix) >= SHORTEST_KEY
        else f'"{prefix}" is too short; give at least the first {SHORTEST_KEY} digits of a key'
        for prefix in only
        if len(prefix) < SHORTEST_KEY or not any(job.key.startswith(prefix.lower()) for job in plan.jobs)
    ]
    if problems:
        raise ConfigError(
            problems, remedy="take the key from the picture's recipe, and the configuration it was made with"
        )
    return [job for job in plan.jobs if any(job.key.startswith(prefix.lower()) for prefix in only)]


def render(
    config: Config,
    models: Mapping[str, VisionModel],
    plan: Plan,
    jobs: Sequence[PlannedJob],
    store: Store,
    monitor: Monitor,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> Report:
    """Render jobs of a plan and store every result as soon as its batch ends.

    Raises:
        StoreError: the store cannot be written; what was finished is stored.
        ExecutorError: no worker could be had.
    """
    sweep(store.path)
    for card in plan.cards.values():
        store.save_card(card)
    for metric in in_order():
        store.save_metric(metric.card)
    keep_inputs(plan, store)
    report = Report()
    size = batch_size(config, resolve_device(config.executor.device))
    executor = partial(_executor, config, models, store, None)
    _run(executor, batches(jobs, size), len(jobs), monitor, on_outcome, report)
    return report


def keep_inputs(plan: Plan, store: Store) -> None:
    """Give the store what jobs name by digest, and whom photos are owed to.

    Raises:
        PhotoError: a photo is gone, or no longer what it was.
    """
    for data in plan.inputs.values():
        store.save_input(data)
    for digest, photo in plan.photos.items():
        store.save_photo(photo.credit)
        if not store.input_path(digest).exists():
            store.save_input(photo.read(LARGEST_FILE))


def analyse(
    config: Config,
    models: Mapping[str, VisionModel],
    analyses: AnalysisPlan,
    store: Store,
    monitor: Monitor,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    retry: Collection[str] = (),
) -> Report:
    """Make the analyses that are missing. Which are current is said by :func:`atlas.jobs.selecting.select`, before.

    Raises:
        StoreError, ExecutorError: as :func:`render`.
    """
    sweep(store.path, *([] if config.photos is None else [config.photos.cache]))
    for planned in analyses.jobs:
        store.save_card(models[planned.model].card)
    report = Report()
    photos = replace(analyses.photo_set, photos=()) if analyses.photo_set else None
    executor = partial(_executor, config, models, store, photos)
    together = 1 if resolve_device(config.executor.device) == "cpu" else CLASSES_TOGETHER
    for wave in (analyses.first, analyses.second):
        missing = [job for job in wave if is_to_do(store, job, retry)]
        if not report.interrupted:
            cost = len(missing) * RENDERINGS_PER_ANALYSIS
            _run(executor, analysis_batches(missing, together), cost, monitor, on_outcome, report)
    return report


def is_to_do(store: Store, planned: PlannedAnalysis, retry: Collection[str]) -> bool:
    """Tell whether an analysis is neither complete nor in quarantine."""
    held = QUARANTINED not in retry and _is_quarantined(store, planned.key)
    return not store.has(planned.key) and not held


def _is_quarantined(store: Store, key: str) -> bool:
    attempt = store.failure(key)
    return attempt is not None and attempt.is_quarantined


def _run(
    executor: Callable[[int], Executor],
    tasks: Sequence[Task],
    cost: int,
    monitor: Monitor,
    on_outcome: Callable[[Outcome], None],
    report: Report,
) -> None:
    """Run tasks and add what comes of them to the report.

    Args:
        executor: made for tasks of that cost.
        cost: of all of them, in renderings.
    """
    before, expected = report.finished, sum(len(task.jobs) for task in tasks)
    if tasks:
        for outcome in executor(cost).run(tasks, monitor):
            report.add(outcome)
            on_outcome(outcome)
    report.interrupted = report.finished - before < expected


def _executor(
    config: Config, models: Mapping[str, VisionModel], store: Store, photos: PhotoSet | None, cost: int
) -> Executor:
    """Return the executor that the configuration asks for, for work that costs so many renderings."""
    options = config.executor
    device = resolve_device(options.device)
    kind = choose_executor(options.kind, device, cost, options.address)
    threads = options.threads or (usable_cores() if kind == "serial" else 1)
    specs = {spec.name: spec for spec in config.models}
    work = Work(store.path.resolve(), specs, device, threads, photos)
    if kind == "serial":
        if device == "cpu":
            keep_freed_memory()
        return SerialExecutor(work, dict(models))
    from atlas.jobs.executors.cluster import RayExecutor

    return RayExecutor(work, options.workers, options.address)


def batch_size(config: Config, device: str) -> int:
    """Return how many jobs are optimised together; it does not change the pictures."""
    configured = config.executor.batch_size
    return configured if isinstance(configured, int) else BATCH_SIZES.get(torch.device(device).type, 16)


def usable_cores() -> int:
    """Return how many cores this process may use; more threads than that are several times slower."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
