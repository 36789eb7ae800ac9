"""Plan and render: from the configuration to results, and words about how they went."""

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.cli.stopping import INTERRUPTED
from atlas.cli.terminal import command, console, say, table
from atlas.config import load_config
from atlas.face.watch import Watch
from atlas.face.words import count, duration, first_line, size

if TYPE_CHECKING:
    from atlas.face.project import Project
    from atlas.jobs.pending import Pending
    from atlas.jobs.report import Report
    from atlas.plan.plan import Plan
    from atlas.store import Store
    from atlas.tasks.task import Task

LISTED = 20
"""How many notices and failures are listed before the rest is only counted."""
PICTURE = "rendering"
"""Kind of the tasks that are pictures."""
COMPARED = "diversity"
"""Kind of the tasks that compare pictures."""
JUDGED = ("look", "score", "measurement", "finding")
"""Kinds of the tasks that score them, and analyse models."""


def opened(path: Path, evaluates: bool = False) -> "Project":
    """Load a configuration and the models that it is about, and plan it; evaluates: with the scores, and who judges."""
    config = load_config(path)  # whatever is wrong with it is said before anything heavy is loaded
    with console.status("starting"):
        from atlas.face.project import Project
    return Project.open(config, Watch(console), evaluates=evaluates)


def plan_and_report(path: Path) -> None:
    """Print what a configuration would render, what is there already and what the rest will cost."""
    project = opened(path)
    outlook = project.outlook()
    table(("model", "layer", "kind", "method", "jobs", "stored"), _rows(outlook.plan, outlook.store))
    missing, expected, quarantined, present = map(
        _pictures, (outlook.missing, outlook.expected, outlook.quarantined, outlook.present)
    )
    held = f", {quarantined} in quarantine" if quarantined else ""
    coming = f", and up to {_coming(outlook.expected)} that are still to be found" if expected else ""
    jobs = count(len(outlook.plan.jobs), "job")
    say(f"\n{jobs}: {present} stored{held}, {missing} to render{coming}")
    if asked := project.config.asked:
        say(f"To score what is there, and to analyse models ({', '.join(asked)}): {command('evaluate', path)}")
    if missing or expected:
        with console.status("timing a few steps"):
            cost = project.estimate(outlook)
        photos = "; looking at the photos comes on top" if expected else ""
        say(
            f"About {duration(cost.seconds)} with one worker on this machine, "
            f"and {size(cost.bytes)} in {project.config.store.path}{photos}"
        )
        say(f"To start: {command('render', path)}")


def _rows(plan: "Plan", store: "Store | None") -> list[tuple[str, ...]]:
    """Return a row for all tasks that differ in their keys only: what they are of, how many, how many are stored."""
    totals: dict[tuple[str, ...], list[int]] = {}
    for task in plan.tasks:
        total = totals.setdefault((task.model, *task.columns), [0, 0])
        total[0] += 1
        total[1] += store is not None and task.is_stored(store)
    return [(*names, str(jobs), str(stored)) for names, (jobs, stored) in totals.items()]


def _coming(expected: "Sequence[Task]") -> str:
    """Return how many pictures may come of what photos will tell, in words."""
    kinds = Counter("concepts" if task.columns[1] == "direction" else "looks" for task in expected)
    return " and ".join(f"{count(number, 'picture')} of {kind}" for kind, number in sorted(kinds.items()))


def _pictures(tasks: "Sequence[Task]") -> int:
    return sum(task.kind == PICTURE for task in tasks)


def render_and_report(path: Path, only: Sequence[str] = (), retry: Collection[str] = ()) -> int:
    """Make what is missing and say how it went; return the exit status."""
    project = opened(path)
    return run_and_report(project, project.pending(only, retry), path)


def run_and_report(project: "Project", todo: "Pending", path: Path) -> int:
    """Make what is to do with a bar, until it is done or Ctrl-C ends it, and say how it went.

    Returns:
        The exit status: 1 if anything failed or was left out.
    """
    for present in _counted(todo.present):
        say(f"{present} in the store already")
    for held in _counted(todo.quarantined):
        say(
            f"{held} left out, in quarantine: each ended the process that made it, several times. "
            f"To try again: {command('render', path)} --retry quarantined"
        )
    return summarise(project.run(todo), bool(todo.quarantined), path)


def _counted(tasks: "Sequence[Task]") -> list[str]:
    """Return how many analyses, comparisons, looks, scores and pictures there are, in words; nothing of none."""
    kinds = Counter(task.kind for task in tasks)
    pictures, compared = kinds.pop(PICTURE, 0), kinds.pop(COMPARED, 0)
    judged = [(kinds.pop(kind, 0), kind) for kind in JUDGED]
    found = [(kinds.total(), _analyses(kinds.total())), (compared, count(compared, "comparison"))]
    found += [(number, count(number, kind)) for number, kind in judged]
    return [text for number, text in [*found, (pictures, count(pictures, "job"))] if number]


def _analyses(number: int) -> str:
    return f"{'1 analysis' if number == 1 else f'{number} analyses'} of photos"


def summarise(report: "Report", held: bool, path: Path) -> int:
    """Print what a run did; return the exit status: 1 if anything failed or was left out."""
    pictures = report.done_by_kind[PICTURE]
    failed = sum(outcome.task.kind == PICTURE for outcome in report.failed)
    compared = report.done_by_kind[COMPARED]
    judged = [(report.done_by_kind[kind], kind) for kind in JUDGED]
    others = pictures + compared + sum(number for number, _ in judged)
    if report.finished - others - len(report.dead) - failed:
        unmade = len(report.failed) - failed
        say(f"{_analyses(report.done - others)} made" + (f", {unmade} failed" if unmade else ""))
    if compared:
        say(f"{count(compared, 'comparison')} of pictures made")
    if made := [count(number, kind) for number, kind in judged if number]:
        say(f"{' and '.join(made)} made")
    for notice in report.notices[:LISTED]:
        say(f"  {first_line(notice)}")
    if pictures or report.dead or failed:
        say(f"{pictures} rendered, {len(report.dead)} dead, {failed} failed")
    elif not report.interrupted:
        say("Nothing to render")
    for outcome in report.dead[:LISTED]:
        say(f"  dead: {outcome.task}: {outcome.message}")
    for outcome in report.failed[:LISTED]:
        say(f"  failed: {outcome.task}: {first_line(outcome.message)}")
    unlisted = sum(max(0, len(some) - LISTED) for some in (report.notices, report.dead, report.failed))
    if unlisted:
        say(f"  and {unlisted} more; every failure: {command('status', path)}")
    if report.interrupted:
        return stopped(path)
    if any(not outcome.quarantined for outcome in report.failed):
        say(f"What failed is recorded, and tried again by the next {command('render', path)}")
    if any(outcome.quarantined for outcome in report.failed):
        say(f"What ended its worker is in quarantine. To try it again: {command('render', path)} --retry quarantined")
    return 1 if report.failed or held else 0


def stopped(path: Path) -> int:
    """Say that a run was stopped, and how it goes on; return the exit status."""
    say(f"Stopped; what was finished is stored. To go on: {command('render', path)}")
    return INTERRUPTED
