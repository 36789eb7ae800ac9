"""Walk: through the graph of a plan's tasks, batch by batch, in an order that has all there when it is needed."""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial

from atlas.core.record import Failure
from atlas.jobs.elsewhere import Elsewhere
from atlas.jobs.losses import Cause, Losses
from atlas.jobs.patience import patiently
from atlas.jobs.pending import Pending
from atlas.jobs.quarantine import ENDED, quarantine
from atlas.jobs.ready import Ready
from atlas.store import Store
from atlas.store.leases import Leases
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
        leases: by which runs on one store divide the work.

    Attributes:
        ready: batches that can be made now.
        begun: outcomes of tasks that cannot even begin, as what they need is not to be had.
        notices: sentences for a person.
    """

    def __init__(self, todo: Pending, store: Store, machine: Machine, leases: Leases | None = None) -> None:
        self._todo = todo
        self._leases = leases or Leases(store.path)
        self._elsewhere = Elsewhere(store, self._leases)
        self._store = store
        self._machine = machine
        self._tasks: dict[str, Task] = {}
        self._places: dict[str, int] = {}
        self._waits_for: dict[str, set[str]] = {}
        self._waiting: dict[str, list[str]] = defaultdict(list)
        self._expected: dict[str, int] = {}
        self._ended: set[str] = set()
        self._reasons = {task.key: f"{task}, which is in quarantine" for task in todo.quarantined}
        self._losses = Losses()
        self.ready = Ready()
        self.notices: list[str] = []
        self.begun = self._add(todo.missing)

    @property
    def is_over(self) -> bool:
        """Whether every task has ended."""
        return len(self._ended) == len(self._tasks)

    @property
    def waits(self) -> bool:
        """Whether other runs on this store are making something that this one needs."""
        return len(self._elsewhere) > 0

    @property
    def only_waits(self) -> bool:
        """Whether it waits for them, and has nothing to give meanwhile."""
        return self.waits and not len(self.ready)

    @property
    def total(self) -> int:
        """How many tasks there are, with those that ended; at most, as long as others may follow."""
        return len(self._tasks) + sum(self._expected.values())

    @property
    def breadth(self) -> int:
        """How many workers may be of use, at most."""
        return len(self.ready) + len(self._waits_for) + len(self._expected) + len(self._elsewhere)

    @property
    def cost(self) -> int:
        """What is still to do, in pictures."""
        return sum(task.cost for key, task in self._tasks.items() if key not in self._ended) + sum(
            self._expected.values()
        )

    def use(self, machine: Machine) -> None:
        """Cut what is ready, and what will be, into batches for another machine."""
        self._machine = machine
        tasks = [task for batch in self.ready.clear() for task in batch.tasks]
        self._put(sorted(tasks, key=lambda task: self._places[task.key]))

    @property
    def has_suspects(self) -> bool:
        """Whether something that is ready is tried again."""
        return self.ready.first == FIRST

    def is_suspect(self, batch: Batch) -> bool:
        """Tell whether a batch was in hand when a worker ended: it is tried again with nothing beside it."""
        return self._losses.knows(batch)

    def next(self, model: str | None = None) -> Batch | None:
        """Return what is to be made next, best of a model, and lease it; None if there is nothing now.

        What another run on this store is making is left to it: see :meth:`look`.
        """
        while (batch := self.ready.take(model)) is not None:
            mine = tuple(task for task in batch.tasks if patiently(partial(self._leases.take, task.key)))
            # Looked at again: the other run may have ended between this run's plan and this lease.
            stored = {task.key for task in mine if task.is_stored(self._store)}
            self._elsewhere.add([task for task in batch.tasks if task not in mine or task.key in stored])
            left = tuple(task for task in mine if task.key not in stored)
            if left:
                return Batch(left)
        return None

    def look(self) -> list[Outcome]:
        """Look at what is left to other runs: return what ended there, and put in what nobody makes any more."""
        ended = [one for outcome in self._elsewhere.ended() for one in self.take(outcome)]
        self._put(self._elsewhere.abandoned())
        return ended

    def take(self, outcome: Outcome) -> list[Outcome]:
        """Note how a task ended, and put in what can be made now; return it, and the tasks that failed with it."""
        task = outcome.task
        if task.key in self._ended:
            return []
        self._ended.add(task.key)
        self._leases.release(task.key)
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

    def lost(self, batch: Batch, cause: Cause = "died", beside: bool = False) -> list[Outcome]:
        """Note that a worker ended with a batch in hand: what of it is not stored is tried again, but not for ever.

        Args:
            beside: it had another in hand as well.

        Returns:
            What ended thereby: tasks that were stored all the same, and one that is in quarantine from now on.
        """
        left, ended = self._left(batch)
        if left is None:
            return ended
        verdict = self._losses.lose(left, cause, beside)
        for again in verdict.again:
            self.ready.put(FIRST, again)
        if verdict.quarantined is not None:
            ended += self.take(quarantine(self._store, verdict.quarantined, verdict.attempts, ENDED[cause]))
        return ended

    def give_back(self, batch: Batch, device: str = "") -> list[Outcome]:
        """Put back a batch that was not to blame for the end of its worker, with no loss counted.

        Args:
            device: that failed while it had the batch in hand. Where several have, the batch is to blame after all.
        """
        left, ended = self._left(batch)
        if left is not None:
            if device and self._losses.blames(left, device):
                return ended + self.lost(left)
            self.ready.put(FIRST, left)
        return ended

    def _left(self, batch: Batch) -> tuple[Batch | None, list[Outcome]]:
        """Return what of a batch is not stored, and the outcomes of what is."""
        left = tuple(task for task in batch.tasks if not task.is_stored(self._store))
        stored = [task for task in batch.tasks if task not in left]
        return Batch(left) if left else None, [one for task in stored for one in self.take(Outcome(task, "done"))]

    def _add(self, tasks: Iterable[Task]) -> list[Outcome]:
        """Take in tasks that are to do; return the outcomes of those that cannot be done."""
        fresh = {task.key: task for task in tasks if task.key not in self._tasks}
        self._places |= {key: place for place, key in enumerate(fresh, len(self._places))}
        self._tasks |= fresh
        self._expected |= {key: number for key, task in fresh.items() if (number := len(task.expected()))}
        ended: list[Outcome] = []
        for key, task in fresh.items():
            missing = {need for need in task.needs if self._is_to_come(need)}
            lost = next((need for need in missing if need in self._reasons or need not in self._tasks), None)
            if lost is not None:
                ended += self._fail(task, lost)
                continue
            self._waits_for[key] = missing
            for need in missing:
                self._waiting[need].append(key)
        self._put_free(fresh)
        return ended

    def _is_to_come(self, need: str) -> bool:
        """Tell whether a result is not there yet, or is made again although it is."""
        return not self._store.has(need) or (need in self._tasks and need not in self._ended)

    def _put_free(self, keys: Iterable[str]) -> None:
        """Put tasks that wait for nothing any more among what is ready."""
        free = [key for key in keys if key in self._waits_for and not self._waits_for[key]]
        for key in free:
            del self._waits_for[key]
        self._put(self._tasks[key] for key in free)

    def _put(self, tasks: Iterable[Task]) -> None:
        for batch in batches(tasks, self._machine):
            self.ready.put(self._places[batch.tasks[0].key], batch)

    def _fail(self, task: Task, need: str) -> list[Outcome]:
        """Record that a task fails for want of another's result; return the outcomes of it and of what needs it."""
        reason = self._reasons.get(need, f"{need[:12]}, which is neither in the store nor to be made")
        message = f"needs {reason}"
        self._store.record_failure(task.failed(Failure(kind="error", message=message), made_now("unknown", 0.0)))
        return self.take(Outcome(task, "failed", message))
