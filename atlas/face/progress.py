"""Progress of a run in a terminal or a notebook: what, how many, how long left."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from atlas.face.words import duration, printable

if TYPE_CHECKING:
    from atlas.tasks.batch import Batch
    from atlas.tasks.task import Outcome

QUIET_INTERVAL = 30.0
"""Seconds between lines where the output is a file and a bar would only be noise."""


def can_animate(console: Console) -> bool:
    """Tell whether a bar can move there: in a terminal, or in a notebook that has ipywidgets."""
    return console.is_terminal or (console.is_jupyter and find_spec("ipywidgets") is not None)


class RunProgress:
    """One bar over all jobs, whatever they make, advanced by steps; plain lines where there is no terminal."""

    def __init__(self, console: Console, bar: Progress, total: int, nouns: tuple[str, str]) -> None:
        self._console = console
        self._bar = bar
        self._total = total
        self._nouns = nouns
        self._ended = self._failed = 0
        self._shares: dict[str, float] = {}
        self._task = bar.add_task("starting", total=total, jobs=self._jobs())
        self._started = self._spoke = monotonic()

    def on_step(self, batch: "Batch", done: int, steps: int) -> None:
        """Show a batch in flight; its share of finished steps counts as that share of its jobs, as that of others
        that are in flight beside it."""
        self._shares[batch.tasks[0].key] = len(batch.tasks) * min(done / steps, 0.999)
        self._advance(printable(batch.title))

    def on_outcome(self, outcome: "Outcome") -> None:
        """Count a job that ended."""
        self._ended += 1
        self._failed += outcome.status == "failed"
        self._shares.pop(outcome.task.key, None)
        self._advance()

    def on_total(self, total: int) -> None:
        """Note how many jobs there are; it changes where some follow from others."""
        if total != self._total:
            self._total = total
            self._bar.update(self._task, total=total, jobs=self._jobs())

    def on_notice(self, text: str) -> None:
        """Print a sentence above the bar."""
        self._console.print(printable(text), style="yellow")

    def _jobs(self) -> str:
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._ended} of {self._total} {self._nouns[self._total != 1]}{failed}"

    def _advance(self, title: str | None = None) -> None:
        completed = min(self._ended + sum(self._shares.values()), self._total)
        self._bar.update(self._task, completed=completed, jobs=self._jobs(), description=title)
        now = monotonic()
        if completed and self._bar.disable and now - self._spoke > QUIET_INTERVAL:
            self._spoke = now
            left = (now - self._started) / completed * (self._total - completed)
            self._console.print(f"{self._jobs()}, about {duration(left)} left")


@contextmanager
def run_progress(console: Console, total: int, noun: str = "job", nouns: str = "jobs") -> Iterator[RunProgress]:
    """Show a bar over ``total`` jobs, or whatever they are called, while the body runs."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[jobs]}", markup=False),
        TaskProgressColumn(),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, disable=not can_animate(console)) as bar:
        yield RunProgress(console, bar, total, (noun, nouns))


@contextmanager
def build_progress(console: Console) -> Iterator["BuildProgress"]:
    """Show a bar per phase of a site build while the body runs."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=console, disable=not can_animate(console)) as bar:
        yield BuildProgress(bar)


class BuildProgress:
    """A bar per phase; call it with (phase, done, total)."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, object] = {}

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Move the bar of a phase, which is made when it is first heard of."""
        if phase not in self._tasks:
            self._tasks[phase] = self._bar.add_task(phase, total=total)
        self._bar.update(self._tasks[phase], completed=done, total=total)  # type: ignore[arg-type]
