"""Quarantine: a task whose worker died again and again is recorded as failed, and not tried again unasked."""

from atlas.core.record import Failure
from atlas.store import Store
from atlas.tasks.provenance import made_now
from atlas.tasks.task import Outcome, Task

MAX_ATTEMPTS = 3
MAX_MEMORY_ATTEMPTS = 2
"""Attempts of a task for which there is too little memory: the second is made alone, and less cannot be asked."""


def quarantine(store: Store, task: Task, attempts: int, for_memory: bool = False) -> Outcome:
    """Record that a task ended its worker ``attempts`` times, and the last time for lack of memory or not."""
    message = _message(task, attempts, for_memory)
    store.record_failure(task.failed(Failure(kind="quarantined", message=message), made_now("unknown", 0.0)))
    return Outcome(task, "failed", message, quarantined=True)


def _message(task: Task, attempts: int, for_memory: bool) -> str:
    if for_memory:
        return (
            f"its worker process was ended {attempts} times for lack of memory while working on it; lower {task.relief}"
        )
    return (
        f"its worker process died {attempts} times while working on it: it crashed, or was killed from outside, which "
        f"is often for lack of memory (lower {task.relief})"
    )


def is_quarantined(store: Store, task: Task) -> bool:
    """Tell whether a task is in quarantine."""
    attempt = store.failure(task.key)
    return attempt is not None and attempt.is_quarantined
