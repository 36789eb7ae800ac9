"""Batch: tasks that are made together. What they share decides the work; nothing they share decides a result."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from atlas.core.canonical import canonical_json
from atlas.tasks.machine import Machine
from atlas.tasks.task import Task


@dataclass(frozen=True)
class Batch:
    """Tasks of one class, of one model, that share what they must."""

    tasks: tuple[Task, ...]

    @property
    def model(self) -> str:
        """Name of the model in the configuration."""
        return self.tasks[0].model

    @property
    def title(self) -> str:
        """What is done, for a progress bar."""
        first, *others = dict.fromkeys(task.title for task in self.tasks)
        return f"{first} and {len(others)} more" if others else first

    def alone(self) -> list["Batch"]:
        """Return each task as a batch of its own."""
        return [Batch((task,)) for task in self.tasks]

    def halves(self) -> list["Batch"]:
        """Return its tasks, of which there are two or more, as two batches."""
        middle = len(self.tasks) // 2
        return [Batch(self.tasks[:middle]), Batch(self.tasks[middle:])]


def group(tasks: Iterable[Task]) -> list[list[Task]]:
    """Return tasks in groups that may share a batch, in the order of their first one."""
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(canonical_json([task.kind, task.model, task.shares]), []).append(task)
    return list(groups.values())


def batches(tasks: Iterable[Task], machine: Machine) -> list[Batch]:
    """Cut tasks into batches of at most as many as go together on a machine, as even as they can be."""
    result = []
    for members in group(tasks):
        most = members[0].together(machine)
        count = 1 if most is None else -(-len(members) // most)
        edges = [len(members) * number // count for number in range(count + 1)]
        result += [Batch(tuple(members[start:end])) for start, end in itertools.pairwise(edges)]
    return result
