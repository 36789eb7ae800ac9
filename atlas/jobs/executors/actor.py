"""The actor: a worker in a process of its own, on whatever node Ray places it."""

import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock
from typing import Any, NamedTuple

from atlas.core.record import Status
from atlas.jobs.device import Steps, check_device, memory_used
from atlas.jobs.executors.luggage import MODULES, delivered, known_here, laid_out, unpack
from atlas.jobs.executors.session import fetched, own_place
from atlas.jobs.worker import Work, Worker
from atlas.models.load import VisionModel, load_model
from atlas.models.spec import ModelSpec
from atlas.synthesis.steps.ascent import Stopped
from atlas.tasks.batch import Batch
from atlas.tasks.task import Outcome

THREADS = 4
"""Calls that an actor hears at once: one works on the device, one stores, two tell how far it is or hear to stop."""


class Told(NamedTuple):
    """An outcome as it travels: the driver has the task."""

    key: str
    status: Status
    message: str
    quarantined: bool


@dataclass(frozen=True)
class Place:
    """Where an actor is.

    Attributes:
        node: Ray's name of its node. host: the name that people know. pid: of its process.
        device: what it computes on, as people are told: ``GPU 0 of host``. fault: what a test of it said; empty if it
            is sound.
    """

    node: str
    host: str
    pid: int
    device: str
    fault: str = ""


class RenderActor:
    """A worker in its own process. One thread at a time works on the device; the others store, and listen.

    Args:
        folder: of the driver, to work in; on a cluster, the luggage that came, as bytes.
        parcels: references to models on their way, by name: a node reads each once.
    """

    def __init__(self, work: Work, folder: Any, parcels: Mapping[str, Any] | None = None) -> None:
        self._luggage: Path | None = None
        if not isinstance(folder, str):
            self._luggage = laid_out(folder)
            folder = str(self._luggage)
            sys.path.append(str(self._luggage / MODULES))
            work = replace(work, models=unpack(work.models, self._luggage))
        os.chdir(folder)  # where modules of the user's own may be
        self._work = work
        self._parcels = dict(parcels or {})
        self._stop = Event()
        self._device = Lock()
        self._steps = Steps()
        self._worker: Worker | None = None

    def report(self) -> Place:
        """Test the device, and tell where this is: proof that the actor has a place and runs."""
        host, (node, accelerators) = socket.gethostname(), own_place()
        # Nodes of one host, as in tests and containers, are told apart by Ray's name.
        where = f"{host} (node {node[:6]})"
        device = f"GPU {', '.join(accelerators)} of {where}" if accelerators else f"the CPU of {where}"
        return Place(node, host, os.getpid(), device, check_device(self._work.device))

    def run(self, batch: Batch) -> list[Told] | None:
        """Make a batch; None if it was stopped before its end.

        The next may be handed in while this one is stored, or made: it waits here for the device.
        """
        with self._device:
            if self._stop.is_set():
                return None
            if self._worker is None:
                self._worker = Worker(self._work, load=self._load)
            self._steps.begin(batch)
            try:
                finish = self._worker.begin(batch, self._steps.on_step, self._stop.is_set)
            except Stopped:
                return None
        return [Told(one.task.key, one.status, one.message, one.quarantined) for one in finish()]

    def _load(self, spec: ModelSpec) -> VisionModel:
        """Return a model: from the node's own copy of what the driver loaded, or from its source where none came."""
        if spec.name not in self._parcels:
            return load_model(spec)
        known_here(spec)
        return delivered(fetched(self._parcels[spec.name]))

    def steps(self) -> tuple[str, int, int, int]:
        """Return how far it is: the first key of the batch in hand, its finished steps, all steps; and bytes in use."""
        return (*self._steps.now, memory_used(self._work.device))

    def stop(self) -> None:
        """End the batch in flight after its current step; nothing is begun afterwards."""
        self._stop.set()

    def leave(self) -> None:
        """Remove what was laid out."""
        if self._luggage is not None:
            shutil.rmtree(self._luggage, ignore_errors=True)


def outcomes_of(batch: Batch, told: Sequence[Told] | None) -> list[Outcome]:
    """Return what an actor told of a batch as outcomes of its tasks."""
    tasks = {task.key: task for task in batch.tasks}
    return [Outcome(tasks[one.key], one.status, one.message, one.quarantined) for one in told or ()]
