"""What an executor is, and which one ``auto`` picks."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

import torch

from atlas.errors import ConfigError
from atlas.jobs.tasks import Task
from atlas.jobs.worker import Outcome

JOBS_WORTH_RAY = 64
"""Fewer jobs than this on CPUs alone run in this process: starting Ray and loading the model in each of its workers
takes about as long as they do."""


@dataclass(frozen=True)
class Monitor:
    """How a run is watched and stopped.

    Attributes:
        on_step: told (batch, finished steps, all steps); only an executor in this process calls it.
        on_notice: told of things a person should know, such as a worker that died, in a sentence.
        stop: set it to end the run after the current step; finished jobs are stored.
    """

    on_step: Callable[[Task, int, int], None] = lambda batch, done, steps: None
    on_notice: Callable[[str], None] = lambda text: None
    stop: Event = field(default_factory=Event)


class Executor(Protocol):
    """Runs batches and yields an outcome for every job as it ends; stores everything before it says so."""

    def run(self, batches: Sequence[Task], monitor: Monitor) -> Iterator[Outcome]:
        """Run the batches; return early, without an error, once ``monitor.stop`` is set."""
        ...


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


def choose_executor(kind: str, device: str, jobs: int, address: str | None) -> str:
    """Return ``serial`` or ``ray`` for a configured kind; ``auto`` picks serial for little work or one device."""
    if kind != "auto":
        return kind
    if address:
        return "ray"
    if device.startswith("cuda"):
        return "ray" if device == "cuda" and torch.cuda.device_count() > 1 and jobs > 1 else "serial"
    return "ray" if (os.cpu_count() or 1) > 1 and jobs >= JOBS_WORTH_RAY else "serial"
