"""Task: one thing that a run makes and the store keeps under a key: a picture, statistics, concepts of a class.

A plan is a graph of tasks, whose edges are the keys that each needs. To add a kind of task is to write a class of them
and to plan it; how tasks are ordered, batched, sent to workers, tried again, left out and reported is the same for all.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from atlas.core.attempt import Attempt
from atlas.core.job import ModelIdentity
from atlas.core.record import Failure, Provenance, Status
from atlas.store import Store
from atlas.store.snapshot import Snapshot

if TYPE_CHECKING:
    from atlas.models.network.network import Network
    from atlas.tasks.bench import Bench
    from atlas.tasks.machine import Machine


@dataclass(frozen=True)
class Task(ABC):
    """One thing to make; small enough to travel to a worker.

    Attributes:
        model: the model's name in the configuration.
        kind: what is made, in one word. cost: of one, in pictures, roughly; it decides whether several workers are
            worth their start. relief: what to lower, in words, where there is too little memory for one.
        of_pictures: it is about several pictures, and is left out where only some are made.
        paced: its steps take about as long as each other, and the last one ends it.
        evaluates: it is made by `atlas evaluate`, of pictures that are there, and not with them.
    """

    kind: ClassVar[str]
    cost: ClassVar[int] = 4
    relief: ClassVar[str] = "executor.workers or executor.batch_size"
    of_pictures: ClassVar[bool] = False
    paced: ClassVar[bool] = False
    evaluates: ClassVar[bool] = False

    model: str

    @property
    @abstractmethod
    def key(self) -> str:
        """What the store knows the result by."""

    @property
    @abstractmethod
    def identity(self) -> ModelIdentity:
        """The model that was planned with; a worker refuses to go on with another."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Keys of the tasks whose results it reads."""
        return ()

    @property
    def title(self) -> str:
        """What is done, for a progress bar."""
        return str(self)

    @property
    @abstractmethod
    def columns(self) -> tuple[str, str, str]:
        """What a table of the plan says of it: layer, kind, method."""

    @property
    def shares(self) -> object:
        """What must be equal, as JSON, of tasks that are made in one batch; nothing but itself, unless it says so."""
        return self.key

    def together(self, machine: "Machine") -> int | None:
        """Return how many may be in one batch on a machine; None for all that share it."""
        return 1

    def in_a_thread(self) -> int | None:
        """Return how many of a batch one thread of a CPU makes together, and others beside it; None for all of it."""
        return None

    @property
    def views(self) -> int:
        """How many views a network is shown of it in one step, where that is counted."""
        return 0

    def unlike(self) -> str:
        """Return in words what makes it in this process otherwise than it was planned; empty if nothing does."""
        return ""

    def in_a_pass(self, network: "Callable[[str], Network]") -> int | None:
        """Return how many of a batch an accelerator's memory holds together; None where it does not grow with them.

        Args:
            network: gives the model's network on it, for some numerics.
        """
        return None

    def is_stored(self, store: Store | Snapshot) -> bool:
        """Tell whether there is nothing to make."""
        return store.has(self.key)

    def follow_ups(self, store: Store) -> "Sequence[Task]":
        """Return what there is to do next, known only from the result; nothing before the store has it."""
        return ()

    def expected(self) -> "Sequence[Task]":
        """Return stand-ins of as many tasks as may follow: they cost what the real ones will."""
        return ()

    @staticmethod
    @abstractmethod
    def run(tasks: Sequence[Any], bench: "Bench") -> "list[Outcome]":
        """Make and store the results of a batch of tasks of this class; return how each ended."""

    @classmethod
    def make(cls, tasks: Sequence[Any], bench: "Bench") -> "Finish":
        """Do what takes the device; return what stores the results, which another thread may call meanwhile.

        If it raises, the tasks are tried again in smaller batches, and one that raises alone has failed.
        """
        outcomes = cls.run(tasks, bench)
        return lambda: outcomes

    def failed(self, error: Failure, provenance: Provenance, trace: Sequence[float] = ()) -> Attempt:
        """Return what the store keeps of an attempt that failed.

        Args:
            trace: the objective at every step that was done, if there were any.
        """
        return Attempt(
            key=self.key,
            what=str(self),
            model=self.identity.fingerprint,
            error=error,
            trace=tuple(trace),
            provenance=provenance,
        )


Finish = Callable[[], "list[Outcome]"]
"""Stores what was made, and returns how each of a batch ended."""


@dataclass(frozen=True)
class Outcome:
    """How one task ended, small enough to send between machines.

    Attributes:
        message: why, if it is not done; else what a person should know, if there is anything.
        quarantined: it ended its worker again and again, and is not tried again unasked.
    """

    task: Task
    status: Status
    message: str = ""
    quarantined: bool = False
