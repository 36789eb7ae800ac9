"""Plan, render, repair: from the configuration to jobs, and words about how they went."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from atlas.cli.analysing import analyse_and_report
from atlas.cli.stopping import INTERRUPTED
from atlas.cli.terminal import command, console, say, table
from atlas.config import Config, load_config
from atlas.face.progress import build_progress, run_progress
from atlas.face.stopping import stop_on_interrupt
from atlas.face.words import count, duration, first_line, printable, size
from atlas.store import Store
from atlas.store.marker import is_absent

if TYPE_CHECKING:
    from atlas.jobs.run import Report
    from atlas.models.load import VisionModel
    from atlas.plan.analyses import AnalysisPlan
    from atlas.plan.renderings import Plan
    from atlas.tasks.batch import PlannedJob

    PlannedAll = tuple[Config, dict[str, VisionModel], Plan, AnalysisPlan]

LISTED = 20
"""How many failures are listed before the rest is only counted."""


def plan_all(path: Path) -> "PlannedAll":
    """Load a configuration and the models that it is about, and expand it into renderings and analyses of photos."""
    config = load_config(path)
    with console.status("starting"):
        from atlas.jobs.executors.base import resolve_device
        from atlas.jobs.known_models import settle
        from atlas.models.load import load_model
        from atlas.photos import open_photo_set
        from atlas.plan.analyses import concept_models, plan_analyses
        from atlas.plan.renderings import make_plan, rendered_models

    used = {name for block in config.render for name in rendered_models(config, block)}
    used |= {name for block in config.concepts for name in concept_models(config, block)}
    models, store = {}, _existing(config, damaged=True)
    for spec in config.models:
        if spec.name in used:
            with console.status(Text(f"loading {printable(spec.name)}")):
                models[spec.name] = settle(load_model(spec), store)
    photo_set = None
    if config.photos is not None:
        with build_progress(console) as progress:
            photo_set = open_photo_set(config.photos, lambda done, total: progress("photos", done, total))
    with console.status("planning"):
        plan = make_plan(config, models, photo_set)
        analyses = plan_analyses(config, models, plan, photo_set, resolve_device(config.executor.device))
    loading = [notice for model in models.values() for notice in model.notices]
    for notice in (*loading, *analyses.notices, *plan.notices):
        say(notice, style="yellow")
    return config, models, plan, analyses


def plan_and_report(path: Path) -> None:
    """Print what a configuration would render, what is there already and what the rest will cost."""
    config, models, plan, analyses = plan_all(path)
    from atlas.jobs.estimate import estimate
    from atlas.jobs.run import pending
    from atlas.plan.directions import stand_ins, with_concepts
    from atlas.tasks.batch import group

    store = _existing(config)
    plan = with_concepts(plan, analyses, models, store)
    to_find, inputs = stand_ins(analyses, models, store)
    rows = _analysis_rows(analyses, store)
    for jobs in group(plan.jobs):
        target = jobs[0].job.target
        stored = sum(store is not None and store.has(job.key) for job in jobs)
        rows.append((jobs[0].model, target.layer, target.kind, jobs[0].job.method, str(len(jobs)), str(stored)))
    table(("model", "layer", "kind", "method", "jobs", "stored"), _merged(rows))
    todo = pending(plan, store) if store else None
    missing = todo.missing if todo else list(plan.jobs)
    held = f", {len(todo.quarantined)} in quarantine" if todo and todo.quarantined else ""
    present = todo.present if todo else 0
    coming = f", and up to {count(len(to_find), 'picture')} of concepts that are still to be found" if to_find else ""
    say(f"\n{count(len(plan.jobs), 'job')}: {present} stored{held}, {len(missing)} to render{coming}")
    if missing or to_find:
        with console.status("timing a few steps"):
            cost = estimate(config, models, replace(plan, inputs=plan.inputs | inputs), [*missing, *to_find])
        photos = "; looking at the photos comes on top" if to_find else ""
        say(
            f"About {duration(cost.seconds)} with one worker on this machine, "
            f"and {size(cost.bytes)} in {config.store.path}{photos}"
        )
        say(f"To start: {command('render', path)}")


def _analysis_rows(analyses: "AnalysisPlan", store: Store | None) -> list[tuple[str, ...]]:
    """Return a row for each analysis of photos."""
    return [
        (
            job.model,
            job.analysis.layers[0] if len(job.analysis.layers) == 1 else f"{len(job.analysis.layers)} layers",
            job.analysis.kind,
            str(job.analysis.parameters.get("factorisation", "photos")),
            "1",
            str(int(store is not None and store.has(job.key))),
        )
        for job in analyses.jobs
    ]


def _merged(rows: "Sequence[tuple[str, ...]]") -> list[tuple[str, ...]]:
    """Add up the rows that differ in their numbers only."""
    totals: dict[tuple[str, ...], list[int]] = {}
    for *names, jobs, stored in rows:
        total = totals.setdefault(tuple(names), [0, 0])
        total[0] += int(jobs)
        total[1] += int(stored)
    return [(*names, str(jobs), str(stored)) for names, (jobs, stored) in totals.items()]


def render_and_report(path: Path, only: Sequence[str] = (), retry: Collection[str] = ()) -> int:
    """Render what is missing and say how it went; return the exit status."""
    config, models, plan, analyses = plan_all(path)
    from atlas.jobs.run import knows, pending
    from atlas.jobs.selecting import select
    from atlas.plan.directions import with_concepts

    store = Store(config.store.path, create=True)
    analysing, analysed = not knows(plan, only), None
    select(config, models, with_concepts(plan, analyses, models, store), analyses, store, analysing)
    if analyses.jobs and analysing:
        analysed = analyse_and_report(config, models, analyses, store, path, retry)
        if analysed.interrupted:
            return stopped(path)
        plan = with_concepts(plan, analyses, models, store)
    todo = pending(plan, store, only, retry)
    if todo.present:
        say(f"{count(todo.present, 'job')} in the store already")
    if todo.quarantined:
        say(
            f"{count(len(todo.quarantined), 'job')} left out, in quarantine: each ended the process that rendered it, "
            f"several times. To try again: {command('render', path)} --retry quarantined"
        )
    report = render_jobs(config, models, plan, todo.missing, store)
    select(config, models, plan, analyses, store, analysing)
    return max(summarise(report, bool(todo.quarantined), path), 1 if analysed is not None and analysed.failed else 0)


def render_jobs(
    config: Config,
    models: "dict[str, VisionModel]",
    plan: "Plan",
    jobs: "Sequence[PlannedJob]",
    store: Store,
) -> "Report":
    """Render jobs of a plan with a bar, until they are done or Ctrl-C ends it."""
    from atlas.jobs.executors.base import Monitor
    from atlas.jobs.run import render

    with run_progress(console, len(jobs)) as progress, stop_on_interrupt() as stop:
        monitor = Monitor(progress.on_step, progress.on_notice, stop)
        return render(config, models, plan, jobs, store, monitor, progress.on_outcome)


def summarise(report: "Report", held: bool, path: Path) -> int:
    """Print what a run did; return the exit status: 1 if anything failed or was left out."""
    if report.finished:
        say(f"{report.done} rendered, {len(report.dead)} dead, {len(report.failed)} failed")
    elif not report.interrupted:
        say("Nothing to render")
    for outcome in report.dead[:LISTED]:
        say(f"  dead: {outcome.planned}: {outcome.message}")
    for outcome in report.failed[:LISTED]:
        say(f"  failed: {outcome.planned}: {first_line(outcome.message)}")
    for notice in report.notices[:LISTED]:
        say(f"  {notice}")
    unlisted = sum(max(0, len(found) - LISTED) for found in (report.dead, report.failed, report.notices))
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
