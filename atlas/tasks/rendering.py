"""Pictures: optimised together, measured as they are stored, and kept with their recipe."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar

import torch

from atlas.core.attempt import Attempt
from atlas.core.job import PHOTO_KINDS, Job, ModelIdentity, Series, Target
from atlas.core.record import Failure, Provenance
from atlas.methods import RenderBatch, Result, methods
from atlas.photos import Photo
from atlas.photos.spec import LARGEST_FILE
from atlas.store import Store
from atlas.store.snapshot import Snapshot
from atlas.store.store import Commits
from atlas.tasks.bench import Bench
from atlas.tasks.finish import Finding, dead_record, done_record, findings
from atlas.tasks.isolation import Problem, isolated
from atlas.tasks.machine import Machine
from atlas.tasks.task import Finish, Outcome, Task

if TYPE_CHECKING:
    from atlas.models.network.network import Network


@dataclass(frozen=True)
class RenderTask(Task):
    """A picture to render.

    Attributes:
        series: all that decides it but for the target and the seed. aim: the target's text. seed: of the job.
        known_as: the job's key.
        references: the reference photos that its target lists.
        needs: key of the concepts that its direction is of.
        again: it is to be rendered although the store has it as dead.
    """

    kind: ClassVar[str] = "rendering"
    cost: ClassVar[int] = 1
    paced: ClassVar[bool] = True
    relief: ClassVar[str] = f"{Task.relief}, or the method's crops or image_size"

    series: Series
    aim: str
    seed: int
    known_as: str
    references: tuple[Photo, ...] = ()
    needs: tuple[str, ...] = ()
    again: bool = False

    @classmethod
    def of(cls, model: str, job: Job, references: tuple[Photo, ...] = (), needs: tuple[str, ...] = ()) -> "RenderTask":
        """Return the task of a job."""
        return cls(model, Series.of(job), job.target.text, job.seed, job.key, references, needs)

    def aimed_at(self, target: Target) -> "RenderTask":
        """Return the same task of another target."""
        text = target.text
        return replace(self, aim=text, known_as=self.series.keys()(text, self.seed))

    @property
    def target(self) -> Target:
        """What it is to show; read anew each time, since half a million of them are large."""
        return Target.model_validate_json(self.aim)

    @property
    def job(self) -> Job:
        """Everything that decides it; made anew each time, likewise."""
        return self.series.job(self.target, self.seed)

    @property
    def key(self) -> str:
        """See :attr:`Task.key`."""
        return self.known_as

    @property
    def identity(self) -> ModelIdentity:
        """See :attr:`Task.identity`."""
        return self.series.model

    def __str__(self) -> str:
        seed = f", seed {self.seed}" if self.seed else ""
        return f"{self.model}: {self.target} by {self.series.method}{seed}"

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        target = self.target
        if target.kind == "direction":
            return f"{self.model} {target.layer} concepts of class {target.unit}"
        if target.kind in PHOTO_KINDS:
            return f"{self.model} {target.layer} {target.kind}s"
        return f"{self.model} {target.layer if target.kind == 'logit' else f'{target.layer} {target.kind}s'}"

    @property
    def columns(self) -> tuple[str, str, str]:
        """See :attr:`Task.columns`."""
        target = self.target
        return target.layer, target.kind, self.series.method

    @property
    def shares(self) -> object:
        """Layer, kind, method, parameters, numerics and what tells facets apart; a class's concepts are looked at
        together, and made so."""
        target = self.target
        of_class = target.unit if target.kind == "direction" else None
        facets = None if target.facet is None else [target.facet.layer, target.facet.strength]
        return [self.series.digest, target.layer, target.kind, of_class, facets]

    def together(self, machine: Machine) -> int | None:
        """See :meth:`Task.together`; all directions of a class."""
        return None if self.target.kind == "direction" else machine.batch_size

    def in_a_thread(self) -> int:
        """See :meth:`Task.in_a_thread`."""
        method = methods.get(self.series.method)
        return method.in_a_thread(self.target.kind, method.complete(self.series.parameters))

    @property
    def views(self) -> int:
        """See :attr:`Task.views`."""
        method = methods.get(self.job.method)
        return method.samples(self.job.target.kind, method.complete(self.job.parameters))

    def unlike(self) -> str:
        """See :meth:`Task.unlike`."""
        here, planned = methods.get(self.series.method).version, self.series.version
        return "" if here == planned else f'the method "{self.series.method}" is version {here}, and not {planned}'

    def in_a_pass(self, network: "Callable[[str], Network]") -> int | None:
        """See :meth:`Task.in_a_pass`: of methods that show all views of a picture in one pass."""
        job = self.job
        method = methods.get(job.method)
        parameters = method.complete(job.parameters)
        if not method.together:
            return None
        at_once = network(job.numerics).views_at_once([job.target.layer], parameters.shown)
        return max(1, at_once // method.samples(job.target.kind, parameters))

    def is_stored(self, store: Store | Snapshot) -> bool:
        """See :meth:`Task.is_stored`."""
        return store.has(self.key) and not (self.again and store.is_dead(self.key))

    def failed(self, error: Failure, provenance: Provenance, trace: Sequence[float] = ()) -> Attempt:
        """See :meth:`Task.failed`."""
        return super().failed(error, provenance, trace).model_copy(update={"job": self.job})

    @staticmethod
    def run(tasks: "Sequence[RenderTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`."""
        return RenderTask.make(tasks, bench)()

    @classmethod
    def make(cls, tasks: "Sequence[RenderTask]", bench: Bench) -> Finish:
        """See :meth:`Task.make`: encoding and storing take no device."""
        started = perf_counter()
        results = render(tasks, bench)
        provenance = bench.provenance((perf_counter() - started) / len(tasks), len(tasks))
        return partial(_keep_all, bench.store, provenance, _measured(tasks, results, bench))


