"""Pending: what of a plan is still to do, and what is left out."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from atlas.errors import ConfigError
from atlas.plan.plan import Plan
from atlas.store import Store
from atlas.store.snapshot import Snapshot
from atlas.tasks.rendering import RenderTask
from atlas.tasks.task import Task

DEAD, QUARANTINED = "dead", "quarantined"
"""What is tried again on demand; other failures are by every run."""
SHORTEST_KEY = 4
"""Digits of a key that must be given to choose a picture: an empty one, from a slip in a script, would choose all."""


class Pending:
    """Tasks, sorted by what is to become of them.

    Args:
        only: beginnings of keys of pictures; if any are given, all other pictures are left out.
        retry: what to take as well: pictures that are ``dead``, or tasks that are ``quarantined``.

    Attributes:
        missing: to do now. present: stored. quarantined: they killed their worker before, and are left out.
        is_whole: whether what photos tell is looked at, and not only pictures that were asked for by key.
    """

    def __init__(self, store: Store, only: Sequence[str] = (), retry: Collection[str] = ()) -> None:
        self._store = store
        self._only = tuple(prefix.lower() for prefix in only)
        self._retry = retry
        self._again = set[str]()
        self.is_whole = not only
        self.missing: list[Task] = []
        self.present: list[Task] = []
        self.quarantined: list[Task] = []

    def sort(self, tasks: Iterable[Task], store: Store | Snapshot | None = None) -> list[Task]:
        """Take in more tasks; return those of them that are to do.

        Args:
            store: what is asked for what is there: a snapshot, where tasks are many; the store unless it is given.
        """
        store = self._store if store is None else store
        missing: list[Task] = []
        for task in tasks:
            unasked = isinstance(task, RenderTask) and not task.key.startswith(self._only)
            if self._only and (unasked or task.of_pictures):
                continue
            if task.is_stored(store) and not (task.of_pictures and self._again.intersection(task.needs)):
                if isinstance(task, RenderTask) and DEAD in self._retry and store.is_dead(task.key):
                    missing.append(replace(task, again=True))
                    self._again.add(task.key)
                else:
                    self.present.append(task)
            elif QUARANTINED not in self._retry and store.is_quarantined(task.key):
                self.quarantined.append(task)
            else:
                missing.append(task)
        self.missing += missing
        return missing

    @property
    def unknown(self) -> list[str]:
        """The beginnings of keys that none of the tasks has that were sorted."""
        found = [*self.missing, *self.present, *self.quarantined]
        return [prefix for prefix in self._only if not any(task.key.startswith(prefix) for task in found)]


def pending(
    plan: Plan, store: Store, only: Sequence[str] = (), retry: Collection[str] = (), scores: Collection[str] = ()
) -> Pending:
    """Return what of a plan, and of what is known to follow from it, is to do: all but scores, or these alone.

    Where ``only`` names pictures that the plan has, nothing else is done. Where it names others, they may be of
    concepts that are still to be found, which is done first.

    Args:
        scores: names of scores and analyses; if any are given, only they and what they are made of are made.

    Raises:
        ConfigError: no picture can have a key that begins so, or it is too short to tell.
    """
    known = plan.with_follow_ups(store)
    # What is asked for by key is looked at itself, so that it is made again though its document alone was removed.
    todo, there = Pending(store, only, retry), store if only else store.snapshot()
    if scores:
        wanted: list[Task] = [task for task in known.scores if task.score in scores]
        wanted += [task for task in known.found if task.name in scores]
        todo.sort(_with_needs(wanted, known.tasks), there)
        return todo
    todo.sort(known.jobs if only else (task for task in known.tasks if not task.evaluates), there)
    if only:
        refuse_unknown([prefix for prefix in only if len(prefix) < SHORTEST_KEY])
        if todo.unknown:
            if not known.expected(store):
                refuse_unknown(todo.unknown)
            todo.is_whole = True
            todo.sort((task for task in known.analyses if not task.evaluates), there)
    return todo


def _with_needs(wanted: Sequence[Task], tasks: Sequence[Task]) -> list[Task]:
    """Return tasks of `atlas evaluate` and, before them, those that they are made of."""
    known = {task.key: task for task in tasks if task.evaluates}
    found: dict[str, Task] = {}
    waiting = list(wanted)
    while waiting:
        task = waiting.pop()
        found[task.key] = task
        waiting += [known[key] for key in task.needs if key in known and key not in found]
    return [task for key, task in known.items() if key in found]


def refuse_unknown(prefixes: Sequence[str]) -> None:
    """Complain of beginnings of keys that no picture has.

    Raises:
        ConfigError: there are any.
    """
    problems = [
        f'no job of this configuration has a key that begins with "{prefix}"'
        if len(prefix) >= SHORTEST_KEY
        else f'"{prefix}" is too short; give at least the first {SHORTEST_KEY} digits of a key'
        for prefix in prefixes
    ]
    if problems:
        raise ConfigError(
            problems, remedy="take the key from the picture's recipe, and the configuration it was made with"
        )
