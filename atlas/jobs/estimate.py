"""Estimate: how long and how large a run will be, from a few real steps on this machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter

import numpy as np

from atlas.config import Config
from atlas.jobs.allocator import keep_freed_memory
from atlas.jobs.executors.base import Monitor, resolve_device
from atlas.jobs.executors.serial import SerialExecutor
from atlas.jobs.run import batch_size, keep_inputs, usable_cores
from atlas.jobs.tasks import Task
from atlas.jobs.worker import Work
from atlas.models.load import VisionModel
from atlas.plan.renderings import Plan
from atlas.store import Store
from atlas.tasks.batch import Batch, PlannedJob, batches

PROBES = 5
"""Batches that are timed, spread over the plan; the time of those between is interpolated."""
PROBE_STEPS = 3
"""Steps of each; the first warms up and is not counted."""
BYTES_PER_PIXEL = 2.1
"""Of a lossless picture with its transparency map: the mean over the demo's renderings of 320 px."""


@dataclass(frozen=True)
class Estimate:
    """Seconds on this machine with one worker, and bytes of new pictures in the store."""

    seconds: float
    bytes: int


def estimate(config: Config, models: Mapping[str, VisionModel], plan: Plan, jobs: Sequence[PlannedJob]) -> Estimate:
    """Time a few steps of a few batches and extrapolate.

    Args:
        jobs: what would be rendered.
    """
    if not jobs:
        return Estimate(0.0, 0)
    device = resolve_device(config.executor.device)
    if device == "cpu":
        keep_freed_memory()
    work_batches = batches(jobs, batch_size(config, device))
    chosen = np.unique(np.linspace(0, len(work_batches) - 1, PROBES).round().astype(int))
    specs = {spec.name: spec for spec in config.models}
    with TemporaryDirectory() as folder:
        scratch = Store(Path(folder) / "store", create=True)
        named = {job.job.target.photo for index in chosen for job in work_batches[index].jobs}
        photos = {digest: photo for digest, photo in plan.photos.items() if digest in named}
        keep_inputs(replace(plan, photos=photos), scratch)
        work = Work(scratch.path, specs, device, config.executor.threads or usable_cores())
        executor = SerialExecutor(work, dict(models))
        probed = [_seconds(executor, work_batches[index]) for index in chosen]
    seconds = np.interp(np.arange(len(work_batches)), chosen, probed).sum()
    return Estimate(float(seconds), sum(_bytes(job) for job in jobs))


def _seconds(executor: SerialExecutor, batch: Batch) -> float:
    """Return how long the batch would take, from its first steps; it is stopped after them."""
    times: list[float] = []
    stop = Event()
    total = 1

    def on_step(_: Task, done: int, steps: int) -> None:
        nonlocal total
        total = steps
        times.append(perf_counter())
        if done >= PROBE_STEPS:
            stop.set()

    started = perf_counter()
    list(executor.run([batch], Monitor(on_step=on_step, stop=stop)))
    if len(times) < 2:
        return (perf_counter() - started) * total / max(1, len(times))
    return (times[-1] - times[0]) / (len(times) - 1) * total


def _bytes(planned: PlannedJob) -> int:
    side = planned.job.parameters.get("image_size")
    return int(BYTES_PER_PIXEL * side * side) if isinstance(side, int) else 0
