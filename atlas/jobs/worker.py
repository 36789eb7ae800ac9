"""Worker: makes batches of tasks with one model at a time, on one device. The same under every executor."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import torch

from atlas.core.record import Failure
from atlas.jobs.known_models import check_planned, check_versions
from atlas.jobs.lanes import OnStep, Progress, ShouldStop, in_lanes, one_thread
from atlas.jobs.memory import Memory
from atlas.jobs.patience import PatientStore, patiently
from atlas.models.load import VisionModel, load_model
from atlas.models.network.network import Network
from atlas.models.spec import ModelSpec
from atlas.photos import PhotoSet
from atlas.tasks.batch import Batch
from atlas.tasks.bench import Bench
from atlas.tasks.isolation import isolated
from atlas.tasks.peak import begin_peak
from atlas.tasks.task import Finish, Outcome, Task
from atlas.version import __version__


@dataclass(frozen=True)
class Work:
    """What a worker needs besides batches; small and picklable, so that it can travel to another machine.

    Attributes:
        store: absolute path of the store, the same on every machine. So are the paths of photos.
        models: name to specification of every model that a worker may have to load.
        device: torch device, e.g. ``cpu``, ``cuda:0``.
        threads: pictures that a worker makes at a time on a CPU, each in a thread of its own.
        photos: decodes the reference photos, if there are any; lists none itself.
        version: of the product that planned.
    """

    store: Path
    models: dict[str, ModelSpec]
    device: str
    threads: int = 1
    photos: PhotoSet | None = None
    version: str = __version__


class Worker:
    """Holds one model at a time and makes batches of tasks with it.

    Args:
        work: where to write, and which models there are.
        loaded: models that this process has already loaded, by name.
        load: loads another.
    """

    def __init__(
        self,
        work: Work,
        loaded: dict[str, VisionModel] | None = None,
        load: Callable[[ModelSpec], VisionModel] = load_model,
    ) -> None:
        self._load = load
        self._store = PatientStore(work.store)
        self._work = work
        self._device = torch.device(work.device)
        self._models = dict(loaded or {})
        self._memories: dict[str, Memory] = {}
        self._twins: dict[str, list[VisionModel]] = {}
        # "float32" in a key means float32, and the same plan gives the same bytes: no TF32, no choice by timing.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True

    def run(
        self,
        batch: Batch,
        on_step: Callable[[int, int], None] = lambda done, steps: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> list[Outcome]:
        """Make a batch and store every result; what is stored already is left alone. See :meth:`begin`."""
        return self.begin(batch, on_step, should_stop)()

    def begin(
        self,
        batch: Batch,
        on_step: Callable[[int, int], None] = lambda done, steps: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Finish:
        """Make a batch, as far as that takes the device; return what stores every result and tells how each ended.

        That may be called in another thread, while the next batch is begun. If the batch as a whole raises, its tasks
        are tried one by one, so that one that is bad harms no other; if memory was short, each half is.

        Raises:
            Stopped: ``should_stop`` said so; of what was in hand, nothing is stored.
            StoreError: the store cannot be written, now or by what is returned.
            DeviceError: the device computes no more.
            ExecutorError: the model, a method or the product is not the planned one, as this worker has it.
        """
        missing = [task for task in batch.tasks if not task.is_stored(self._store)]
        stored = [Outcome(task, "done") for task in batch.tasks if task not in missing]
        if not missing:
            return lambda: stored
        check_versions(self._work.version, missing, f"a worker on {socket.gethostname()}")
        begin_peak(self._device)
        with one_thread():
            parts = self._parts(missing)
            models = self._lanes(missing[0]) if len(parts) > 1 else [self._model(missing[0])]
            progress = Progress([len(part.tasks) for part in parts], on_step)

            def making(part: Batch, on_step: OnStep) -> Callable[[int, ShouldStop], list[Finish]]:
                return lambda lane, stop: self._make(part, self._bench(models[lane], on_step, stop))

            work = [making(part, progress.of(place)) for place, part in enumerate(parts)]
            made = in_lanes(work, len(models), should_stop)
        self._memory(missing[0]).keep()
        return lambda: stored + [outcome for finishes in made for finish in finishes for outcome in patiently(finish)]

    def _make(self, batch: Batch, bench: Bench) -> list[Finish]:
        """Make tasks of which none is stored, but for storing them; if they fail together, in smaller batches."""
        started = perf_counter()
        first = batch.tasks[0]
        made, problem = isolated(lambda: first.make(batch.tasks, bench), self._device)
        memory = self._memory(first)
        if made is not None:
            memory.fitted(first, len(batch.tasks))
            return [made]
        if len(batch.tasks) > 1:
            if problem.of_memory:
                memory.short(first, len(batch.tasks))
            parts = batch.halves() if problem.of_memory else batch.alone()
            return [finish for part in parts for finish in self._left(part, bench)]
        provenance = bench.provenance(perf_counter() - started)
        self._store.record_failure(first.failed(Failure(kind="error", message=problem.text), provenance))
        return [lambda: [Outcome(first, "failed", problem.text)]]

    def _left(self, batch: Batch, bench: Bench) -> list[Finish]:
        """Make what of a batch is not stored yet: some may have been, before its fellows failed."""
        missing = tuple(task for task in batch.tasks if not task.is_stored(self._store))
        stored = [Outcome(task, "done") for task in batch.tasks if task not in missing]
        return [lambda: stored, *(self._make(Batch(missing), bench) if missing else [])]

    def _bench(self, model: VisionModel, on_step: OnStep, should_stop: ShouldStop) -> Bench:
        """Return what a batch of a model's tasks works with."""
        return Bench(self._store, model, self._device, self._work.photos, on_step, should_stop)

    def _parts(self, tasks: Sequence[Task]) -> list[Batch]:
        """Cut tasks into what one thread makes together: on an accelerator, as many as its memory is known to hold."""
        first, on_cpu = tasks[0], self._device.type == "cpu"
        own = first.in_a_thread() if on_cpu else first.in_a_pass(self._network_of(first))
        limits = [most for most in (own, self._memory(first).together(first)) if most is not None]
        if not limits:
            return [Batch(tuple(tasks))]
        threads = self._work.threads if on_cpu and own is not None else 1
        count = max(-(-len(tasks) // min(limits)), min(len(tasks), threads))
        edges = [len(tasks) * number // count for number in range(count + 1)]
        return [Batch(tuple(tasks[start:end])) for start, end in pairwise(edges)]

    def _lanes(self, task: Task) -> list[VisionModel]:
        """Return the model of a task once for each picture that is made at a time; all share the weights."""
        model = self._model(task)
        if self._device.type != "cpu" or self._work.threads == 1:
            return [model]
        if task.model not in self._twins:
            twins = [model.twin() for _ in range(self._work.threads - 1)]
            self._twins = {task.model: [twin for twin in twins if twin is not None]}
        return [model, *self._twins[task.model]]

    def _network_of(self, task: Task) -> Callable[[str], Network]:
        """Return what gives the network of a task's model on the device, for some numerics."""
        model = self._model(task)
        return lambda numerics: model.network(numerics, self._device)

    def _memory(self, task: Task) -> Memory:
        """Return what is known of how much of the device a model's tasks take."""
        if task.model not in self._memories:
            self._memories = {task.model: Memory(self._store, self._model(task), self._device)}
        return self._memories[task.model]

    def _model(self, task: Task) -> VisionModel:
        """Return the model of a task, loaded unless this process has it.

        Raises:
            ExecutorError: what was loaded is not what was planned.
        """
        name = task.model
        if name not in self._models:
            model, card = self._load(self._work.models[name]), self._store.card(task.identity.fingerprint)
            check_planned(card, model.card, f"a worker on {socket.gethostname()}")
            self._models = {name: model.known_as(card)}  # one at a time: devices are small
        return self._models[name]
