"""Sessions: what each command does, from the configuration to words in the terminal."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from atlas.cli.progress import build_progress, duration, run_progress, size
from atlas.config import Config, load_config, template
from atlas.errors import ConfigError
from atlas.store import Store
from atlas.store.files import write_atomic

if TYPE_CHECKING:
    from atlas.jobs.batch import PlannedJob
    from atlas.jobs.plan import Plan
    from atlas.jobs.run import Report
    from atlas.models.load import VisionModel

INTERRUPTED = 130
LISTED = 20
"""How many failures are listed before the rest is only counted."""

console = Console(highlight=False, soft_wrap=True)


def _plan(path: Path) -> "tuple[Config, dict[str, VisionModel], Plan]":
    """Load a configuration and the models that it renders, and expand it into jobs."""
    config = load_config(path)
    from atlas.jobs.plan import make_plan, rendered_models
    from atlas.models.load import load_model

    used = {name for block in config.render for name in rendered_models(config, block)}
    models = {}
    for spec in config.models:
        if spec.name in used:
            with console.status(f"loading {escape(spec.name)}"):
                models[spec.name] = load_model(spec)
    return config, models, make_plan(config, models)


def plan_and_report(path: Path) -> None:
    """Print what a configuration would render, what is there already and what the rest will cost."""
    config, models, plan = _plan(path)
    from atlas.jobs.batch import group
    from atlas.jobs.estimate import estimate
    from atlas.jobs.run import pending

    store = _existing(config)
    table = Table("model", "layer", "kind", "method", "jobs", "stored", box=None, header_style="bold")
    for jobs in group(plan.jobs):
        target = jobs[0].job.target
        stored = sum(store is not None and store.has(job.key) for job in jobs)
        row = (jobs[0].model, target.layer, target.kind, jobs[0].job.method, str(len(jobs)), str(stored))
        table.add_row(*map(escape, row))
    console.print(table)
    todo = pending(plan, store) if store else None
    missing = todo.missing if todo else list(plan.jobs)
    held = f", {len(todo.quarantined)} in quarantine" if todo and todo.quarantined else ""
    console.print(f"\n{len(plan.jobs)} jobs: {len(plan.jobs) - len(missing)} stored{held}, {len(missing)} to render")
    if missing:
        with console.status("timing a few steps"):
            cost = estimate(config, models, plan, missing)
        console.print(
            f"About {duration(cost.seconds)} with one worker on this machine, "
            f"and {size(cost.bytes)} in {config.store.path}"
        )


def render_and_report(path: Path, only: Sequence[str] = (), retry_quarantined: bool = False) -> int:
    """Render what is missing and say how it went; return the exit status."""
    config, models, plan = _plan(path)
    from atlas.jobs.run import pending

    store = Store(config.store.path, create=True)
    todo = pending(plan, store, only, retry_quarantined)
    if todo.present:
        console.print(f"{todo.present} jobs are in the store already")
    if todo.quarantined:
        console.print(
            f"{len(todo.quarantined)} jobs killed their worker before and are left out; --retry-quarantined takes them"
        )
    report = _render(config, models, plan, todo.missing, store)
    if report.interrupted:
        console.print(f"Stopped. {report.finished} jobs were finished and are stored; to go on: atlas render -c {path}")
        return INTERRUPTED
    return _summarise(report, bool(todo.quarantined))


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

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _summarise(report: "Report", held: bool) -> int:
    """Print what a run did; return 1 if anything failed or was left out, else 0."""
    console.print(f"{report.done} rendered, {len(report.dead)} dead, {len(report.failed)} failed")
    for outcome in report.dead[:LISTED]:
        console.print(f"  dead: {escape(str(outcome.planned))}")
    for outcome in report.failed[:LISTED]:
        console.print(f"  failed: {escape(str(outcome.planned))}: {escape(outcome.message)}")
    unlisted = max(0, len(report.dead) - LISTED) + max(0, len(report.failed) - LISTED)
    if unlisted:
        console.print(f"  and {unlisted} more: atlas status lists all")
    return 1 if report.failed or held else 0


def _existing(config: Config) -> Store | None:
    return Store(config.store.path) if (config.store.path / "store.json").exists() else None


def status_and_report(path: Path, verify_too: bool) -> int:
    """Print what the store holds; return 1 if jobs failed or anything is damaged, else 0."""
    from atlas.store.integrity import verify

    store = Store(load_config(path).store.path)
    if verify_too:
        damage = list(verify(store))
        for one in damage:
            console.print(f"damaged {one.key[:12]}: {escape(one.problem)}")
        console.print(f"{len(store.job_keys())} jobs verified, {len(damage)} problems")
        if damage:
            console.print("To render the damaged ones again: atlas status --repair")
        return 1 if damage else 0
    cards, counts = store.cards(), dict[tuple[str, str], int]()
    for record in store.records():
        card = cards.get(record.job.model.fingerprint)
        name = card.name if card else record.job.model.architecture
        counts[name, record.status] = counts.get((name, record.status), 0) + 1
    failures = list(store.failures())
    for (name, state), count in sorted(counts.items()):
        console.print(f"{escape(name)}: {count} {state}")
    console.print(f"{len(failures)} failed in {store.path}")
    for record in failures:
        reason = record.error.message if record.error else "unknown"
        console.print(f"  {record.key[:12]} {escape(str(record.job.target))}: {escape(reason)}")
    return 1 if failures else 0


def repair_and_report(path: Path) -> int:
    """Discard what is damaged and can be rendered again by this configuration, render it, and say how it went."""
    config, models, plan = _plan(path)
    from atlas.store.integrity import discard, verify

    store = Store(config.store.path)
    damage = {one.key: one.problem for one in verify(store)}
    mine = [job for job in plan.jobs if job.key in damage]
    for key in sorted(damage.keys() - {job.key for job in mine}):
        console.print(
            f"{key[:12]}: {escape(damage[key])}; this configuration does not render it, so it is left as it is"
        )
    for job in mine:
        console.print(f"{job.key[:12]}: {escape(damage[job.key])}; rendering it again")
        discard(store, job.key)
    report = _render(config, models, plan, mine, store)
    if report.interrupted:
        console.print(f"Stopped; to go on: atlas render -c {path}")
        return INTERRUPTED
    return max(_summarise(report, False), 1 if len(mine) < len(damage) else 0)


def build_and_report(path: Path) -> Path:
    """Build the site, say what it holds and return the path of its home page."""
    from atlas.site import build_site

    config = load_config(path)
    with build_progress(console) as progress:
        report = build_site(Store(config.store.path), config.site.path, config.site.metadata, progress)
    console.print(
        f"{report.pages} pages and {report.pictures} pictures, {size(report.bytes)}, "
        f"in {duration(report.seconds)}: {config.site.path}"
    )
    return config.site.path / "index.html"


def serve_site(path: Path, port: int) -> None:
    """Serve the built site until Ctrl-C, and say where."""
    from atlas.site.serve import make_server

    with make_server(load_config(path).site.path, port) as server:
        console.print(f"Serving at http://127.0.0.1:{server.server_address[1]}/ (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def write_template(path: Path, force: bool) -> None:
    """Write the commented configuration that `atlas init` starts a newcomer with.

    Raises:
        ConfigError: the file is there already and ``force`` is false.
        StoreError: it cannot be written.
    """
    if path.exists() and not force:
        raise ConfigError([f"{path} exists already"], remedy="name another file, or replace it with --force")
    write_atomic(path, template().encode())


def list_models(pattern: str) -> None:
    """Print the models that can be rendered by name."""
    from atlas.models.catalogue import list_models as matching

    table = Table("source", "model", "note", box=None, header_style="bold")
    offers = matching(pattern)
    if not offers:
        raise ConfigError([f'no model matches "{pattern}"'], remedy='try a glob such as "*resnet*"')
    for offer in offers:
        table.add_row(escape(offer.source), escape(offer.name), escape(offer.note))
    console.print(table)
    console.print('Your own: source = "callable", architecture = "your_package.your_module:function"')


def list_layers(model: str, source: str, config_path: Path | None) -> None:
    """Print the layers of a model, in order, with unit counts and grids.

    Raises:
        ConfigError: the configuration has no model of that name.
    """
    from atlas.models.load import load_model
    from atlas.models.spec import ModelSpec

    if config_path:
        config = load_config(config_path)
        spec = config.model_spec(model)
        if spec is None:
            names = [one.name for one in config.models]
            raise ConfigError([f'{config_path} has no model "{model}"; it has {", ".join(names)}'])
    else:
        pretrained = False if source == "timm" else None
        spec = ModelSpec(name=model, source=source, architecture=model, pretrained=pretrained)
    table = Table("layer", "module", "units", "positions", box=None, header_style="bold")
    for layer in load_model(spec).card.layers:
        grid = " x ".join(map(str, layer.grid)) if layer.grid else "-"
        table.add_row(escape(layer.name), layer.module, str(layer.units), grid)
    console.print(table)


def make_spectrum(photos: Sequence[Path], output: Path, side: int) -> None:
    """Make a spectrum from photos, naming every one that had to be skipped."""
    from atlas.synthesis.photo_spectrum import make_spectrum as make

    with build_progress(console) as progress:
        report = make(list(photos), output, side, on_photo=lambda done, total: progress("photos", done, total))
    for one in report.skipped:
        console.print(f"skipped {escape(str(one.path))}: {escape(one.reason)}")
    console.print(f'Wrote {output} from {report.used} photos. Use it with: parameters = {{ spectrum = "{output}" }}')
