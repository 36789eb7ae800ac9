"""Report: the tables of a gallery that its judges have seen, as Markdown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from comparing.study import table

from atlas.core.figures import Figure, difference, group_means, mean, share
from judging.bench import Bench, Judged
from judging.gallery import Gallery
from judging.settings import BASELINE, Setting
from judging.targets import CLASSES, HELD_OUT, Aim, reporting

CORES = 2
"""Of the machine that budgets are stated for."""


@dataclass(frozen=True)
class Row:
    """All that is known of one setting, by class and seed."""

    setting: Setting
    judged: Mapping[Aim, Judged]

    def values(self, of: Callable[[Judged], float | None]) -> dict[Aim, float]:
        """Return a number of each picture that has it."""
        found = {aim: of(one) for aim, one in self.judged.items()}
        return {aim: value for aim, value in found.items() if value is not None}

    def p(self, judge: str) -> dict[Aim, float]:
        """Return the probability that a judge gives each picture's class."""
        return self.values(lambda one: one.verdicts[judge].p)

    def first(self, judge: str, among: Iterable[int] = CLASSES) -> Figure | None:
        """Return the share of pictures of some classes that a judge ranks first; None without any."""
        chosen = set(among)
        outcomes = [one.verdicts[judge].first for aim, one in self.judged.items() if aim[0] in chosen]
        return share(outcomes) if outcomes else None

    @property
    def cpu(self) -> float | None:
        """Mean seconds of all cores a picture."""
        return _mean(self.values(lambda one: one.shot.cpu).values())


def rows_of(gallery: Gallery, bench: Bench, settings: Sequence[Setting]) -> list[Row]:
    """Return the settings that have pictures, the one that the first judge recognises most often first."""
    shots = gallery.shots(settings, reporting())
    by_setting: dict[str, dict[Aim, Judged]] = {}
    for one in bench.judged(shots):
        by_setting.setdefault(one.shot.setting.name, {})[one.shot.aim] = one
    rows = [Row(one, by_setting[one.name]) for one in settings if one.name in by_setting]
    leading = bench.judges[0].name

    def rank(row: Row) -> tuple[float, float]:
        first = row.first(leading)
        return (-first.value if first else 0.0, -mean(row.p(leading)).value)

    return sorted(rows, key=rank)


def quality(gallery: Gallery, bench: Bench, rows: Sequence[Row]) -> str:
    """Return the leading judge's table: how often recognised, how sure, how near to photos, at which cost."""
    judge = bench.judges[0].name
    baseline = next((row for row in rows if row.setting.name == BASELINE[rows[0].setting.network]), None)
    header = [
        "setting", "pictures", "ranked first", "held-out classes", "mean p", "mean p minus maco's",
        "plausibility ratio", "contrast", f"s of {CORES} cores", "wall s",
    ]  # fmt: skip
    cells = []
    for row in rows:
        p, ratios = row.p(judge), row.values(lambda one: one.ratio)
        against = "" if baseline in (None, row) or not baseline else _difference(p, baseline.p(judge))
        wall = _mean(row.values(lambda one: gallery.seconds(one.shot)).values())
        cells.append([
            row.setting.name, _counted(row), row.first(judge), row.first(judge, HELD_OUT) or "", mean(p), against,
            mean(ratios) if ratios else "", _mean(row.values(lambda one: one.contrast).values()) or "",
            "" if row.cpu is None else row.cpu / CORES, "" if wall is None else wall,
        ])  # fmt: skip
    if bench.scale is not None:
        cells.append(["photos", "", "", "", "", "", 1.0, bench.scale.contrast, "", ""])
    return table(header, cells)


def transfer(bench: Bench, rows: Sequence[Row]) -> str:
    """Return the table of all judges: ranked first, mean probability."""
    header = ["setting"]
    for judge in bench.judges:
        header += [f"{judge.name} ({judge.family}, {len(judge.places)} classes): first", "mean p"]
    cells: list[list[object]] = []
    for row in rows:
        cells.append([row.setting.name])
        for judge in bench.judges:
            cells[-1] += [row.first(judge.name), mean(row.p(judge.name))]
    return table(header, cells)


def by_class(bench: Bench, rows: Sequence[Row]) -> str:
    """Return the leading judge's mean probability over seeds, class by class."""
    judge = bench.judges[0].name
    means = [group_means(row.p(judge)) for row in rows]
    header = ["class", *(row.setting.name for row in rows)]
    cells = [
        [name + ("" if index in HELD_OUT else " (tuned on)"), *(each.get(index, "") for each in means)]
        for index, name in CLASSES.items()
    ]
    return table(header, cells)


def goals(bench: Bench, rows: Sequence[Row]) -> str:
    """Return a sentence for each setting that has a goal."""
    judge = bench.judges[0].name
    told = []
    for row in rows:
        setting, first = row.setting, row.first(judge)
        if setting.goal is None or first is None:
            continue
        cost = None if row.cpu is None else row.cpu / CORES
        in_time = setting.budget is None or (cost is not None and cost <= setting.budget)
        met = first.value >= setting.goal and in_time and len(row.judged) == len(reporting())
        within = "" if setting.budget is None else f" in at most {setting.budget:g} s of {CORES} cores"
        took = "" if cost is None else f" in {cost:.1f} s"
        told.append(
            f"- {setting.name}, ranked first by {judge}: {first}{took} (goal: {setting.goal:.2f}{within}: "
            f"{'met' if met else 'MISSED'})"
        )
    return "\n".join(told)


def _counted(row: Row) -> str:
    failed = sum(one.shot.pixels is None for one in row.judged.values())
    short = len(row.judged) < len(reporting())
    return (
        f"{len(row.judged)}" + (f" of {len(reporting())}" if short else "") + (f", {failed} failed" if failed else "")
    )


def _difference(values: Mapping[Aim, float], others: Mapping[Aim, float]) -> str:
    if not values.keys() & others.keys():
        return ""
    found = difference(values, others)
    return f"{found.value:+.2f} ({found.low:+.2f} to {found.high:+.2f})"


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return float(np.mean(found)) if found else None
