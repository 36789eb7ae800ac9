"""Evaluating a project: what is to be looked at is looked at, what is to be scored is scored, and tables come of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.analyses.rows import analyses_of
from atlas.core.finding import Finding
from atlas.core.score import Score
from atlas.errors import ConfigError, did_you_mean
from atlas.face.evaluation import Evaluation, evaluation_of
from atlas.face.project import Project
from atlas.face.words import first_line
from atlas.jobs.pending import Pending
from atlas.jobs.report import Report
from atlas.plan.evaluations import Evaluations
from atlas.store import Store

NOTHING = (
    "the configuration scores and analyses nothing",
    'add a table [[evaluate]] with scores = ["transfer"], and [[judges]] that had no part in the pictures; or a table '
    '[[analyse]] with kind = "cka"',
)
WAITING = "some of what it is about is not in the store; run `atlas render` first"
"""What is said of an analysis of pictures or concepts that nobody made yet."""


@dataclass(frozen=True)
class Evaluating:
    """What `atlas evaluate` does with a project.

    Attributes:
        scores: names of the scores and analyses that are made and told.
    """

    project: Project
    scores: tuple[str, ...]

    @classmethod
    def of(cls, project: Project, only: Sequence[str] = ()) -> "Evaluating":
        """Return it for the scores and analyses that a configuration asks for.

        Args:
            only: names of some of them; all unless any are given.

        Raises:
            ConfigError: it asks for none, or not for one of these.
        """
        asked = project.config.asked
        if not asked:
            raise ConfigError([NOTHING[0]], str(project.config.file), NOTHING[1])
        if wrong := [name for name in only if name not in asked]:
            hints = [did_you_mean(name, asked) or f"it asks for: {', '.join(asked)}" for name in wrong]
            pairs = zip(wrong, hints, strict=True)
            raise ConfigError(
                [f'the configuration asks for no score or analysis "{name}"; {hint}' for name, hint in pairs]
            )
        return cls(project, tuple(only) or asked)

    @property
    def planned(self) -> Evaluations:
        """All that the configuration asks for."""
        return self.project.plan.evaluations

    def pending(self) -> Pending:
        """Return what is to do."""
        return self.project.pending(scores=self.scores)

    def run(self, todo: Pending | None = None) -> Report:
        """Look and score; no picture is rendered. What is made already stays, and what is stopped goes on later."""
        return self.project.run(todo or self.pending())

    def results(self, report: Report | None = None) -> Evaluation:
        """Return what the store has of the scores and analyses.

        Args:
            report: of a run; it says what failed.
        """
        store = self.project.existing_store
        found = [] if store is None else list(self._documents(store))
        missing = {name: len(tasks) for name, tasks in self.planned.missing(store, self.scores).items()}
        cards = {} if store is None else store.metrics()
        failed = [f"{outcome.task}: {first_line(outcome.message)}" for outcome in report.failed] if report else []
        findings = self.project.plan.findings
        analyses = analyses_of(
            [] if store is None else self._findings(store),
            cards,
            {card.identity.fingerprint: card for card in self.project.plan.cards.values()},
            self._concerning([*findings.left_out, *(f"{kind}: {WAITING}" for kind in findings.waiting(store))]),
        )
        return evaluation_of(found, cards, self._concerning(self.planned.left_out), failed, missing, analyses)

    def _concerning(self, left_out: Sequence[str]) -> tuple[str, ...]:
        """Return those of some sentences that are not of other scores alone; they begin with the names of theirs."""
        others = {*self.project.config.asked} - {*self.scores}
        named = [{*line.partition(":")[0].partition(" of ")[0].split(", ")} for line in left_out]
        return tuple(line for line, names in zip(left_out, named, strict=True) if not names <= others)

    def _documents(self, store: Store) -> Iterator[tuple[str, Score]]:
        for task in self.project.plan.with_follow_ups(store).scores:
            if task.score in self.scores and store.has(task.key):
                yield task.model, store.document(Score, task.key)

    def _findings(self, store: Store) -> Iterator[Finding]:
        for task in self.project.plan.with_follow_ups(store).found:
            if task.name in self.scores and store.has(task.key):
                yield store.document(Finding, task.key)
