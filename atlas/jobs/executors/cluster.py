"""The Ray executor: one actor per device, on this machine or a cluster.

The shape is the one that was measured to survive: a queue in the driver, two batches in hand of each actor, results
written by the actor, small outcomes returned. An actor that is gone is made anew by us, and a batch tried again by us:
Ray's own restarts do not tell why, and its retries would multiply with ours.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from atlas.jobs.allocator import ENVIRONMENT
from atlas.jobs.executors.actor import THREADS, RenderActor
from atlas.jobs.executors.base import Monitor
from atlas.jobs.executors.dispatch import Dispatcher
from atlas.jobs.executors.luggage import as_bytes, pack, parcel
from atlas.jobs.executors.placement import Needs
from atlas.jobs.executors.pool import Pool
from atlas.jobs.executors.session import QUIET, ray_session
from atlas.jobs.walk import Walk
from atlas.jobs.worker import Work
from atlas.models.code.foreign import first_line
from atlas.models.load import VisionModel
from atlas.synthesis.steps.ascent import Stopped
from atlas.tasks.machine import Machine
from atlas.tasks.task import Outcome

LEAVING = 5.0
"""Seconds that workers have for removing what came with them."""


class RayExecutor:
    """Works with one actor per device.

    Args:
        work: what to work with and where to; its store must be reachable under the same path from every node.
        machine: how many workers, and what each takes: of a Ray of this machine's own, or of a running cluster. What
            the configuration leaves open, its resources decide, and not this process's.
        models: that are loaded here; on a cluster they travel with their weights, so that no node reads these.
    """

    def __init__(self, work: Work, machine: Machine, models: Mapping[str, VisionModel] | None = None) -> None:
        self._models = dict(models or {})
        self._work = work
        self._machine = machine

    def run(self, walk: Walk, monitor: Monitor) -> Iterator[Outcome]:
        """See :meth:`Executor.run`.

        Raises:
            AtlasError: the cluster cannot be reached, has no place for a single worker, or none that could work: the
                store cannot be written there, a model is not the planned one, all devices failed.
        """
        machine = self._machine
        with suppress(Stopped), self._session(monitor) as (ray, start):
            if monitor.stop.is_set():
                return
            needs = Needs.of(machine, ray.cluster_resources())
            walk.use(machine.on(needs.device))
            pool = Pool(ray, partial(start, needs), needs, machine.workers, machine.address is not None)
            if (machine.workers or 0) > pool.room and machine.address is None:
                monitor.on_notice(f"{machine.workers} workers asked for, but there is room for {pool.room}")
            try:
                yield from Dispatcher(ray, pool, walk, monitor, machine.patience).outcomes()
            finally:
                left = [member.actor.leave.remote() for member in pool.working]
                if left and machine.address is not None:
                    ray.wait(left, num_returns=len(left), timeout=LEAVING)
                for member in pool.members:
                    ray.kill(member.actor)

    @contextmanager
    def _session(self, monitor: Monitor) -> Iterator[tuple[Any, Callable[[Needs], Any]]]:
        """Yield a session, and what starts an actor in it that needs something."""
        address, logs = self._machine.address, self._machine.logs
        if address is None:
            # A model of the user's own must be found.
            paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            with ray_session(None, logs) as ray:
                yield ray, lambda needs: _actor(ray, needs, paths).remote(self._working(needs), os.getcwd())
            return
        with TemporaryDirectory(prefix="atlas-") as folder:
            specs = pack(self._work.models.values(), Path(folder))
            luggage = as_bytes(Path(folder))
        with ray_session(address, logs) as ray:
            sent, parcels = ray.put(luggage), dict(self._parcels(ray, monitor))
            yield ray, lambda needs: _actor(ray, needs, {}).remote(self._working(needs, models=specs), sent, parcels)

    def _working(self, needs: Needs, **changes: Any) -> Work:
        return replace(self._work, device=needs.device, **changes)

    def _parcels(self, ray: Any, monitor: Monitor) -> Iterator[tuple[str, Any]]:
        """Give the models to the object store; yield their references. One that cannot travel is loaded by each."""
        for name, spec in self._work.models.items():
            if name in self._models:
                try:
                    yield name, ray.put(parcel(self._models[name], spec))
                except Exception as error:  # noqa: BLE001 - somebody's own module may refuse in any way
                    why = first_line(error)
                    monitor.on_notice(f'model "{name}" cannot travel ({why}): each worker loads it from its source')


def _actor(ray: Any, needs: Needs, environment: dict[str, str]) -> Any:
    """Return what an actor is made of: a worker that is never restarted by Ray, nor anything that it does."""
    return ray.remote(RenderActor).options(
        max_restarts=0,
        max_task_retries=0,
        max_concurrency=THREADS,
        runtime_env={"env_vars": ENVIRONMENT | QUIET | {"OMP_NUM_THREADS": "1"} | environment},
        **needs.options,
    )
