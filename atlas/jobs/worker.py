"""Worker: renders batches on one device and writes what comes of them to the store. The same under every executor."""

import logging
import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import NamedTuple, TypeVar

import torch

from atlas.core.job import ModelIdentity
from atlas.core.record import FailureKind, Provenance, Status
from atlas.errors import AtlasError, ExecutorError, StoreError
from atlas.jobs.failing import failed_attempt
from atlas.jobs.known_models import check_planned
from atlas.jobs.tasks import Planned, Task, is_stored
from atlas.methods import RenderBatch, Result, methods
from atlas.models.code.foreign import text_of
from atlas.models.load import VisionModel, load_model
from atlas.models.spec import ModelSpec
from atlas.photos import PhotoSet
from atlas.photos.spec import LARGEST_FILE
from atlas.store import Store
from atlas.synthesis.steps.ascent import Stopped
from atlas.tasks.batch import Batch, PlannedJob
from atlas.tasks.bench import AnalysisBatch, Bench
from atlas.tasks.finish import Finding, dead_record, done_record, findings
from atlas.tasks.provenance import device_name, versions
from atlas.tasks.shortage import REMEDY, is_shortage, release

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """What a worker needs besides batches; small and picklable, so that it can travel to another machine.

    Attributes:
        store: absolute path of the store, the same on every machine. So are the paths of photos.
        models: name to specification of every model in the plan.
        device: torch device, e.g. ``cpu``, ``cuda:0``.
        threads: CPU threads of one worker; None leaves torch's choice.
        photos: decodes the reference photos, if there are any; lists none itself.
    """

    store: Path
    models: dict[str, ModelSpec]
    device: str
    threads: int | None = None
    photos: PhotoSet | None = None


@dataclass(frozen=True)
class Outcome:
    """How one job ended, small enough to send between machines.

    Attributes:
        message: why, if it is not done; of an analysis that is done, what a person should know.
        quarantined: it ended its worker again and again, and is not tried again unasked.
    """

    planned: Planned
    status: Status
    message: str = ""
    quarantined: bool = False


class Problem(NamedTuple):
    """What was wrong with a batch, and whether that was a shortage of memory."""

    text: str
    of_memory: bool = False


