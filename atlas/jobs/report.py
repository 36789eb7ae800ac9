"""Report: what a run did."""

from collections import Counter
from dataclasses import dataclass, field

from atlas.tasks.task import Outcome


@dataclass
class Report:
    """What a run did.

    Attributes:
        done_by_kind: kind of task to how many are done.
        dead, failed: the others that ended.
        notices: sentences for a person, of tasks that are done.
        interrupted: it was stopped before its end.
    """

    done_by_kind: Counter[str] = field(default_factory=Counter)
    dead: list[Outcome] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    interrupted: bool = False

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        if outcome.status == "done":
            self.done_by_kind[outcome.task.kind] += 1
            self.notices += [outcome.message] if outcome.message else []
        else:
            (self.dead if outcome.status == "dead" else self.failed).append(outcome)

    @property
    def done(self) -> int:
        """How many tasks are done."""
        return self.done_by_kind.total()

    @property
    def finished(self) -> int:
        """How many tasks ended, in whatever way."""
        return self.done + len(self.dead) + len(self.failed)