Finished = tuple[RenderTask, Result, Finding | Problem]
"""What was rendered, and what was found of it or why that could not be."""


def render(tasks: Sequence[RenderTask], bench: Bench) -> list[Result]:
    """Optimise a batch of pictures, each from its own seed."""
    first = tasks[0].job
    method = methods.get(first.method)
    return method.render(
        RenderBatch(
            bench.network(first.numerics),
            [task.target for task in tasks],
            [task.job.random_seed for task in tasks],
            method.complete(first.parameters),
            _loader(tasks, bench.store),
            bench.on_step,
            bench.should_stop,
        )
    )


def _loader(tasks: Sequence[RenderTask], store: Store) -> Callable[[str], bytes]:
    """Return what gives the bytes of whatever jobs name by digest: from the store, or a reference photo's file."""
    photos = {photo.digest: photo for task in tasks for photo in task.references}

    def load(digest: str) -> bytes:
        photo = photos.get(digest)
        return store.read_input(digest) if photo is None else photo.read(LARGEST_FILE)

    return load


def _measured(tasks: Sequence[RenderTask], results: Sequence[Result], bench: Bench) -> list[Finished]:
    """Measure a batch on the device.

    A picture that cannot be measured harms no other, and none is rendered again for it.
    """
    network = bench.network(tasks[0].series.numerics)
    jobs, classifies = [task.job for task in tasks], bool(bench.model.card.classes)
    found, problem = isolated(
        lambda: findings(jobs, results, network, classifies, bench.store.read_input), bench.device
    )
    if found is not None:
        return list(zip(tasks, results, found, strict=True))
    if len(tasks) == 1:
        return [(tasks[0], results[0], problem)]
    return [one for task, result in zip(tasks, results, strict=True) for one in _measured([task], [result], bench)]


def _keep_all(store: Store, provenance: Provenance, finished: Sequence[Finished]) -> list[Outcome]:
    """Encode and store a batch's pictures in threads (both leave Python's lock)."""
    store.save_method(methods.get(finished[0][0].series.method).card)
    with store.together() as commits, ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(partial(_kept, store, commits, provenance), finished))


def _kept(store: Store, commits: Commits, provenance: Provenance, finished: Finished) -> Outcome:
    """Store one picture; one that cannot be encoded harms no other."""
    task, result, finding = finished
    if isinstance(finding, Problem):
        return _failed(task, store, Failure(kind="error", message=finding.text), provenance)
    outcome, problem = isolated(lambda: _keep(store, commits, provenance, task, result, finding), torch.device("cpu"))
    return outcome or _failed(task, store, Failure(kind="error", message=problem.text), provenance)


def _keep(
    store: Store, commits: Commits, provenance: Provenance, task: RenderTask, result: Result, finding: Finding
) -> Outcome:
    if result.status == "failed":
        diverged = Failure(kind="diverged", message=result.message)
        return _failed(task, store, diverged, provenance, result.trace)
    if result.status == "dead":
        commits.commit(task.key, dead_record(task.job, result, provenance), {})
    else:
        commits.commit(task.key, *done_record(task.job, result, finding, provenance))
    return Outcome(task, result.status, result.message or "; ".join(finding.notices))


def _failed(
    task: RenderTask, store: Store, error: Failure, provenance: Provenance, trace: Sequence[float] = ()
) -> Outcome:
    store.record_failure(task.failed(error, provenance, trace))
    return Outcome(task, "failed", error.message)
