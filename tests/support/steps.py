"""Steps: tasks that make nothing, and a store that remembers which were made, to walk through a graph of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from records import IDENTITY

from atlas.jobs.pending import Pending
from atlas.jobs.walk import Walk
from atlas.store import Store
from atlas.tasks.machine import Machine
from atlas.tasks.task import Task

MACHINE = Machine("cpu", 4)


def key(name):
    """Return the key of the step of that name: a letter."""
    return f"{ord(name):02x}" * 32


@dataclass(frozen=True)
class Step(Task):
    """A task that makes nothing: what it needs and what follows from it are given."""

    kind: ClassVar[str] = "step"

    name: str = ""
    needs: tuple[str, ...] = ()
    following: "tuple[Step, ...]" = ()
    shares: str = ""
    most: int | None = 1

    @property
    def key(self):
        return key(self.name)

    @property
    def identity(self):
        return IDENTITY

    @property
    def columns(self):
        return ("", "", "")

    def __str__(self):
        return f"step {self.name}"

    def together(self, machine):
        return self.most

    def follow_ups(self, store):
        return self.following if self.is_stored(store) else ()

    def expected(self):
        return self.following

    @staticmethod
    def run(tasks: Sequence["Step"], bench):
        raise AssertionError("nothing runs")


class Made(Store):
    """A store that only remembers what was made and why the rest failed."""

    def __init__(self, folder):
        super().__init__(folder / "store", create=True)
        self.made, self.errors = set(), {}

    def has(self, key):
        return key in self.made

    def record_failure(self, attempt):
        self.errors[attempt.key] = attempt.error


def step(name, *needs, following=(), model="m", shares="", most=1):
    """Return a step; needs are named by their names."""
    return Step(model, name, tuple(key(need) for need in needs), tuple(following), shares or name, most)


def walk_of(store, *steps):
    """Return a walk through steps that are all to do."""
    todo = Pending(store)
    todo.sort(steps)
    return Walk(todo, store, MACHINE)
