"""Estimate: how long and how large a run will be, from a few real steps on this machine."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from atlas.jobs.allocator import keep_freed_memory
from atlas.jobs.run import keep_inputs
from atlas.jobs.worker import Work, Worker
from atlas.methods import methods
from atlas.plan.plan import Plan
from atlas.store import Store
from atlas.synthesis.steps.ascent import Stopped
from atlas.tasks.batch import Batch, batches
from atlas.tasks.machine import Machine
from atlas.tasks.rendering import RenderTask

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


def estimate(plan: Plan, pictures: Sequence[RenderTask], machine: Machine) -> Estimate:
    """Time a few steps of a few batches and extrapolate.

    Args:
        pictures: what would be rendered, stand-ins among it.
    """
    if not pictures:
        return Estimate(0.0, 0)
    if machine.here == "cpu":
        keep_freed_memory()
    work_batches = batches(pictures, machine)
    chosen = np.unique(np.linspace(0, len(work_batches) - 1, PROBES).round().astype(int))
    with TemporaryDirectory() as folder:
        scratch = Store(Path(folder) / "store", create=True)
        _keep_inputs(plan, [work_batches[index] for index in chosen], scratch)
        work = Work(scratch.path, dict(plan.specs), machine.here, machine.threads_of("serial"))
        worker = Worker(work, dict(plan.models))
        probed = [_seconds(worker, work_batches[index]) for index in chosen]
    seconds = np.interp(np.arange(len(work_batches)), chosen, probed).sum()
    return Estimate(float(seconds), sum(_bytes(picture) for picture in pictures))


def _keep_inputs(plan: Plan, chosen: Sequence[Batch], store: Store) -> None:
    """Give a store what these batches read."""
    named = {task.target.photo for batch in chosen for task in batch.tasks if isinstance(task, RenderTask)}
    photos = {digest: photo for digest, photo in plan.photos.items() if digest in named}
    keep_inputs(replace(plan, inputs={**plan.inputs, **plan.stand_ins}, photos=photos), store)


def _seconds(worker: Worker, batch: Batch) -> float:
    """Return how long the batch would take, from its first steps; it is stopped after them."""
    times: list[float] = []
    total = 1

    def on_step(_: int, steps: int) -> None:
        nonlocal total
        total = steps
        times.append(perf_counter())

    started = perf_counter()
    with suppress(Stopped):
        worker.run(batch, on_step, lambda: len(times) >= PROBE_STEPS)
    if len(times) < 2:
        return (perf_counter() - started) * total / max(1, len(times))
    return (times[-1] - times[0]) / (len(times) - 1) * total


def _bytes(picture: RenderTask) -> int:
    side = methods.get(picture.series.method).complete(picture.series.parameters).side
    return int(BYTES_PER_PIXEL * side * side)
