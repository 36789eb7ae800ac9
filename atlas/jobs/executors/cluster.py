"""The Ray executor: one actor per device, on this machine or a cluster.

The shape is the one that was measured to survive: a queue in the driver, one batch in flight per actor, results
written by the actor, small outcomes returned, restarts by Ray and retries by us (Ray's own would multiply with ours).
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from threading import Event
from time import monotonic
from typing import Any

from atlas.errors import ExecutorError
from atlas.jobs.allocator import ENVIRONMENT
from atlas.jobs.executors.base import Monitor
from atlas.jobs.executors.session import QUIET, ended_for_memory, ray_session
from atlas.jobs.quarantine import MAX_ATTEMPTS
from atlas.jobs.walk import Walk
from atlas.jobs.worker import Work, Worker
from atlas.synthesis.steps.ascent import Stopped
from atlas.tasks.batch import Batch
from atlas.tasks.task import Outcome

START_TIMEOUT = 180.0
"""Seconds within which a worker must answer for the first time: importing torch on a cold network disk takes long."""


class RenderActor:
    """A worker in its own process. Two threads: one works, the other hears the word to stop."""

    def __init__(self, work: Work, folder: str | None = None) -> None:
        if folder is not None:
            os.chdir(folder)  # of the driver, where modules of the user's own may be
        self._work = work
        self._stop = Event()
        self._worker: Worker | None = None

    def ping(self) -> int:
        """Return the process id: proof that the actor has a place and runs."""
        return os.getpid()

    def run(self, batch: Batch) -> list[Outcome] | None:
        """Make a batch; None if it was stopped before its end."""
        if self._worker is None:
            self._worker = Worker(self._work)
        try:
            return self._worker.run(batch, should_stop=self._stop.is_set)
        except Stopped:
            return None

    def stop(self) -> None:
        """End the batch in flight after its current step."""
        self._stop.set()


class RayExecutor:
    """Works with one actor per device.

    Args:
        work: what to work with and where to; its store must be reachable under the same path from every node.
        workers: number of actors; None for one per GPU of the cluster or, without GPUs, one per CPU.
        address: None for a Ray of this machine's own, ``"auto"`` or an address for a running cluster.
    """

    def __init__(self, work: Work, workers: int | None = None, address: str | None = None) -> None:
        self._work = work
        self._workers = workers
        self._address = address

    def run(self, walk: Walk, monitor: Monitor) -> Iterator[Outcome]:
        """See :meth:`Executor.run`.

        Raises:
            ExecutorError: the cluster cannot be reached, or has no place for a single worker.
            StoreError: a worker could not write to the store.
        """
        with suppress(Stopped), ray_session(self._address) as ray:
            if monitor.stop.is_set():
                return
            local = self._address is None
            actors = _place(ray, self._work, self._workers, walk.breadth, monitor, local)
            try:
                yield from _Dispatcher(ray, actors, walk, monitor, local).outcomes()
            finally:
                for actor in actors:
                    ray.kill(actor)


def _place(ray: Any, work: Work, workers: int | None, useful: int, monitor: Monitor, local: bool) -> list[Any]:
    """Start actors, as many as are asked for, may be of use and fit. One that does not fit would wait for ever."""
    resource = "GPU" if work.device.startswith("cuda") else "CPU"
    room = int(ray.cluster_resources().get(resource, 0))
    wanted = min(workers or max(room, 1), max(useful, 1))
    if room < 1:
        raise ExecutorError(
            f"{wanted} workers need a {resource} each; the cluster has {room}",
            'set executor.device = "cpu"' if resource == "GPU" else "add nodes, or lower executor.workers",
        )
    if wanted > room:
        monitor.on_notice(f"{wanted} workers asked for, but the cluster has {room} {resource}s: starting {room}")
    environment = ENVIRONMENT | QUIET | {"OMP_NUM_THREADS": "1"}
    if local:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # a model of the user's own must be found
    options: dict[str, Any] = {"num_gpus": 1} if resource == "GPU" else {"num_cpus": 1}
    remote = ray.remote(RenderActor).options(
        max_restarts=-1,
        max_task_retries=0,
        max_concurrency=2,
        runtime_env={"env_vars": environment},
        **options,
    )
    return [remote.remote(work, os.getcwd() if local else None) for _ in range(min(wanted, room))]


class _Dispatcher:
    """Hands out batches. An actor is waited for by one reference at a time: a batch, or a ping after it died; one for
    which nothing is ready is idle until something is."""

    def __init__(self, ray: Any, actors: list[Any], walk: Walk, monitor: Monitor, local: bool) -> None:
        self._ray = ray
        self._actors = actors
        self._local = local
        self._walk = walk
        self._monitor = monitor
        self._in_flight: dict[Any, tuple[Any, Batch | None]] = {}
        self._idle: list[Any] = []
        self._waiting = dict.fromkeys(actors, monotonic())
        self._processes: dict[Any, int] = {}
        self._models: dict[Any, str] = {}

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the outcome of every task; end early if told to stop."""
        for actor in self._actors:
            self._ping(actor)
        while self._in_flight and not self._walk.is_over:
            if self._monitor.stop.is_set():
                yield from self._stop()
                return
            ready, _ = self._ray.wait(list(self._in_flight), num_returns=1, timeout=1.0)
            for reference in ready:
                yield from self._collect(reference)
            self._hand_out()
            self._give_up_on_silent()
        if not self._walk.is_over:
            raise ExecutorError(
                "no worker is left, and none could be placed",
                "check the cluster and its free memory, then run the same command again",
            )

    def _hand_out(self) -> None:
        """Give every idle worker a batch that is ready, best of the model that it has loaded."""
        while self._idle and (batch := self._walk.next(self._models.get(self._idle[0]))) is not None:
            actor = self._idle.pop(0)
            self._models[actor] = batch.model
            self._in_flight[actor.run.remote(batch)] = (actor, batch)

    def _ping(self, actor: Any) -> None:
        self._in_flight[actor.ping.remote()] = (actor, None)

    def _collect(self, reference: Any) -> Iterator[Outcome]:
        actor, batch = self._in_flight.pop(reference)
        try:
            result = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause if isinstance(error.cause, Exception) else error from None
        except self._ray.exceptions.RayError as error:
            yield from self._lost(actor, batch, isinstance(error, self._ray.exceptions.ActorDiedError))
            return
        self._idle.append(actor)
        if batch is None:
            self._processes[actor] = result
        else:
            yield from self._taken(result or ())

    def _taken(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        for outcome in outcomes:
            yield from self._walk.take(outcome)

    def _lost(self, actor: Any, batch: Batch | None, for_good: bool) -> Iterator[Outcome]:
        """Give back what a dead worker had in hand, and wait for the worker that Ray starts in its place."""
        if batch is not None:
            for_memory = self._processes[actor] in ended_for_memory()
            waiting = len(self._walk.ready)
            outcomes = self._walk.lost(batch, "memory" if for_memory else "died")
            again = "; its jobs are tried again" if len(self._walk.ready) > waiting else ""
            how = "was ended for lack of memory" if for_memory else "died"
            self._monitor.on_notice(f"a worker {how} while it made {batch.title}{again}")
            yield from outcomes
            self._waiting[actor] = monotonic()
        elif for_good:
            return
        self._ping(actor)

    def _refuse_too_little_memory(self) -> None:
        """Give up where workers are ended as they start: Ray starts others for ever. A cluster has others' as well."""
        ended = set(ended_for_memory()) - set(self._processes.values())
        if len(ended) >= MAX_ATTEMPTS * len(self._actors):
            raise ExecutorError(
                f"{len(ended)} workers were ended for lack of memory before they could start",
                "free some memory, or lower executor.workers, and run the same command again",
            )

    def _give_up_on_silent(self) -> None:
        """Drop actors that were never placed, or did not come back, instead of waiting for them."""
        if self._local and any(batch is None for _, batch in self._in_flight.values()):
            self._refuse_too_little_memory()
        for reference, (actor, batch) in list(self._in_flight.items()):
            if batch is None and monotonic() - self._waiting[actor] > START_TIMEOUT:
                self._monitor.on_notice(f"a worker found no place within {START_TIMEOUT:.0f} s; going on without it")
                del self._in_flight[reference]

    def _stop(self) -> Iterator[Outcome]:
        """End what is in flight; yield the outcomes of what had just ended."""
        for actor in self._actors:
            actor.stop.remote()
        ready, _ = self._ray.wait(list(self._in_flight), num_returns=len(self._in_flight), timeout=5.0)
        for reference in ready:
            with suppress(self._ray.exceptions.RayError):  # its worker has ended
                outcomes = self._ray.get(reference)
                if self._in_flight[reference][1] is not None and outcomes is not None:
                    yield from self._taken(outcomes)
