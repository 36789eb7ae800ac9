"""Machine: what a run has to work with, made once from the configuration."""

import os
from dataclasses import dataclass, replace
from typing import Literal

import torch

from atlas.config import ExecutorSettings
from atlas.errors import ConfigError
from atlas.extras import has

BATCH_SIZES = {"cpu": 8, "cuda": 64}
"""Pictures in one batch where the configuration says ``auto``: a CPU gains nothing beyond 8."""
CLASSES_TOGETHER = 8
"""Classes that an accelerator factorises as one batch; a CPU gains nothing from it."""
COST_WORTH_RAY = 64
"""Less work than so many pictures is done in this process where there are CPUs alone: starting Ray and loading the
model in each of its workers takes about as long as they do."""

Kind = Literal["serial", "ray"]


@dataclass(frozen=True)
class Machine:
    """What a run has to work with. Nothing of it changes a result.

    Attributes:
        device: torch's name of what renders, e.g. ``cpu``, ``cuda:0``; for a cluster, of what is planned for.
        batch_size: pictures that are optimised together. classes_together: classes that are factorised together.
        executor: ``serial``, ``ray``, or None where the amount of work decides.
        workers: processes; None means one per device. address: of a Ray cluster; None for one of this machine's own.
        threads: pictures that one worker makes at a time on a CPU; None shares the cores among the workers.
        asked: the device of each worker, ``auto`` where a cluster's own resources decide; empty for ``device``.
        is_sized: whether the configuration says the size of batches; if not, it follows from the device.
        gpu: GPUs that each worker takes, or the share of one; None for one where there are any. accelerator: its type.
        patience: seconds for which a cluster may have no place for a single worker.
        logs: whether what workers print is shown.
    """

    device: str
    batch_size: int
    classes_together: int = 1
    executor: Kind | None = None
    workers: int | None = None
    address: str | None = None
    threads: int | None = None
    asked: str = ""
    is_sized: bool = True
    gpu: float | None = None
    accelerator: str | None = None
    patience: float = 600.0
    logs: bool = False

    @classmethod
    def of(cls, settings: ExecutorSettings) -> "Machine":
        """Return the machine that a configuration describes.

        Raises:
            ConfigError: the device is not there, or torch does not know it.
        """
        # What a cluster has, this machine need not have.
        elsewhere = settings.address is not None and settings.device != "auto"
        device = settings.device if elsewhere else resolve_device(settings.device)
        return cls(
            device=device,
            batch_size=settings.batch_size if isinstance(settings.batch_size, int) else batch_size_of(device),
            classes_together=classes_together_on(device),
            executor=None if settings.kind == "auto" else settings.kind,
            workers=settings.workers,
            address=settings.address,
            threads=settings.threads,
            asked=device if settings.address is None else settings.device,
            is_sized=isinstance(settings.batch_size, int),
            gpu=settings.resources.gpu,
            accelerator=settings.resources.accelerator,
            patience=float(settings.patience),
            logs=settings.logs,
        )

    def on(self, device: str) -> "Machine":
        """Return the same for workers on another device: with its size of batches, unless the configuration says it."""
        size = self.batch_size if self.is_sized else batch_size_of(device)
        return replace(self, device=device, batch_size=size, classes_together=classes_together_on(device))

    @property
    def here(self) -> str:
        """The device of this process: the one that is asked for if it is here, else the CPU."""
        try:
            return resolve_device(self.device)
        except ConfigError:
            return "cpu"

    def executor_for(self, cost: int) -> Kind:
        """Return what runs work of a cost, in pictures: one process for little, for one device, or without Ray."""
        if self.executor is not None:
            return self.executor
        if self.address:
            return "ray"
        if not has("ray"):  # it is an extra, and nobody asked for it
            return "serial"
        if self.device.startswith("cuda"):
            return "ray" if self.device == "cuda" and torch.cuda.device_count() > 1 and cost > 1 else "serial"
        return "ray" if (os.cpu_count() or 1) > 1 and cost >= COST_WORTH_RAY else "serial"

    @property
    def at_a_time(self) -> int:
        """How many tasks that need no others beside them one worker makes at a time."""
        return self.threads_of(self.executor or "serial") if self.device == "cpu" else 1

    def threads_of(self, kind: Kind) -> int:
        """Return how many pictures a worker makes at a time on a CPU; more than there are cores are slower."""
        return self.threads or (usable_cores() if kind == "serial" else 1)


def batch_size_of(device: str) -> int:
    """Return how many pictures are optimised together on a device."""
    return BATCH_SIZES.get(torch.device(device).type, 16)


def classes_together_on(device: str) -> int:
    """Return how many classes are factorised together on a device."""
    return 1 if device == "cpu" else CLASSES_TOGETHER


def resolve_device(name: str) -> str:
    """Return the torch device that a configured name stands for; ``auto`` is the first GPU, else the CPU.

    Raises:
        ConfigError: the device is not there, or torch does not know it.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(
            [f'executor.device = "{name}" is no torch device; allowed: auto, cpu, cuda, cuda:0']
        ) from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise ConfigError([f'executor.device = "{name}", but {count} CUDA devices are visible'], remedy='use "auto"')
    return name


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
