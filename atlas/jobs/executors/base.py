"""What an executor is, and how it is watched."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from atlas.jobs.walk import Walk
from atlas.tasks.batch import Batch
from atlas.tasks.task import Outcome

WRITTEN_BEHIND = 1
"""Batches of a worker that are encoded and stored while it makes the next; a crash loses these, and nothing else."""
LOOK = 1.0
"""Seconds between two looks at what other runs are making."""
WAITING = "what is left, other runs on this store are making: waiting for them"
"""What is said once where that is so: one of them may have stopped going on without ending."""


@dataclass(frozen=True)
class Monitor:
    """How a run is watched and stopped.

    Attributes:
        on_step: told (batch, finished steps, all steps): each by an executor in this process, by others now and then.
        on_outcome: told how each task ended.
        on_total: told how many tasks there are, with those that ended, and those that may follow.
        on_notice: told of things a person should know, such as a worker that died, in a sentence.
        stop: set it to end the run after the current step; what is finished is stored.
    """

    on_step: Callable[[Batch, int, int], None] = lambda batch, done, steps: None
    on_outcome: Callable[[Outcome], None] = lambda outcome: None
    on_total: Callable[[int], None] = lambda total: None
    on_notice: Callable[[str], None] = lambda text: None
    stop: Event = field(default_factory=Event)


class Executor(Protocol):
    """Pulls batches from a walk and yields the outcome of every task as it ends; what it says to be stored is."""

    def run(self, walk: Walk, monitor: Monitor) -> Iterator[Outcome]:
        """Go on until the walk is over; return early, without an error, once ``monitor.stop`` is set."""
        ...
