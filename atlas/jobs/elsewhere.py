"""Elsewhere: what is left to other runs on the same store, until it is there, failed, or nobody makes it any more."""

from collections.abc import Iterable

from atlas.core.attempt import Attempt
from atlas.store import Store
from atlas.store.leases import Leases
from atlas.tasks.task import Outcome, Task


class Elsewhere:
    """Tasks that other runs have leased.

    Args:
        store: where what they make will be. leases: that tell whether they still make it.
    """

    def __init__(self, store: Store, leases: Leases) -> None:
        self._store = store
        self._leases = leases
        self._tasks: dict[str, tuple[Task, Attempt | None]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, tasks: Iterable[Task]) -> None:
        """Leave tasks to others."""
        self._tasks |= {task.key: (task, self._store.failure(task.key)) for task in tasks}

    def ended(self) -> list[Outcome]:
        """Return how those ended that have by now, and forget them."""
        found = [outcome for task, before in self._tasks.values() if (outcome := self._outcome(task, before))]
        for outcome in found:
            del self._tasks[outcome.task.key]
        return found

    def abandoned(self) -> list[Task]:
        """Return those that nobody makes any more and are to do after all, and forget them."""
        free = [task for task, _ in self._tasks.values() if self._leases.is_free(task.key)]
        # A result is stored before its lease is given back, so what is free and not there will not come.
        left = [task for task in free if self._outcome(*self._tasks[task.key]) is None]
        for task in left:
            del self._tasks[task.key]
        return left

    def _outcome(self, task: Task, before: Attempt | None) -> Outcome | None:
        if task.is_stored(self._store):
            return Outcome(task, "done")
        failure = self._store.failure(task.key)
        if failure is None or failure == before:
            return None
        return Outcome(task, "failed", failure.error.message, failure.is_quarantined)
