"""Half a million jobs: planning them, looking what is to do, reading what is there.

    python benchmarks/scale.py --folder FOLDER
    python benchmarks/scale.py --folder FOLDER --jobs 25000

Of a network of 1,000 channels in each of up to 100 layers, and a store with the record of every job, 64 steps each and
without pictures, which stays in the folder. Each line is measured in a process of its own: wall time, the processor's
time of all threads, and by how much the process's peak of memory grew, all but planning after the plan was made. Goals:
500,000 planned in 10 s and 400 MiB, and looked through in 3 s; 300 in quarantine among 25,000 in 1 s. Prints Markdown.
Linux only.
"""

import os
import platform
from pathlib import Path

import click
from rendering.session import table
from scaling.measures import Measured, apart

SIZES = (25_000, 100_000, 500_000)
LINES = {
    "planning": ("planning",),
    "quarantine": ("looking what is to do, nothing there, 300 in quarantine",),
    "indexing": ("the same where all is there, without an index",),
    "resuming": ("the same with an index", "a run that has nothing to do"),
    "reading": ("reading what a site shows",),
}
"""What is measured, in order, and what each of its lines is."""


@click.command()
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), required=True, help="for the stores")
@click.option("--jobs", type=int, multiple=True, default=SIZES, help="how many, a multiple of 1,000; several times")
@click.option("--only", type=click.Choice(list(LINES)), multiple=True, default=list(LINES), help="what to measure")
def main(folder: Path, jobs: tuple[int, ...], only: tuple[str, ...]) -> None:
    """Measure and print."""
    rows = []
    for count in jobs:
        store, held = folder / str(count), folder / f"{count}-held"
        if set(only) - {"planning", "quarantine"} and not store.exists():
            apart("filling", store, count)
        if "quarantine" in only and not held.exists():
            apart("holding", held, count)
        for name in only:
            found = apart(name, held if name == "quarantine" else store, count)
            rows += [_row(line, count, each) for line, each in zip(LINES[name], found, strict=True)]
    print(table(("", "jobs", "wall, s", "processor, s", "memory, MiB"), rows))
    print(f"\nMeasured on {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.")


def _row(line: str, count: int, found: Measured) -> tuple[str, ...]:
    return line, f"{count:,}", f"{found.seconds:.2f}", f"{found.processor:.2f}", f"{found.memory:.0f}"


if __name__ == "__main__":
    main()
