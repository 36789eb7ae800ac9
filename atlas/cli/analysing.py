"""What photos tell: run with a bar, and said in words."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.cli.terminal import command, console, say
from atlas.config import Config
from atlas.face.progress import run_progress
from atlas.face.stopping import stop_on_interrupt
from atlas.face.words import first_line
from atlas.store import Store

if TYPE_CHECKING:
    from atlas.jobs.run import Report
    from atlas.models.load import VisionModel
    from atlas.plan.analyses import AnalysisPlan

LISTED = 20
"""How many notices and failures are listed before the rest is only counted."""


def analyse_and_report(
    config: Config,
    models: "Mapping[str, VisionModel]",
    analyses: "AnalysisPlan",
    store: Store,
    path: Path,
    retry: Collection[str] = (),
) -> "Report":
    """Make what analyses are missing, and say how it went."""
    from atlas.jobs.executors.base import Monitor
    from atlas.jobs.run import analyse, is_to_do

    missing = sum(is_to_do(store, job, retry) for job in analyses.jobs)
    present = sum(store.has(job.key) for job in analyses.jobs)
    held = len(analyses.jobs) - missing - present
    if present:
        say(f"{_analyses(present)} of photos in the store already")
    if held:
        say(f"{_analyses(held)} left out, in quarantine. To try again: {command('render', path)} --retry quarantined")
    with run_progress(console, missing, "analysis of photos", "analyses of photos") as bar, stop_on_interrupt() as stop:
        monitor = Monitor(bar.on_step, bar.on_notice, stop)
        report = analyse(config, models, analyses, store, monitor, bar.on_outcome, retry)
    if report.finished:
        say(f"{_analyses(report.done)} of photos made" + (f", {len(report.failed)} failed" if report.failed else ""))
    for notice in report.notices[:LISTED]:
        say(f"  {first_line(notice)}")
    for outcome in report.failed[:LISTED]:
        say(f"  failed: {outcome.planned}: {first_line(outcome.message)}")
    unlisted = max(0, len(report.notices) - LISTED) + max(0, len(report.failed) - LISTED)
    if unlisted:
        say(f"  and {unlisted} more; every failure: {command('status', path)}")
    return report


def _analyses(number: int) -> str:
    return f"{number} analysis" if number == 1 else f"{number} analyses"