class Worker:
    """Holds one model at a time and renders batches with it.

    Args:
        work: where to write, and which models there are.
        loaded: models that this process has already loaded, by name.
    """

    def __init__(self, work: Work, loaded: dict[str, VisionModel] | None = None) -> None:
        self._store = Store(work.store)
        self._work = work
        self._device = torch.device(work.device)
        self._models = dict(loaded or {})
        if work.threads is not None:
            torch.set_num_threads(work.threads)
        # "float32" in a key means float32, and the same plan gives the same bytes: no TF32, no choice by timing.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True

    def run(
        self,
        batch: Task,
        on_step: Callable[[int, int], None] = lambda done, steps: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> list[Outcome]:
        """Render a batch and store every result; jobs that are already stored are left alone.

        If the batch as a whole raises, its jobs are tried one by one, so that one bad target harms no other; if memory
        was short, each half is.

        Raises:
            Stopped: ``should_stop`` said so; nothing of the batch is stored.
            StoreError: the store cannot be written.
            ExecutorError: the model is not the planned one, as this worker loads it.
        """
        if isinstance(batch, AnalysisBatch):
            return self._analyse(batch, on_step, should_stop)
        missing = tuple(job for job in batch.jobs if not is_stored(self._store, job))
        outcomes = [Outcome(job, "done") for job in batch.jobs if job not in missing]
        if not missing:
            return outcomes
        started = perf_counter()
        renderings, error = self._isolated(lambda: self._render(missing, on_step, should_stop))
        if renderings is None:
            if len(missing) > 1:
                parts = Batch(missing).halves() if error.of_memory else Batch(missing).alone()
                groups = [self.run(part, on_step, should_stop) for part in parts]
                return outcomes + [outcome for group in groups for outcome in group]
            seconds = perf_counter() - started
            return [*outcomes, self._fail(missing[0], "error", error.text, self._provenance(1, seconds))]
        provenance = self._provenance(len(missing), (perf_counter() - started) / len(missing))
        return outcomes + self._finish(missing, renderings, provenance)

    def _render(
        self, jobs: Sequence[PlannedJob], on_step: Callable[[int, int], None], should_stop: Callable[[], bool]
    ) -> list[Result]:
        first = jobs[0].job
        method = methods.get(first.method)
        return method.render(
            RenderBatch(
                self._model(jobs[0].model, first.model).network(first.numerics, self._device),
                [planned.job.target for planned in jobs],
                [planned.job.random_seed for planned in jobs],
                method.complete(first.parameters),
                self._loader(jobs),
                on_step,
                should_stop,
            )
        )

    def _loader(self, jobs: Sequence[PlannedJob]) -> Callable[[str], bytes]:
        """Return what gives the bytes of whatever jobs name by digest: from the store, or a reference photo's file."""
        photos = {photo.digest: photo for planned in jobs for photo in planned.references}

        def load(digest: str) -> bytes:
            photo = photos.get(digest)
            return self._store.read_input(digest) if photo is None else photo.read(LARGEST_FILE)

        return load

    def _analyse(
        self, batch: AnalysisBatch, on_step: Callable[[int, int], None], should_stop: Callable[[], bool]
    ) -> list[Outcome]:
        """Make a batch of analyses; one by one if it raises as a whole."""
        missing = tuple(job for job in batch.jobs if not self._store.has(job.key))
        outcomes = [Outcome(job, "done") for job in batch.jobs if job not in missing]
        if not missing:
            return outcomes
        started = perf_counter()
        notices, error = self._isolated(lambda: missing[0].run(missing, self._bench(batch, on_step, should_stop)))
        if notices is not None:
            return outcomes + [Outcome(job, "done", notice) for job, notice in zip(missing, notices, strict=True)]
        if len(missing) > 1:
            alone = [self._analyse(one, on_step, should_stop) for one in AnalysisBatch(missing).alone()]
            return outcomes + [outcome for group in alone for outcome in group]
        return [*outcomes, self._fail(missing[0], "error", error.text, self._provenance(1, perf_counter() - started))]

    def _bench(
        self, batch: AnalysisBatch, on_step: Callable[[int, int], None], should_stop: Callable[[], bool]
    ) -> Bench:
        assert self._work.photos is not None  # analyses are planned from photos only
        seen = 0

        def on_photo() -> None:
            nonlocal seen
            seen += 1
            if should_stop():
                raise Stopped
            on_step(min(seen, batch.photos), batch.photos)

        return Bench(
            self._store,
            self._model(batch.model, batch.jobs[0].analysis.model),
            self._device,
            self._work.photos,
            self._work.photos.spec.cache,
            lambda seconds: self._provenance(1, seconds),
            on_photo,
        )

    def _model(self, name: str, planned: ModelIdentity) -> VisionModel:
        """Return a model, loaded unless this process has it.

        Raises:
            ExecutorError: what was loaded is not what was planned.
        """
        if name not in self._models:
            model, card = load_model(self._work.models[name]), self._store.card(planned.fingerprint)
            check_planned(card, model.card, f"a worker on {socket.gethostname()}")
            self._models = {name: model.known_as(card)}  # one at a time: devices are small
        return self._models[name]

    def _finish(self, jobs: Sequence[PlannedJob], renderings: list[Result], provenance: Provenance) -> list[Outcome]:
        """Measure the batch on the device, then encode and store its pictures in threads (both leave Python's lock)."""
        model = self._model(jobs[0].model, jobs[0].job.model)
        network = model.network(jobs[0].job.numerics, self._device)
        plain = [planned.job for planned in jobs]
        classifies = bool(model.card.classes)
        found, error = self._isolated(lambda: findings(plain, renderings, network, classifies, self._store.read_input))
        if found is None:
            if len(jobs) == 1:
                return [self._fail(jobs[0], "error", error.text, provenance)]
            pairs = zip(jobs, renderings, strict=True)
            return [outcome for job, one in pairs for outcome in self._finish([job], [one], provenance)]
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            return list(pool.map(partial(self._keep, provenance), jobs, renderings, found))

    def _keep(self, provenance: Provenance, planned: PlannedJob, rendering: Result, finding: Finding) -> Outcome:
        if rendering.status == "failed":
            return self._fail(planned, "diverged", rendering.message, provenance, rendering.trace)
        if rendering.status == "dead":
            self._store.commit(planned.key, dead_record(planned.job, rendering, provenance), {})
        else:
            self._store.commit(planned.key, *done_record(planned.job, rendering, finding, provenance))
        return Outcome(planned, rendering.status, rendering.message or "; ".join(finding.notices))

    def _fail(
        self, planned: Planned, kind: FailureKind, message: str, provenance: Provenance, trace: Sequence[float] = ()
    ) -> Outcome:
        self._store.record_failure(failed_attempt(planned, kind, message, provenance, trace))
        return Outcome(planned, "failed", message)

    def _provenance(self, batch_size: int, seconds: float) -> Provenance:
        return Provenance(
            versions=versions(),
            device=device_name(self._device),
            batch_size=batch_size,
            seconds=round(seconds, 3),
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )

    def _isolated(self, function: Callable[[], T]) -> tuple[T | None, Problem]:
        """Return the result, or None and what was wrong if it raises.

        A stop, a store that fails and a model that is not the planned one end the run.
        """
        try:
            return function(), Problem("")
        except (Stopped, StoreError, ExecutorError, KeyboardInterrupt):
            raise
        except BaseException as error:  # a model's or a method's own code may raise anything, or end the program
            logger.debug("a job failed", exc_info=True)
            problem = Problem(_said(error)[:2000], is_shortage(error))
        if problem.of_memory:  # here, where the error no longer holds what was computed
            release(self._device)
        return None, problem


def _said(error: BaseException) -> str:
    if isinstance(error, AtlasError):
        return error.sentence
    text = f"{type(error).__name__}: {text_of(error)}"
    return f"not enough memory, even alone; {REMEDY} ({text})" if is_shortage(error) else text
