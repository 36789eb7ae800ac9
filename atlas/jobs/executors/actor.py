"""The actor: a worker in a process of its own, on whatever node Ray places it."""

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event, Lock
from typing import NamedTuple

from atlas.core.record import Status
from atlas.jobs.device import Steps, check_device, memory_used
from atlas.jobs.executors.session import own_place
from atlas.jobs.worker import Work, Worker
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
        folder: of the driver, to work in; None on another machine.
        paths: where modules are looked for, besides.
    """

    def __init__(self, work: Work, folder: str | None = None, paths: Sequence[str] = ()) -> None:
        if folder is not None:
            os.chdir(folder)  # of the driver, where modules of the user's own may be
        sys.path += [path for path in paths if path not in sys.path]
        self._work = work
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
                self._worker = Worker(self._work)
            self._steps.begin(batch)
            try:
                finish = self._worker.begin(batch, self._steps.on_step, self._stop.is_set)
            except Stopped:
                return None
        return [Told(one.task.key, one.status, one.message, one.quarantined) for one in finish()]

    def steps(self) -> tuple[str, int, int, int]:
        """Return how far it is: the first key of the batch in hand, its finished steps, all steps; and bytes in use."""
        return (*self._steps.now, memory_used(self._work.device))

    def stop(self) -> None:
        """End the batch in flight after its current step."""
        self._stop.set()


def outcomes_of(batch: Batch, told: Sequence[Told] | None) -> list[Outcome]:
    """Return what an actor told of a batch as outcomes of its tasks."""
    tasks = {task.key: task for task in batch.tasks}
    return [Outcome(tasks[one.key], one.status, one.message, one.quarantined) for one in told or ()]
