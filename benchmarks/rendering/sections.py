"""Sections: what the benchmark measures and prints, one function for each table and its goal."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from rendering.case import Case, Result
from rendering.session import Session, table

GROWTH_BATCHES = (1, 2, 4, 8, 16)
GROWTH_SIZES = (256, 512, 1024)
GROWTH_UNITS = (8, 16, 32)
GROWTH_BATCH = 8
MIB = 2**20
FLAT = 1.05
"""Peak memory of four times the jobs may be this many times as large: allocators never repeat themselves exactly."""


@dataclass(frozen=True)
class Defaults:
    """What suits a kind of device. ``goal`` is the least ratio to Horama, at ``goal_batch``."""

    batches: tuple[int, ...]
    precisions: tuple[str, ...]
    steps: int
    warmup: int
    goal: float
    goal_batch: int


DEFAULTS = {
    "cpu": Defaults((1, 4, 8), ("float32",), steps=8, warmup=2, goal=4.0, goal_batch=8),
    # The first 16 steps of atlas wait for the device to look for blocked gradients; 240 of 256 do not.
    "cuda": Defaults((1, 16, 64, 256), ("float32", "bfloat16"), steps=48, warmup=16, goal=20.0, goal_batch=64),
}


@dataclass(frozen=True)
class Plan:
    """What one run of the benchmark compares."""

    base: Case
    batches: tuple[int, ...]
    precisions: tuple[str, ...]
    horama: bool
    defaults: Defaults

    def atlas(self, batch: int, precision: str = "") -> Case:
        """Return the case of one full batch."""
        return replace(self.base, batch=batch, jobs=batch, precision=precision or self.precisions[0])

    def peers(self) -> list[Case]:
        """Return Horama's cases, its own way first."""
        names = ("horama", "horama-frozen") if self.horama else ()
        return [replace(self.base, renderer=name) for name in names]  # type: ignore[arg-type]

    def speed_cases(self) -> list[Case]:
        """Return all cases whose throughput and network share are told."""
        own = [self.atlas(batch, precision) for precision in self.precisions for batch in self.batches]
        return [*self.peers(), *own]


def throughput(plan: Plan, session: Session) -> None:
    """Print pictures per minute, and how many times Horama's."""
    cases = plan.speed_cases()
    session.run(cases)
    peer = plan.peers()[0] if plan.horama else plan.atlas(plan.batches[0])
    head = ("renderer", "s per step", "min - max", "pictures/min", f"x {peer.title}", "outside steps, s", "peak, MiB")
    rows = []
    for case in cases:
        seconds = session.values(case, lambda result: result.step)
        rows.append(
            (
                case.title,
                f"{session.median(case, lambda result: result.step):.4g}",
                f"{min(seconds):.4g} - {max(seconds):.4g}",
                f"{session.median(case, lambda result, case=case: result.per_minute(case)):.4g}",
                f"{session.ratio(case, peer):.2f}",
                f"{session.median(case, lambda result: result.outside):.3g}",
                memory(session, case),
            )
        )
    print(table(head, rows))
    if plan.horama and plan.defaults.goal_batch in plan.batches:
        for precision in plan.precisions:
            case, goal = plan.atlas(plan.defaults.goal_batch, precision), plan.defaults.goal
            verdict(f"{case.title}: times Horama's throughput", session.ratio(case, peer), f">= {goal:g}", goal)


def share(plan: Plan, session: Session) -> None:
    """Print the share of a step that passes inside the network."""
    cases = plan.speed_cases()
    session.run(cases)
    head = ("renderer", "network forward, s", "backward, s", "rest of the step, s", "network's share")
    rows = []
    for case in cases:
        forward = session.median(case, lambda result: result.forward)
        backward = session.median(case, lambda result: result.backward)
        rest = session.median(case, lambda result: result.step - result.forward - result.backward)
        part = session.median(case, lambda result: result.share)
        rows.append((case.title, f"{forward:.4g}", f"{backward:.4g}", f"{rest:.4g}", f"{part:.3f}"))
    print(table(head, rows))
    batch = plan.defaults.goal_batch if plan.defaults.goal_batch in plan.batches else plan.batches[-1]
    for precision in plan.precisions:
        case = plan.atlas(batch, precision)
        verdict(f"{case.title}: network's share", session.median(case, lambda result: result.share), ">= 0.9", 0.9)


