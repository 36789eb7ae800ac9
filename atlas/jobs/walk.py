"""Walk: through the graph of a plan's tasks, batch by batch, in an order that has all there when it is needed."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from atlas.core.record import Failure
from atlas.jobs.pending import Pending
from atlas.jobs.quarantine import MAX_ATTEMPTS, MAX_MEMORY_ATTEMPTS, quarantine
from atlas.jobs.ready import Ready
from atlas.store import Store
from atlas.tasks.batch import Batch, batches
from atlas.tasks.machine import Machine
from atlas.tasks.provenance import made_now
from atlas.tasks.task import Outcome, Task

FIRST = -1
"""Place of what is tried again: before all else."""


class Walk:
    """Gives ready batches, takes outcomes, releases what waited for them, and fails what needs what failed.

    Executors pull from it until it is over. What is ready first is made first, in the order of the plan.

    Args:
        todo: the tasks to do. What follows from them is sorted into it once it is known.
        machine: decides how many tasks are in a batch.

    Attributes:
        ready: batches that can be made now.
        begun: outcomes of tasks that cannot even begin, as what they need is not to be had.
        notices: sentences for a person.
    """

    def __init__(self, todo: Pending, store: Store, machine: Machine) -> None:
        self._todo = todo
        self._store = store
        self._machine = machine
        self._tasks: dict[str, Task] = {}
        self._places: dict[str, int] = {}
        self._waits_for: dict[str, set[str]] = {}
        self._waiting: dict[str, list[str]] = defaultdict(list)
        self._expected: dict[str, int] = {}
        self._ended: set[str] = set()
        self._reasons = {task.key: f"{task}, which is in quarantine" for task in todo.quarantined}
        self._attempts: Counter[str] = Counter()
        self.ready = Ready()
        self.notices: list[str] = []
        self.begun = self._add(todo.missing)

    @property
    def is_over(self) -> bool:
        """Whether every task has ended."""
        return len(self._ended) == len(self._tasks)

    @property
    def total(self) -> int:
        """How many tasks there are, with those that ended; at most, as long as others may follow."""
        return len(self._tasks) + sum(self._expected.values())

    @property
    def breadth(self) -> int:
        """How many workers may be of use, at most."""
        return len(self.ready) + len(self._waits_for) + len(self._expected)

    @property
    def cost(self) -> int:
        """What is still to do, in pictures."""
        return sum(task.cost for key, task in self._tasks.items() if key not in self._ended) + sum(
            self._expected.values()
        )

    def take(self, outcome: Outcome) -> list[Outcome]:
        """Note how a task ended, and put in what can be made now; return it, and the tasks that failed with it."""
        task = outcome.task
        if task.key in self._ended:
            return []
        self._ended.add(task.key)
        self._waits_for.pop(task.key, None)
        expected = self._expected.pop(task.key, 0)
        waiting = self._waiting.pop(task.key, [])
        if outcome.status == "failed":
            self._reasons[task.key] = f"{task}, which failed: {outcome.message}"
            if expected:
                self.notices.append(f"{task}: it failed, so up to {expected} that follow from it are left out")
            return [outcome, *(one for key in waiting for one in self._fail(self._tasks[key], task.key))]
        for key in waiting:
            self._waits_for.get(key, set()).discard(task.key)
        self._put_free(waiting)
        return [outcome, *self._add(self._todo.sort(task.follow_ups(self._store)))]

    def lost(self, batch: Batch, for_memory: bool = False) -> list[Outcome]:
        """Note that a worker died with a batch in hand: its tasks are tried again, one by one, but not for ever.

        Args:
            for_memory: it was ended for lack of memory.

        Returns:
            What ended thereby: tasks that were stored all the same, and those that are in quarantine from now on.
        """
        limit = MAX_MEMORY_ATTEMPTS if for_memory else MAX_ATTEMPTS
        ended: list[Outcome] = []
        for task in batch.tasks:
            if task.is_stored(self._store):
                ended += self.take(Outcome(task, "done"))
                continue
            self._attempts[task.key] += 1
            if self._attempts[task.key] < limit:
                self.ready.put(FIRST, Batch((task,)))
            else:
                ended += self.take(quarantine(self._store, task, self._attempts[task.key], for_memory))
        return ended

    def _add(self, tasks: Iterable[Task]) -> list[Outcome]:
        """Take in tasks that are to do; return the outcomes of those that cannot be done."""
        fresh = {task.key: task for task in tasks if task.key not in self._tasks}
        self._places |= {key: place for place, key in enumerate(fresh, len(self._places))}
        self._tasks |= fresh
        self._expected |= {key: number for key, task in fresh.items() if (number := len(task.expected()))}
        ended: list[Outcome] = []
        for key, task in fresh.items():
            missing = {need for need in task.needs if not self._store.has(need)}
            lost = next((need for need in missing if need in self._reasons or need not in self._tasks), None)
            if lost is not None:
                ended += self._fail(task, lost)
                continue
            self._waits_for[key] = missing
            for need in missing:
                self._waiting[need].append(key)
        self._put_free(fresh)
        return ended

    def _put_free(self, keys: Iterable[str]) -> None:
        """Put tasks that wait for nothing any more among what is ready."""
        free = [key for key in keys if key in self._waits_for and not self._waits_for[key]]
        for key in free:
            del self._waits_for[key]
        for batch in batches((self._tasks[key] for key in free), self._machine):
            self.ready.put(self._places[batch.tasks[0].key], batch)

    def _fail(self, task: Task, need: str) -> list[Outcome]:
        """Record that a task fails for want of another's result; return the outcomes of it and of what needs it."""
        reason = self._reasons.get(need, f"{need[:12]}, which is neither in the store nor to be made")
        message = f"needs {reason}"
        self._store.record_failure(task.failed(Failure(kind="error", message=message), made_now("unknown", 0.0)))
        return self.take(Outcome(task, "failed", message))
