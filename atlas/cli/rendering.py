"""Plan and render: from the configuration to results, and words about how they went."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from atlas.cli.stopping import INTERRUPTED
from atlas.cli.terminal import command, console, say, table
from atlas.config import Config, load_config
from atlas.face.progress import build_progress, run_progress
from atlas.face.stopping import stop_on_interrupt
from atlas.face.words import count, duration, first_line, printable, size
from atlas.store import Store
from atlas.store.marker import is_absent

if TYPE_CHECKING:
    from atlas.jobs.pending import Pending
    from atlas.jobs.report import Report
    from atlas.plan.plan import Plan
    from atlas.tasks.machine import Machine
    from atlas.tasks.task import Task

LISTED = 20
"""How many notices and failures are listed before the rest is only counted."""
PICTURE = "rendering"
"""Kind of the tasks that are pictures."""


def plan_all(path: Path) -> "tuple[Config, Plan, Machine]":
    """Load a configuration and the models that it is about, and expand it into tasks."""
    config = load_config(path)
    with console.status("starting"):
        from atlas.jobs.known_models import settle
        from atlas.models.load import load_model
        from atlas.photos import open_photo_set
        from atlas.plan.make import make_plan
        from atlas.plan.models import used_models
        from atlas.tasks.machine import Machine

    models, used, store = {}, used_models(config), _existing(config, damaged=True)
    for spec in config.models:
        if spec.name in used:
            with console.status(Text(f"loading {printable(spec.name)}")):
                models[spec.name] = settle(load_model(spec), store)
    photo_set = None
    if config.photos is not None:
        with build_progress(console) as progress:
            photo_set = open_photo_set(config.photos, lambda done, total: progress("photos", done, total))
    with console.status("planning"):
        machine = Machine.of(config.executor)
        plan = make_plan(config, models, photo_set, machine.device)
    loading = [notice for model in models.values() for notice in model.notices]
    for notice in (*loading, *plan.notices):
        say(notice, style="yellow")
    return config, plan, machine


def plan_and_report(path: Path) -> None:
    """Print what a configuration would render, what is there already and what the rest will cost."""
    config, plan, machine = plan_all(path)
    from atlas.jobs.estimate import estimate
    from atlas.jobs.pending import pending
    from atlas.tasks.rendering import RenderTask

    store = _existing(config)
    plan = plan.with_follow_ups(store)
    to_find = [task for task in plan.expected(store) if isinstance(task, RenderTask)]
    table(("model", "layer", "kind", "method", "jobs", "stored"), _rows(plan, store))
    todo = pending(plan, store) if store else None
    missing = [task for task in (todo.missing if todo else plan.jobs) if isinstance(task, RenderTask)]
    quarantined = _pictures(todo.quarantined) if todo else 0
    held = f", {quarantined} in quarantine" if quarantined else ""
    present = _pictures(todo.present) if todo else 0
    coming = f", and up to {count(len(to_find), 'picture')} of concepts that are still to be found" if to_find else ""
    say(f"\n{count(len(plan.jobs), 'job')}: {present} stored{held}, {len(missing)} to render{coming}")
    if missing or to_find:
        with console.status("timing a few steps"):
            cost = estimate(plan, [*missing, *to_find], machine)
        photos = "; looking at the photos comes on top" if to_find else ""
        say(
            f"About {duration(cost.seconds)} with one worker on this machine, "
            f"and {size(cost.bytes)} in {config.store.path}{photos}"
        )
        say(f"To start: {command('render', path)}")


def _rows(plan: "Plan", store: Store | None) -> list[tuple[str, ...]]:
    """Return a row for all tasks that differ in their keys only: what they are of, how many, how many are stored."""
    totals: dict[tuple[str, ...], list[int]] = {}
    for task in plan.tasks:
        total = totals.setdefault((task.model, *task.columns), [0, 0])
        total[0] += 1
        total[1] += store is not None and task.is_stored(store)
    return [(*names, str(jobs), str(stored)) for names, (jobs, stored) in totals.items()]


def _pictures(tasks: "Sequence[Task]") -> int:
    return sum(task.kind == PICTURE for task in tasks)


def render_and_report(path: Path, only: Sequence[str] = (), retry: Collection[str] = ()) -> int:
    """Make what is missing and say how it went; return the exit status."""
    config, plan, machine = plan_all(path)
    from atlas.jobs.pending import pending

    store = Store(config.store.path, create=True)
    return run_and_report(plan, store, machine, pending(plan, store, only, retry), path)


def run_and_report(plan: "Plan", store: Store, machine: "Machine", todo: "Pending", path: Path) -> int:
    """Make what is to do with a bar, until it is done or Ctrl-C ends it, and say how it went.

    Returns:
        The exit status: 1 if anything failed or was left out.
    """
    from atlas.jobs.executors.base import Monitor
    from atlas.jobs.run import run_plan

    for present in _counted(len(todo.present) - _pictures(todo.present), _pictures(todo.present)):
        say(f"{present} in the store already")
    for held in _counted(len(todo.quarantined) - _pictures(todo.quarantined), _pictures(todo.quarantined)):
        say(
            f"{held} left out, in quarantine: each ended the process that made it, several times. "
            f"To try again: {command('render', path)} --retry quarantined"
        )
    with run_progress(console, len(todo.missing)) as progress, stop_on_interrupt() as stop:
        monitor = Monitor(progress.on_step, progress.on_outcome, progress.on_total, progress.on_notice, stop)
        report = run_plan(plan, store, machine, monitor, todo)
    return summarise(report, bool(todo.quarantined), path)


def _counted(analyses: int, pictures: int) -> list[str]:
    """Return how many analyses and pictures there are, in words; nothing of what there is none of."""
    return [text for number, text in ((analyses, _analyses(analyses)), (pictures, count(pictures, "job"))) if number]


def _analyses(number: int) -> str:
    return f"{'1 analysis' if number == 1 else f'{number} analyses'} of photos"


def summarise(report: "Report", held: bool, path: Path) -> int:
    """Print what a run did; return the exit status: 1 if anything failed or was left out."""
    pictures = report.done_by_kind[PICTURE]
    failed = sum(outcome.task.kind == PICTURE for outcome in report.failed)
    if report.finished - pictures - len(report.dead) - failed:
        unmade = len(report.failed) - failed
        say(f"{_analyses(report.done - pictures)} made" + (f", {unmade} failed" if unmade else ""))
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


def _existing(config: Config, damaged: bool = False) -> Store | None:
    """Return the store if there is one; None where it could still be made."""
    return None if is_absent(config.store.path) else Store(config.store.path, damaged=damaged)
