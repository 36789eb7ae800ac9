"""Sections: what the benchmark measures and prints, one function for each goal."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any

from rendering.session import table

from atlas.core.figures import mean, share
from atlas.store import Store
from explaining.rendered import GOAL, Rendered, read
from explaining.study import Study, child

MIB = 2**20
FLAT = 1.05
"""Peak memory may be this many times as large for four times the work: allocators never repeat themselves exactly."""
FASTER = 3.0
"""Times the peer's speed that is the goal."""
SAME = 1.01
"""Errors of two factorisations whose ratio is below this are the same."""
CLASSES_IN_MEMORY = (2, 4, 8)
PHOTOS_IN_MEMORY = (20, 40, 80)
FEW, MIDDLING = 2, 40
"""Classes while the photos of each grow; photos of each while the classes do."""
ORDERS = {
    "importance": "most important first",
    "held out": "the same, importance from the other half of the photos",
    "share": "largest share of the logit first",
    "random": "random",
    "reverse": "least important first",
}


@dataclass(frozen=True)
class Plan:
    """What one run of the benchmark does.

    Attributes:
        study: the model and its photos.
        classes: index, name and number of photos of those that are measured, those with most photos first.
        store: whose renderings are judged; None leaves them out.
        peer: whether craft-xai is measured too.
        rounds: of the comparison with it.
        seeds: random orders of each class.
        compared: keys of the ``[[concepts]]`` table in the comparison with the peer.
    """

    study: Study
    classes: Sequence[dict[str, Any]] = ()
    store: Path | None = None
    peer: bool = True
    rounds: int = 1
    seeds: int = 16
    compared: dict[str, Any] = field(
        default_factory=lambda: {"count": 10, "shown": 10, "designs": 32, "fits": 1, "photos": "all", "limit": 60}
    )

    def indices(self, most: int | None = None) -> list[int]:
        """Return the classes' indices."""
        return [each["index"] for each in self.classes[:most]]


def curves(plan: Plan) -> list[dict[str, Any]]:
    """Print the most important concepts of every class, and what deleting and inserting concepts does."""
    rows = []
    with child("curves", plan.study) as process:
        for index in plan.indices():
            note(f"curves: class {index}")
            rows.append(process.ask(index=index, all=plan.indices(), seeds=plan.seeds))
    head = ("class", "photos used", "1st: component, total index", "2nd", "3rd", "error")
    top = [
        [f"{component}: {value:.3f} ({low:.3f} - {high:.3f})" for component, value, low, high in row["top"]]
        for row in rows
    ]
    cells = [
        (row["name"], row["photos"], *best, *[""] * (3 - len(best)), f"{row['error']:.3f}")
        for row, best in zip(rows, top, strict=True)
    ]
    print(table(head, cells))
    print(f"\nMean over {len(rows)} classes of the area under the curve of the mean logit (1 with all concepts, 0 with")
    print("none), and its 95 % interval by bootstrap over classes:\n")
    print(table(("order of concepts", "deletion", "insertion"), [_areas(rows, order) for order in ORDERS]))
    print()
    head = ("difference, class by class", "deletion (goal: > 0)", "insertion (goal: < 0)", "classes, deletion")
    print(table(head, [_difference(rows, order) for order in ("random", "reverse")]))
    for order in ("random", "reverse"):
        low = mean([row["deletion"][order] - row["deletion"]["importance"] for row in rows]).low
        high = mean([row["insertion"][order] - row["insertion"]["importance"] for row in rows]).high
        text = f"order of importance against {order} order, the intervals' ends nearest to 0"
        print(f"\n{text}: deletion {low:.3f}, insertion {high:.3f} (goal > 0 and < 0: {told(low > 0 > high)})")
    return rows


def _areas(rows: Sequence[dict[str, Any]], order: str) -> list[str]:
    return [ORDERS[order], *(shown([row[curve][order] for row in rows]) for curve in ("deletion", "insertion"))]


