"""Quarantine: a task whose worker died again and again is recorded as failed, and not tried again unasked."""

from atlas.core.record import Failure
from atlas.store import Store
from atlas.tasks.provenance import made_now
from atlas.tasks.task import Outcome, Task

MAX_ATTEMPTS = 3
MAX_MEMORY_ATTEMPTS = 2
"""Attempts of a task for which there is too little memory: the second is made alone, and less cannot be asked."""

ENDED = {
    "memory": "its worker process was ended {attempts} times for lack of memory while working on it; lower {relief}",
    "died": "its worker process died {attempts} times while working on it: it crashed, or was killed from outside, "
    "which is often for lack of memory (lower {relief})",
    "hung": "it was ended {attempts} times while working on it, the last time since it did not go on any more",
}
"""How a task ended its worker, by the cause of the last time."""


def quarantine(store: Store, task: Task, attempts: int, message: str) -> Outcome:
    """Record that a task ended its worker again and again, the last time alone.

    Args:
        message: how, with the number of attempts; see :data:`ENDED`.
    """
    text = message.format(attempts=attempts, relief=task.relief)
    store.record_failure(task.failed(Failure(kind="quarantined", message=text), made_now("unknown", 0.0)))
    return Outcome(task, "failed", text, quarantined=True)
