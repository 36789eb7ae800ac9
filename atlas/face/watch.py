"""Watch: how a person is told what goes on, in a terminal or a notebook."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from atlas.face.progress import BuildProgress, RunProgress, build_progress, can_animate, run_progress
from atlas.face.words import printable


@dataclass(frozen=True)
class Watch:
    """Says what goes on.

    Attributes:
        console: where; one that is quiet says nothing.
    """

    console: Console

    @classmethod
    def of_program(cls, shown: bool = True) -> "Watch":
        """Return one for a notebook, or a program's stream of errors."""
        return cls(Console(stderr=True, quiet=not shown, highlight=False, markup=False, emoji=False, soft_wrap=True))

    def doing(self, what: str) -> AbstractContextManager[object]:
        """Say what is being done while the body runs, where that can be taken away again."""
        return self.console.status(Text(printable(what))) if can_animate(self.console) else nullcontext()

    def notice(self, text: str) -> None:
        """Say a sentence that a person should know."""
        self.console.print(printable(text), style="yellow")

    def phases(self) -> AbstractContextManager[BuildProgress]:
        """Show a bar for each phase of something."""
        return build_progress(self.console)

    def tasks(self, total: int, noun: str = "job", nouns: str = "jobs") -> AbstractContextManager[RunProgress]:
        """Show one bar over things that are made."""
        return run_progress(self.console, total, noun, nouns)