def _difference(rows: Sequence[dict[str, Any]], order: str) -> list[str]:
    by_curve = {
        curve: [row[curve][order] - row[curve]["importance"] for row in rows] for curve in ("deletion", "insertion")
    }
    won = sum(value > 0 for value in by_curve["deletion"])
    return [f"{ORDERS[order]} - most important first", *map(shown, by_curve.values()), f"{won} of {len(rows)}"]


def speed(plan: Plan) -> list[dict[str, Any]]:
    """Print seconds for each class and reconstruction errors, beside those of the peer, and seconds by stage."""
    study, rows = plan.study.with_block(**plan.compared), []
    with ExitStack() as running:
        parts = {"atlas": "speed"} | ({"craft-xai": "peer"} if plan.peer else {})
        sides = {name: running.enter_context(child(part, study)) for name, part in parts.items()}
        for number in range(plan.rounds):
            fixed = {"all": plan.indices(), "rehearsal": plan.classes[-1]["index"], "round": number}
            for name, side in sides.items():
                note(f"speed, round {number + 1} of {plan.rounds}: {name} warms up")
                side.ask(index=None, **fixed)
            for place, each in enumerate(plan.classes):
                measured = {}
                for name in sorted(sides, reverse=bool(place % 2)):  # each is first as often as the other
                    note(f"speed, round {number + 1} of {plan.rounds}: {each['name']}, {name}")
                    measured[name] = sides[name].ask(index=each["index"], **fixed)
                rows.append({"name": each["name"], **measured})
    print(_speed_table(rows))
    if plan.peer:
        ratios = [row["craft-xai"]["seconds"] / row["atlas"]["seconds"] for row in rows]
        verdict("times craft-xai's speed, median over classes", median(ratios), f">= {FASTER:g}", ratios, FASTER)
        work = [row["craft-xai"]["work"] / row["atlas"]["work"] for row in rows]
        print(f"\nthe same of CPU seconds: {median(work):.4g}, {min(work):.4g} to {max(work):.4g}")
        errors = [row["atlas"]["error"] / row["craft-xai"]["error"] for row in rows]
        text = "error / craft-xai's error, median over classes"
        verdict(text, median(errors), f"<= {SAME}", errors, SAME, at_most=True)
    for name in sides:
        print(f"\n{name}, seconds by stage, mean over classes (memory: largest peak of its process):\n")
        stages = {stage: fmean(row[name]["stages"].get(stage, 0) for row in rows) for stage in rows[0][name]["stages"]}
        total = fmean(row[name]["seconds"] for row in rows)
        cells = [(stage, f"{seconds:.2f}", f"{seconds / total:.0%}") for stage, seconds in stages.items()]
        peak = max(row[name]["memory"] for row in rows) / MIB
        print(table(("stage", "s", "share"), [*cells, ("in all", f"{total:.2f}", f"{peak:.0f} MiB")]))
    return rows


def _speed_table(rows: Sequence[dict[str, Any]]) -> str:
    head = ["class", "photos", "patches", "atlas, s", "craft-xai, s", "ratio"]
    head += [f"{side}, {what}" for what in ("CPU s", "error") for side in ("atlas", "craft-xai")]
    cells = []
    for row in rows:
        own, other = row["atlas"], row.get("craft-xai")
        values = ["", "", f"{own['work']:.1f}", "", f"{own['error']:.4f}", ""]
        if other:
            values[0], values[1] = f"{other['seconds']:.1f}", f"{other['seconds'] / own['seconds']:.2f}"
            values[3], values[5] = f"{other['work']:.1f}", f"{other['error']:.4f}"
        cells.append((row["name"], own["photos"], own["patches"], f"{own['seconds']:.1f}", *values))
    return table(head, cells)


