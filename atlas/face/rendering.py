"""Renderings that are asked for in a program: made in this process, and handed back as pictures."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from atlas.config import Config, ExecutorSettings, StoreSettings
from atlas.config.problems import checked
from atlas.errors import AtlasWarning, RenderError, TargetError
from atlas.face.interrupted import Interrupted
from atlas.face.planning import Request, planned
from atlas.face.progress import notebook_console, run_progress
from atlas.face.recipe import Recipe
from atlas.face.stopping import stop_on_interrupt
from atlas.face.targets import HOW, name_of, objective_of
from atlas.jobs.executors.base import Monitor
from atlas.jobs.known_models import settle
from atlas.jobs.pending import QUARANTINED, pending
from atlas.jobs.run import run_plan
from atlas.models.load import VisionModel
from atlas.models.spec import ModelSpec
from atlas.picture import Picture, Pictures
from atlas.plan.plan import Plan
from atlas.store import Store
from atlas.tasks.machine import Machine
from atlas.tasks.rendering import RenderTask


@dataclass(frozen=True)
class Workplace:
    """Where pictures are made and kept; none of it changes them.

    Attributes:
        device: torch's name, or ``auto``. batch_size: pictures optimised together, or ``auto``.
        store: None keeps nothing. progress: show a bar.
    """

    device: str
    batch_size: int | Literal["auto"]
    store: Store | Path | str | None
    progress: bool


def rendered(model: VisionModel, target: Any, request: Request, place: Workplace) -> Picture | Pictures:
    """Return what :func:`atlas.api.render` returns, and raise what it raises."""
    targets = target if isinstance(target, list | tuple) else [target]
    if not targets or not request.seeds:
        raise TargetError("nothing is asked for", HOW)
    with _store_at(place.store) as store:
        model = _known(model, store)
        plan, jobs = planned(model, targets, request, _configuration(model, store.path, place))
        stopped = _run(model, plan, store, place)
        names = {digest: Path(photo.name).name for digest, photo in plan.photos.items()}
        pictures = [picture_of(job, model, store, names) for job in jobs]
    found = Pictures(picture for picture in pictures if picture is not None)
    if stopped and len(found) < len(jobs):
        left = "what was finished is in the store; call again to go on" if place.store is not None else ""
        raise Interrupted(
            f"{len(found)} of {len(jobs)} pictures are finished; {left or 'they are in .finished'}", found
        )
    if len(found) == 1 and targets is not target:
        if found[0].status == "failed":
            raise RenderError(f"{found[0].name}: {found[0].message}", "look at the parameters; a picture's trace helps")
        return found[0]
    return found


def _run(model: VisionModel, plan: Plan, store: Store, place: Workplace) -> bool:
    """Make what is missing; return whether Ctrl-C ended it."""
    todo = pending(plan, store, retry=[QUARANTINED])
    machine = Machine.of(_configuration(model, store.path, place).executor)
    progress = run_progress(notebook_console(place.progress), len(todo.missing), "picture", "pictures")
    with progress as bar, stop_on_interrupt() as stop:
        monitor = Monitor(bar.on_step, bar.on_outcome, bar.on_total, bar.on_notice, stop)
        report = run_plan(plan, store, machine, monitor, todo)
    return report.interrupted


@contextmanager
def _store_at(store: Store | Path | str | None) -> Iterator[Store]:
    """Yield the store that is given, or one that is removed afterwards."""
    with TemporaryDirectory(prefix="atlas-") as folder:
        if isinstance(store, Store):
            yield store
        else:
            place = Path(folder) / "store" if store is None else Path(store).expanduser().absolute()
            yield Store(place, create=True)


def _known(model: VisionModel, store: Store) -> VisionModel:
    """Return a model as the store knows it."""
    known = settle(model, store)
    for notice in known.notices[len(model.notices) :]:
        warnings.warn(notice, AtlasWarning, stacklevel=4)
    return known


def _configuration(model: VisionModel, store: Path, place: Workplace) -> Config:
    """Return the configuration of a run in this process; the model is there already, so nothing is built from it."""
    name = model.card.name
    spec = ModelSpec(name=name, source="callable", architecture=model.card.identity.architecture[:300])
    return Config(
        file=Path.cwd() / "atlas.toml",
        store=StoreSettings(path=store),
        executor=checked(ExecutorSettings, {"kind": "serial", "device": place.device, "batch_size": place.batch_size}),
        models=(spec,),
    )


def picture_of(planned_job: RenderTask, model: VisionModel, store: Store, photos: Mapping[str, str]) -> Picture | None:
    """Return what the store has of a job, its failure if it has no more; None of one that was never tried.

    Args:
        photos: digest to name of the photos that pictures start from.
    """
    key, card = planned_job.key, model.card
    attempt = store.failure(key)
    record = attempt.record() if attempt is not None else store.read(key) if store.has(key) else None
    if record is None:
        return None
    target = planned_job.job.target
    name = name_of(target, card, photos.get(target.photo or "", ""))
    message = record.error.message if record.error is not None else ""
    if record.status == "dead":
        message = "no gradient reached the image: nothing that is shown changes this unit"
    shown = {one.index for one in (*record.top_classes, *record.photo_classes)}
    shown |= {target.unit} if target.kind in ("logit", "direction") else set()
    names = {index: card.classes[index].name for index in sorted(shown) if index < len(card.classes)}
    files = {str(asset.role): store.read_file(key, asset.file_name) for asset in record.assets}
    recipe = Recipe(
        name=name,
        model=card.name,
        objective=objective_of(target, card),
        class_names=names,
        record=record,
        message=message,
    )
    return Picture(recipe, files)
