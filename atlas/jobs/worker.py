"""Worker: makes batches of tasks with one model at a time, on one device. The same under every executor."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch

from atlas.core.record import Failure
from atlas.jobs.known_models import check_planned
from atlas.models.load import VisionModel, load_model
from atlas.models.spec import ModelSpec
from atlas.photos import PhotoSet
from atlas.store import Store
from atlas.tasks.batch import Batch
from atlas.tasks.bench import Bench
from atlas.tasks.isolation import isolated
from atlas.tasks.task import Outcome, Task


@dataclass(frozen=True)
class Work:
    """What a worker needs besides batches; small and picklable, so that it can travel to another machine.

    Attributes:
        store: absolute path of the store, the same on every machine. So are the paths of photos.
        models: name to specification of every model that a worker may have to load.
        device: torch device, e.g. ``cpu``, ``cuda:0``.
        threads: CPU threads of one worker; None leaves torch's choice.
        photos: decodes the reference photos, if there are any; lists none itself.
    """

    store: Path
    models: dict[str, ModelSpec]
    device: str
    threads: int | None = None
    photos: PhotoSet | None = None


class Worker:
    """Holds one model at a time and makes batches of tasks with it.

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
        batch: Batch,
        on_step: Callable[[int, int], None] = lambda done, steps: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> list[Outcome]:
        """Make a batch and store every result; what is stored already is left alone.

        If the batch as a whole raises, its tasks are tried one by one, so that one that is bad harms no other; if
        memory was short, each half is.

        Raises:
            Stopped: ``should_stop`` said so; of what was in hand, nothing is stored.
            StoreError: the store cannot be written.
            ExecutorError: the model is not the planned one, as this worker loads it.
        """
        missing = tuple(task for task in batch.tasks if not task.is_stored(self._store))
        stored = [Outcome(task, "done") for task in batch.tasks if task not in missing]
        if not missing:
            return stored
        started = perf_counter()
        made, problem = isolated(
            lambda: missing[0].run(missing, self._bench(missing[0], on_step, should_stop)), self._device
        )
        if made is not None:
            return stored + made
        if len(missing) > 1:
            parts = Batch(missing).halves() if problem.of_memory else Batch(missing).alone()
            return stored + [outcome for part in parts for outcome in self.run(part, on_step, should_stop)]
        provenance = self._bench(missing[0], on_step, should_stop).provenance(perf_counter() - started)
        self._store.record_failure(missing[0].failed(Failure(kind="error", message=problem.text), provenance))
        return [*stored, Outcome(missing[0], "failed", problem.text)]

    def _bench(self, task: Task, on_step: Callable[[int, int], None], should_stop: Callable[[], bool]) -> Bench:
        return Bench(self._store, self._model(task), self._device, self._work.photos, on_step, should_stop)

    def _model(self, task: Task) -> VisionModel:
        """Return the model of a task, loaded unless this process has it.

        Raises:
            ExecutorError: what was loaded is not what was planned.
        """
        name = task.model
        if name not in self._models:
            model, card = load_model(self._work.models[name]), self._store.card(task.identity.fingerprint)
            check_planned(card, model.card, f"a worker on {socket.gethostname()}")
            self._models = {name: model.known_as(card)}  # one at a time: devices are small
        return self._models[name]
