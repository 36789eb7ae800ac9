"""Session: cases measured in alternation, each result kept, so that no table measures again what another one has."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from rendering.case import Case, Result, measure


@dataclass
class Session:
    """All measurements of one run of the benchmark.

    Attributes:
        rounds: how often each case is measured.
        measured: what came of it, one result for each round.
    """

    rounds: int
    measure: Callable[[Case], Result] = measure
    measured: dict[Case, list[Result]] = field(default_factory=dict)

    def run(self, cases: Sequence[Case]) -> None:
        """Measure what is missing, all cases once before any of them again, so that a busy spell hits all alike."""
        for number in range(self.rounds):
            for case in cases:
                results = self.measured.setdefault(case, [])
                if len(results) <= number:
                    print(f"round {number + 1} of {self.rounds}: {case.title}, {case.jobs} x", file=sys.stderr, end=" ")
                    print(f"{case.image_size} px", file=sys.stderr, flush=True)
                    results.append(self.measure(case))

    def values(self, case: Case, of: Callable[[Result], float]) -> list[float]:
        """Return a number of every round."""
        return [of(result) for result in self.measured[case]]

    def median(self, case: Case, of: Callable[[Result], float]) -> float:
        """Return the median of a number over the rounds."""
        return median(self.values(case, of))

    def ratio(self, case: Case, peer: Case) -> float:
        """Return how many times the peer's pictures per minute, the median of each round's ratio."""
        pairs = zip(self.measured[case], self.measured[peer], strict=True)
        return median(own.per_minute(case) / other.per_minute(peer) for own, other in pairs)

    def save(self, path: Path) -> None:
        """Write every result as JSON."""
        rows = [
            {"case": asdict(case), "results": [asdict(result) for result in results]}
            for case, results in self.measured.items()
        ]
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table, the first column left-aligned, the others right-aligned."""
    cells = [list(map(str, row)) for row in [head, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        " | ".join(cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(row, widths, strict=True)) for row in cells)
    ]
    rule = " | ".join("-" * (width - 1) + ":" if column else "-" * width for column, width in enumerate(widths))
    return "\n".join(f"| {line} |" for line in [lines[0], rule, *lines[1:]])