def memory(plan: Plan) -> list[dict[str, Any]]:
    """Print the peak memory of runs over more and more classes, and over more and more photos of each class."""
    by_classes = [(min(count, len(plan.classes)), MIDDLING) for count in CLASSES_IN_MEMORY]
    by_photos = [(FEW, limit) for limit in PHOTOS_IN_MEMORY]
    rows = []
    for count, limit in [*by_classes, *by_photos]:
        note(f"memory: {count} classes of {limit} photos")
        with child("memory", plan.study.with_block(photos="all", limit=limit)) as process:
            rows.append({"classes": count, "limit": limit} | process.ask(all=plan.indices(count)))
    half = len(by_classes)
    for part, what, values in (
        (rows[:half], f"classes of {MIDDLING} photos", [row["classes"] for row in rows[:half]]),
        (rows[half:], f"photos of each of {FEW} classes", list(PHOTOS_IN_MEMORY)),
    ):
        cells = [
            (value, f"{row['loaded'] / MIB:.0f}", f"{row['memory'] / MIB:.0f}", f"{row['seconds']:.1f}")
            for value, row in zip(values, part, strict=True)
        ]
        print(table((what, "model loaded, MiB", "peak, MiB", "seconds"), cells))
        ratio = part[-1]["memory"] / part[0]["memory"]
        verdict(f"peak of {values[-1]} {what} / of {values[0]}", ratio, f"<= {FLAT}", [ratio], FLAT, at_most=True)
        print()
    return rows


def rendered(plan: Plan) -> list[dict[str, Any]]:
    """Print how near every rendering of the store comes to its concept, against the class's own patches."""
    if plan.store is None:
        print("Left out: no `--store`.")
        return []
    found, without = read(Store(plan.store))
    if not found:
        print(f"None: {without} concepts in the store, and no rendering of them.")
        return []
    tell_rendered(found, without)
    return [vars(each) for each in found]


def tell_rendered(found: Sequence[Rendered], without: int) -> None:
    """Print renderings against the patches of their classes, and the goal; ``without``: concepts that have none."""
    print("Cosine of the whole picture's activation to the direction, and the share of the class's patches, per cent,")
    print("that are farther from it:\n")
    print(_rendered_table(found))
    below: dict[str, list[str]] = {}
    for each in found:
        if not each.above:
            below.setdefault(each.name, []).append(str(each.number))
    above = [each.above for each in found]
    print(f"\nrenderings above {GOAL} % of the patches: {share(above)}, {sum(above)} of {len(found)}", end=" ")
    print(f"(goal all: {told(not below)}); concepts without a rendering: {without}")
    listed = [f"{name} {', '.join(numbers)}" for name, numbers in below.items()]
    print(f"\nBelow: {'; '.join(listed) or 'none'}.")


def _rendered_table(found: Sequence[Rendered]) -> str:
    """Return the renderings of each class in a row, by concept."""
    numbers = sorted({each.number for each in found})
    rows: dict[tuple[str, str, int], dict[int, str]] = {}
    for each in found:
        cosine = "no cosine" if each.cosine is None else f"{each.cosine:.2f}, {each.percentile:.1f}"
        rows.setdefault((each.name, each.method, each.seed), {})[each.number] = cosine
    cells = [
        (f"{name} ({method}, {seed})", *(row.get(it, "") for it in numbers))
        for (name, method, seed), row in rows.items()
    ]
    return table(("class (method, seed)", *map(str, numbers)), cells)


def shown(values: Sequence[float]) -> str:
    """Return mean and interval in words."""
    figure = mean(values)
    between = "-" if figure.low >= 0 else "to"
    return f"{figure.value:.3f} ({figure.low:.3f} {between} {figure.high:.3f})"


def verdict(text: str, value: float, goal: str, each: Sequence[float], limit: float, at_most: bool = False) -> None:
    """Print a goal, whether it is met, and the range that it is the median of."""
    met = value <= limit if at_most else value >= limit
    spread = f", {min(each):.4g} to {max(each):.4g}" if len(each) > 1 else ""
    print(f"\n{text}: {value:.4g}{spread} (goal {goal}: {told(met)})")


def told(met: bool) -> str:
    """Return whether a goal is met, in a word."""
    return "met" if met else "MISSED"


def note(text: str) -> None:
    """Say on standard error what goes on."""
    print(text, file=sys.stderr, flush=True)


SECTIONS: dict[str, tuple[str, Callable[[Plan], list[dict[str, Any]]]]] = {
    "curves": ("Deletion and insertion", curves),
    "speed": ("Speed", speed),
    "memory": ("Peak memory", memory),
    "rendered": ("Rendered concepts", rendered),
}
