"""Losses: what becomes of batches whose worker died, or was ended, while it had them in hand."""

from collections import Counter
from typing import Literal, NamedTuple

from atlas.jobs.quarantine import MAX_ATTEMPTS, MAX_MEMORY_ATTEMPTS
from atlas.tasks.batch import Batch
from atlas.tasks.task import Task

Cause = Literal["died", "memory", "hung"]
"""Why a worker is gone, as far as its batch may be to blame: it crashed or was killed, it was ended for lack of memory,
or it was ended by us since it did not go on. Nodes that are lost, and devices that fail, are no batch's fault."""

WHOLE = 1
"""Losses after which a batch is tried again as it is: its worker may have been killed from outside."""
DEVICES = 2
"""Devices that fail one after another on a batch, and are sound after it, until it is the batch that is to blame."""


class Verdict(NamedTuple):
    """What becomes of a lost batch: what is tried again, or the task that is not."""

    again: tuple[Batch, ...] = ()
    quarantined: Task | None = None
    attempts: int = 0


class Losses:
    """Counts the losses of each task. The first requeues a batch whole, each further one halves it; lack of memory
    halves it at once. All that a task is lost with others counts as one attempt, for these may be to blame; so it is
    quarantined only after it ended its worker alone again and again."""

    def __init__(self) -> None:
        self._lost: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()
        self._devices: dict[str, set[str]] = {}

    def lose(self, batch: Batch, cause: Cause, beside: bool = False) -> Verdict:
        """Count a loss of a batch, of which nothing is stored.

        Args:
            beside: the worker had another in hand as well, and that may be to blame: no step towards quarantine.
        """
        alone = len(batch.tasks) == 1
        for task in batch.tasks:
            self._lost[task.key] += 1
            if not beside:
                self._counted[task.key] = max(1, self._counted[task.key] + alone)
        if not alone:
            first = max(self._lost[task.key] for task in batch.tasks) <= WHOLE
            return Verdict((batch,) if first and cause != "memory" else tuple(batch.halves()))
        limit = MAX_MEMORY_ATTEMPTS if cause == "memory" else MAX_ATTEMPTS
        counted = self._counted[batch.tasks[0].key]
        return Verdict((batch,)) if counted < limit else Verdict((), batch.tasks[0], counted)

    def knows(self, batch: Batch) -> bool:
        """Tell whether any of a batch was lost before."""
        return any(task.key in self._lost for task in batch.tasks)

    def blames(self, batch: Batch, device: str) -> bool:
        """Note that a device failed on a batch; tell whether several have by now, so that the batch is to blame."""
        for task in batch.tasks:
            self._devices.setdefault(task.key, set()).add(device)
        return min(len(self._devices[task.key]) for task in batch.tasks) >= DEVICES
