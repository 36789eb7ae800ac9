"""The Ray executor: one actor per device, on this machine or a cluster.

The shape is the one that was measured to survive: a queue in the driver, two batches in hand of each actor, results
written by the actor, small outcomes returned. An actor that is gone is made anew by us, and a batch tried again by us:
Ray's own restarts do not tell why, and its retries would multiply with ours.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from atlas.jobs.allocator import ENVIRONMENT
from atlas.jobs.executors.actor import THREADS, RenderActor
from atlas.jobs.executors.base import Monitor
from atlas.jobs.executors.dispatch import Dispatcher
from atlas.jobs.executors.placement import Needs
from atlas.jobs.executors.pool import Pool
from atlas.jobs.executors.session import QUIET, ray_session
from atlas.jobs.walk import Walk
from atlas.jobs.worker import Work
from atlas.synthesis.steps.ascent import Stopped
from atlas.tasks.machine import Machine
from atlas.tasks.task import Outcome


class RayExecutor:
    """Works with one actor per device.

    Args:
        work: what to work with and where to; its store must be reachable under the same path from every node.
        machine: how many workers, and what each takes: of a Ray of this machine's own, or of a running cluster. What
            the configuration leaves open, its resources decide, and not this process's.
    """

    def __init__(self, work: Work, machine: Machine) -> None:
        self._work = work
        self._machine = machine

    def run(self, walk: Walk, monitor: Monitor) -> Iterator[Outcome]:
        """See :meth:`Executor.run`.

        Raises:
            AtlasError: the cluster cannot be reached, has no place for a single worker, or none that could work: the
                store cannot be written there, a model is not the planned one, all devices failed.
        """
        machine = self._machine
        with suppress(Stopped), ray_session(machine.address, logs=machine.logs) as ray:
            if monitor.stop.is_set():
                return
            needs = Needs.of(machine, ray.cluster_resources())
            walk.use(machine.on(needs.device))
            pool = Pool(ray, self._starter(ray, needs), needs, machine.workers, machine.address is not None)
            if (machine.workers or 0) > pool.room and machine.address is None:
                monitor.on_notice(f"{machine.workers} workers asked for, but there is room for {pool.room}")
            try:
                yield from Dispatcher(ray, pool, walk, monitor, machine.patience).outcomes()
            finally:
                for member in pool.members:
                    ray.kill(member.actor)

    def _starter(self, ray: Any, needs: Needs) -> Any:
        """Return what starts an actor."""
        local = self._machine.address is None
        environment = ENVIRONMENT | QUIET | {"OMP_NUM_THREADS": "1"}
        if local:  # a model of the user's own must be found
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        remote = ray.remote(RenderActor).options(
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=THREADS,
            runtime_env={"env_vars": environment},
            **needs.options,
        )
        work = replace(self._work, device=needs.device)
        return lambda: remote.remote(work, os.getcwd() if local else None)
