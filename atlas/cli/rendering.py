"""Plan, render, repair: from the configuration to jobs, and words about how they went."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING

from rich.text import Text

from atlas.cli.progress import run_progress
from atlas.cli.terminal import command, console, count, duration, first_line, printable, say, size, table
from atlas.config import Config, load_config
from atlas.store import Store
from atlas.store.files import explained

if TYPE_CHECKING:
    from atlas.jobs.batch import PlannedJob
    from atlas.jobs.plan import Plan
    from atlas.jobs.run import Report
    from atlas.models.load import VisionModel

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it (128 + SIGINT)."""
LISTED = 20
"""How many failures are listed before the rest is only counted."""
STOPPING = b"\nStopping after this step; press Ctrl-C again to stop at once.\n"


def _plan(path: Path) -> "tuple[Config, dict[str, VisionModel], Plan]":
    """Load a configuration and the models that it renders, and expand it into jobs."""
    config = load_config(path)
    make_importable(config)
    with console.status("starting"):
        from atlas.jobs.plan import make_plan, rendered_models
        from atlas.models.load import load_model

    used = {name for block in config.render for name in rendered_models(config, block)}
    models = {}
    for spec in config.models:
        if spec.name in used:
            with console.status(Text(f"loading {printable(spec.name)}")):
                models[spec.name] = load_model(spec)
    with console.status("planning"):
        return config, models, make_plan(config, models)


def make_importable(config: Config) -> None:
    """Let modules beside the configuration, then those in the current folder, be imported, here and by workers."""
    folders = dict.fromkeys([str(config.folder), str(Path.cwd())])
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]


def plan_and_report(path: Path) -> None:
    """Print what a configuration would render, what is there already and what the rest will cost."""
    config, models, plan = _plan(path)
    from atlas.jobs.batch import group
    from atlas.jobs.estimate import estimate
    from atlas.jobs.run import pending

    store = _existing(config)
    rows = []
    for jobs in group(plan.jobs):
        target = jobs[0].job.target
        stored = sum(store is not None and store.has(job.key) for job in jobs)
        rows.append((jobs[0].model, target.layer, target.kind, jobs[0].job.method, str(len(jobs)), str(stored)))
    table(("model", "layer", "kind", "method", "jobs", "stored"), rows)
    todo = pending(plan, store) if store else None
    missing = todo.missing if todo else list(plan.jobs)
    held = f", {len(todo.quarantined)} in quarantine" if todo and todo.quarantined else ""
    present = todo.present if todo else 0
    say(f"\n{count(len(plan.jobs), 'job')}: {present} stored{held}, {len(missing)} to render")
    if missing:
        with console.status("timing a few steps"):
            cost = estimate(config, models, plan, missing)
        say(
            f"About {duration(cost.seconds)} with one worker on this machine, "
            f"and {size(cost.bytes)} in {config.store.path}"
        )
        say(f"To start: {command('render', path)}")


def render_and_report(path: Path, only: Sequence[str] = (), retry_quarantined: bool = False) -> int:
    """Render what is missing and say how it went; return the exit status."""
    config, models, plan = _plan(path)
    from atlas.jobs.run import pending

    store = Store(config.store.path, create=True)
    todo = pending(plan, store, only, retry_quarantined)
    if todo.present:
        say(f"{count(todo.present, 'job')} in the store already")
    if todo.quarantined:
        say(
            f"{count(len(todo.quarantined), 'job')} left out, in quarantine: each ended the process that rendered it, "
            f"several times. To try again: {command('render', path)} --retry-quarantined"
        )
    report = _render(config, models, plan, todo.missing, store)
    return _summarise(report, bool(todo.quarantined), path)


def repair_and_report(path: Path) -> int:
    """Discard what is damaged and can be made again by this configuration, make it, and say how it went."""
    config, models, plan = _plan(path)
    from atlas.store.integrity import discard, verify

    store = Store(config.store.path)
    with console.status("verifying"):
        damage = {one.key: one.problem for one in verify(store)}
    if not damage:
        say(f"Nothing to repair: {store.path} is as its records say")
        return 0
    mine = [job for job in plan.jobs if job.key in damage]
    known = {job.key for job in mine} | {card.identity.fingerprint for card in plan.cards.values()} | {*plan.inputs}
    for key, problem in sorted(damage.items()):
        if key in known:
            say(f"{key[:12]}: {problem}; made again")
            discard(store, key)
        else:
            say(f"{key[:12]}: {problem}; {path} does not render it, so it stays as it is")
    report = _render(config, models, plan, mine, store)
    return max(_summarise(report, False, path), 0 if damage.keys() <= known else 1)


def _render(
    config: Config,
    models: "dict[str, VisionModel]",
    plan: "Plan",
    jobs: "Sequence[PlannedJob]",
    store: Store,
) -> "Report":
    from atlas.jobs.executors.base import Monitor
    from atlas.jobs.run import render

    with run_progress(console, len(jobs)) as progress, _stop_on_interrupt() as stop:
        monitor = Monitor(progress.on_step, progress.on_notice, stop)
        return render(config, models, plan, jobs, store, monitor, progress.on_outcome)


@contextmanager
def _stop_on_interrupt() -> Iterator[Event]:
    """Turn the first Ctrl-C (or SIGTERM) into a wish to stop after the current step; a second one ends at once."""
    stop = Event()
    if current_thread() is not main_thread():
        yield stop
        return

    def on_signal(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        os.write(2, STOPPING)  # a signal may come in the middle of a print, which cannot be entered twice

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _summarise(report: "Report", held: bool, path: Path) -> int:
    """Print what a run did; return the exit status: 1 if anything failed or was left out."""
    if report.finished:
        say(f"{report.done} rendered, {len(report.dead)} dead, {len(report.failed)} failed")
    elif not report.interrupted:
        say("Nothing to render")
    for outcome in report.dead[:LISTED]:
        say(f"  dead (nothing excites it): {outcome.planned}")
    for outcome in report.failed[:LISTED]:
        say(f"  failed: {outcome.planned}: {first_line(outcome.message)}")
    unlisted = max(0, len(report.dead) - LISTED) + max(0, len(report.failed) - LISTED)
    if unlisted:
        say(f"  and {unlisted} more; every failure: {command('status', path)}")
    if report.interrupted:
        say(f"Stopped; what was finished is stored. To go on: {command('render', path)}")
        return INTERRUPTED
    if report.failed:
        say(f"What failed is recorded, and tried again by the next {command('render', path)}")
    return 1 if report.failed or held else 0


def _existing(config: Config) -> Store | None:
    """Return the store if there is one; None where it could still be made."""
    path = config.store.path
    with explained("look for a store at", path):
        absent = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    return None if absent else Store(path)
