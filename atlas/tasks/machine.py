"""Machine: what a run has to work with, made once from the configuration."""

import os
from dataclasses import dataclass
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
        device: torch's name of what renders, e.g. ``cpu``, ``cuda:0``.
        batch_size: pictures that are optimised together. classes_together: classes that are factorised together.
        executor: ``serial``, ``ray``, or None where the amount of work decides.
        workers: processes; None means one per device. address: of a Ray cluster; None for one of this machine's own.
        threads: pictures that one worker makes at a time on a CPU; None shares the cores among the workers.
    """

    device: str
    batch_size: int
    classes_together: int = 1
    executor: Kind | None = None
    workers: int | None = None
    address: str | None = None
    threads: int | None = None

    @classmethod
    def of(cls, settings: ExecutorSettings) -> "Machine":
        """Return the machine that a configuration describes.

        Raises:
            ConfigError: the device is not there, or torch does not know it.
        """
        device = resolve_device(settings.device)
        by_device = BATCH_SIZES.get(torch.device(device).type, 16)
        return cls(
            device=device,
            batch_size=settings.batch_size if isinstance(settings.batch_size, int) else by_device,
            classes_together=1 if device == "cpu" else CLASSES_TOGETHER,
            executor=None if settings.kind == "auto" else settings.kind,
            workers=settings.workers,
            address=settings.address,
            threads=settings.threads,
        )

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