def peak_memory(plan: Plan, session: Session) -> None:
    """Print the peak memory of runs of more and more jobs, in batches of the same size."""
    small = replace(plan.base, batch=GROWTH_BATCH, image_size=256, steps=3, warmup=1)
    cases = [replace(small, jobs=jobs) for jobs in GROWTH_UNITS]
    session.run(cases)
    rows = [
        (case.jobs, f"{session.median(case, lambda result: result.loaded) / MIB:.0f}", memory(session, case))
        for case in cases
    ]
    print(table((f"jobs, in batches of {GROWTH_BATCH}, 256 px", "model loaded, MiB", "peak, MiB"), rows))
    of = device_memory if plan.base.device.startswith("cuda") else process_memory
    ratio = session.median(cases[-1], of) / session.median(cases[0], of)
    text = f"peak of {GROWTH_UNITS[-1]} jobs / peak of {GROWTH_UNITS[0]} jobs"
    verdict(text, ratio, f"<= {FLAT}", FLAT, at_most=True)


def process_memory(result: Result) -> float:
    """Return the peak of the process, bytes."""
    return result.memory


def device_memory(result: Result) -> float:
    """Return the peak of the tensors on the accelerator, bytes."""
    return result.device_memory


def growth(plan: Plan, session: Session) -> None:
    """Print how the time grows with the batch, the picture's size and the number of units."""
    by_batch = [plan.atlas(batch) for batch in (GROWTH_BATCHES if plan.base.device == "cpu" else plan.batches)]
    by_size = [replace(plan.atlas(GROWTH_BATCH), image_size=size) for size in GROWTH_SIZES]
    by_units = [replace(plan.atlas(GROWTH_BATCH), jobs=jobs, image_size=256) for jobs in GROWTH_UNITS]
    session.run([*by_batch, *by_size, *by_units])
    print(step_growth(session, "batch (512 px)", {case.batch: case for case in by_batch}), end="\n\n")
    named = {case.image_size: case for case in by_size}
    print(step_growth(session, f"picture's side, px (batch {GROWTH_BATCH})", named), end="\n\n")
    rows = []
    for case in by_units:
        total = session.median(case, lambda result: result.total)
        rows.append((case.jobs, f"{total:.4g}", f"{total / case.jobs:.4g}"))
    print(table((f"units (batch {GROWTH_BATCH}, 256 px, {plan.base.steps} steps)", "whole run, s", "s per unit"), rows))


def step_growth(session: Session, name: str, cases: dict[int, Case]) -> str:
    """Return the table of the seconds of a step over something that grows."""
    rows = []
    first = next(iter(cases.values()))
    for value, case in cases.items():
        seconds = session.median(case, lambda result: result.step)
        each = seconds / case.batch
        relative = each / (session.median(first, lambda result: result.step) / first.batch)
        rows.append((value, f"{seconds:.4g}", f"{each:.4g}", f"{relative:.2f}", memory(session, case)))
    return table((name, "s per step", "s per step and picture", "relative", "peak, MiB"), rows)


def memory(session: Session, case: Case) -> str:
    """Return the peak memory of the process, and of the accelerator if there is one, in MiB."""
    host = f"{session.median(case, process_memory) / MIB:.0f}"
    device = session.median(case, device_memory)
    return f"{host} + {device / MIB:.0f} on the device" if device else host


def verdict(text: str, value: float, goal: str, limit: float, at_most: bool = False) -> None:
    """Print a goal and whether it is met."""
    met = value <= limit if at_most else value >= limit
    print(f"\n{text}: {value:.3g} (goal {goal}: {'met' if met else 'MISSED'})")


SECTIONS: dict[str, tuple[str, Callable[[Plan, Session], None]]] = {
    "throughput": ("Throughput", throughput),
    "share": ("Share of a step inside the network", share),
    "memory": ("Peak memory", peak_memory),
    "growth": ("Growth", growth),
}
