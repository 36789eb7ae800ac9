"""Renderings that are asked for in a program: made in this process, and handed back as pictures."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from atlas.core.analysis import ClassFacets
from atlas.core.job import CLASS_KINDS
from atlas.errors import AtlasWarning, RenderError, TargetError
from atlas.face.interrupted import Interrupted
from atlas.face.planning import Request, Wanted, planned
from atlas.face.recipe import Recipe
from atlas.face.targets import HOW, name_of, objective_of
from atlas.face.workplace import Workplace, known_model
from atlas.models.load import VisionModel
from atlas.picture import Picture, Pictures
from atlas.store import Store
from atlas.store.files import read_bytes
from atlas.tasks.rendering import RenderTask


def rendered(model: VisionModel, target: Any, request: Request, place: Workplace) -> Picture | Pictures:
    """Return what :func:`atlas.api.render` returns, and raise what it raises."""
    targets = target if isinstance(target, list | tuple) else [target]
    if not targets or not request.seeds:
        raise TargetError("nothing is asked for", HOW)
    with place.opened() as store:
        model = known_model(model, store)
        config = place.configuration(model, store)
        plan, wanted = planned(model, targets, request, config)
        stopped = place.run(plan, store, ("picture", "pictures")).interrupted
        jobs = _all_pictures(wanted, store)
        names = {digest: Path(photo.name).name for digest, photo in plan.photos.items()}
        pictures = [picture_of(job, model, store, names) for job in jobs]
    found = Pictures(picture for picture in pictures if picture is not None)
    if stopped and len(found) < len(jobs):
        kept = "they are in .finished" if place.store is None else "they are in the store: call again to go on"
        raise Interrupted(f"{len(found)} of {len(jobs)} pictures are finished; {kept}", found)
    if len(found) == 1 and targets is not target:
        if found[0].status == "failed":
            raise RenderError(f"{found[0].name}: {found[0].message}", "look at the parameters; a picture's trace helps")
        return found[0]
    return found


def _all_pictures(wanted: Sequence[Wanted], store: Store) -> list[RenderTask]:
    """Return the pictures of all that was wanted; of what has none among others that have, say so.

    Raises:
        RenderError: nothing that was wanted has any.
    """
    jobs: list[RenderTask] = []
    without: list[RenderError] = []
    for one in wanted:
        try:
            jobs += _pictures(one, store)
        except RenderError as error:
            without.append(error)
    if without and not jobs:
        raise without[0]
    for each in without:
        warnings.warn(str(each), AtlasWarning, stacklevel=5)
    return jobs


def _pictures(one: Wanted, store: Store) -> Sequence[RenderTask]:
    """Return the pictures of what was wanted: of a class, those of the looks that were found.

    Raises:
        RenderError: none were.
    """
    if isinstance(one, RenderTask):
        return [one]
    if not store.has(one.key):
        if (attempt := store.failure(one.key)) is not None:
            raise RenderError(f"{one.title}: {attempt.error.message}", "mend the photos, or write seeds")
        return one.expected()  # the run was stopped before
    if not (found := one.renderings(store)):
        reason = store.document(ClassFacets, one.key).reason
        raise RenderError(f"{one.title}: there are none: {reason}", "add photos, or write seeds: seed=[0, 1]")
    return found


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
    target = planned_job.target
    name = name_of(target, card, photos.get(target.photo or "", ""))
    message = record.error.message if record.error is not None else ""
    if record.status == "dead":
        message = "no gradient reached the image: nothing that is shown changes this unit"
    shown = {one.index for one in (*record.top_classes, *record.photo_classes)}
    shown |= {target.unit} if target.kind in CLASS_KINDS else set()
    names = {index: card.classes[index].name for index in sorted(shown) if index < len(card.classes)}
    files = {str(asset.role): read_bytes(store.asset_path(record, asset)) for asset in record.assets}
    recipe = Recipe(
        name=name,
        model=card.name,
        objective=objective_of(target, card),
        class_names=names,
        record=record,
        message=message,
    )
    return Picture(recipe, files)
