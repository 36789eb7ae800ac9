"""Check: what a device renders of every method, held against the CPU within stated tolerances."""

from dataclasses import dataclass, field
from pathlib import Path

import atlas
from agreeing.compare import Agreement, agreements, other_statuses
from agreeing.work import Run, able, configuration, model_table, rendered

FIRST = 1e-3
"""Largest relative difference of an objective at the first step; of an H100 and an H200 it was 1.3e-4 at most."""
TYPICAL = 4.0
"""Largest mean difference of a method's typical picture, of 255: rounding grows in a climb; theirs was 0.94 at most."""
LIFTED = 0.03
"""Share of jobs that may end with another status: a unit that just one of two devices wakes (theirs: 1 of 101)."""


@dataclass(frozen=True)
class Check:
    """A network's methods on a device.

    Attributes:
        model: the network. jobs: in all. methods: how each agrees with the CPU's.
        again: pictures of the second run with other bytes than the first. halves: jobs in ``bfloat16`` and ``tf32``.
        wrong: what is not as it should be, in words.
    """

    model: str
    jobs: int
    methods: list[Agreement]
    again: int
    halves: int
    wrong: list[str] = field(default_factory=list)


def checked(place: Path, name: str, device: str, chosen: tuple[str, ...], steps: int) -> Check:
    """Render a small network's targets on the CPU, on a device, there again and in less precision, and compare.

    Args:
        place: a folder with photos. chosen: names of methods; none for all. steps: of each picture.
    """
    model = atlas.load(model_table(name))
    some = [method for method in able(model) if not chosen or method in chosen]
    runs = [Run("cpu", "cpu"), Run("device", device), Run("again", device)]
    cpu, there, again = (rendered(configuration(place, run, name, steps, "float32", some), model) for run in runs)
    rough = [
        rendered(configuration(place, Run("rough", device), name, steps, precision, some), model)
        for precision in ("bfloat16", "tf32")
    ]
    rows, repeated = agreements(cpu, there), agreements(there, again)
    others = other_statuses(cpu, there)
    wrong = sorted(set(there.failed) - set(cpu.failed)) + [line for one in rough for line in one.failed]
    wrong += others if len(others) > max(1, LIFTED * len(cpu.records)) else []
    wrong += [f"{row.method}: first step {row.first:.1e}, allowed {FIRST:g}" for row in rows if row.first > FIRST]
    wrong += [f"{row.method}: {row.typical:.2f} of 255, allowed {TYPICAL:g}" for row in rows if row.typical > TYPICAL]
    other_bytes = sum(row.pictures - row.equal for row in repeated)
    wrong += [f"{other_bytes} pictures had other bytes the second time"] * bool(other_bytes)
    halves = sum(len(one.records) for one in rough)
    return Check(name, len(cpu.records), rows, other_bytes, halves, wrong)
