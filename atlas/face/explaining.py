"""Concepts that are asked for in a program: found in this process, rendered, and handed back with their patches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atlas.config import ConceptsBlock
from atlas.config.problems import checked
from atlas.core.analysis import ClassConcepts
from atlas.errors import ConceptError, ConfigError
from atlas.face.concepts import Concept, Concepts, ConceptsByClass
from atlas.face.interrupted import Interrupted
from atlas.face.photos import reference_photos
from atlas.face.planning import checked_parameters
from atlas.face.rendering import picture_of
from atlas.face.workplace import Workplace, known_model
from atlas.methods import methods
from atlas.models.load import VisionModel
from atlas.picture import Picture, Pictures
from atlas.plan.make import make_plan
from atlas.store import Store
from atlas.tasks.concepts import ConceptsTask


@dataclass(frozen=True)
class ConceptsRequest:
    """How concepts are to be found and rendered; see :func:`atlas.api.concepts`.

    Attributes:
        classes: names, ids, indices or globs. settings: other keys of a ``[[concepts]]`` table.
        method, preset, parameters, seeds: of the renderings.
    """

    photos: Path | str
    classes: Sequence[str | int]
    settings: Mapping[str, Any]
    method: str
    preset: str | None
    parameters: Mapping[str, Any]
    seeds: tuple[int, ...]


def concepts_of(model: VisionModel, request: ConceptsRequest, place: Workplace) -> ConceptsByClass:
    """Return what :func:`atlas.api.concepts` returns, and raise what it raises."""
    table = {
        "model": (model.card.name,),
        "classes": tuple(request.classes),
        "method": request.method,
        "parameters": checked_parameters(methods.get(request.method), request.parameters, request.preset),
        "seeds": request.seeds,
    }
    block = checked(ConceptsBlock, {**request.settings, **table})
    with place.opened() as store:
        model = known_model(model, store)
        config = place.configuration(model, store)
        photo_set = reference_photos(request.photos, store.path.parent / "cache")
        photo_set = replace(photo_set, spec=photo_set.spec.model_copy(update={"statistics": False}))
        config = config.model_copy(update={"photos": photo_set.spec, "concepts": (block,)})
        try:
            plan = make_plan(config, {model.card.name: model}, photo_set, place.machine.device)
        except ConfigError as error:
            problems = [problem.removeprefix("concepts[0].") for problem in error.problems]
            raise ConfigError(problems, remedy=error.remedy) from error
        plan = replace(plan, specs={}, configuration="")
        report = place.run(plan, store, ("part", "parts"))
        found = {task.name: _read(task, model, store) for task in plan.concepts if store.has(task.key)}
    if report.interrupted:
        pictures = [picture for one in found.values() for concept in one for picture in concept.pictures]
        kept = "in .finished" if place.store is None else "in the store: call again to go on"
        raise Interrupted(f"stopped; the {len(pictures)} pictures that are finished are {kept}", pictures)
    if not found:
        raise ConceptError("; ".join(outcome.message for outcome in report.failed) or "no class has photos")
    return ConceptsByClass(found)


def _read(task: ConceptsTask, model: VisionModel, store: Store) -> Concepts:
    """Return what a store has found of a class."""
    document = store.document(ClassConcepts, task.key)
    pictures: dict[str, list[Picture]] = {}
    for rendering in task.follow_ups(store):
        picture = picture_of(rendering, model, store, {})  # type: ignore[arg-type]
        if picture is not None:
            pictures.setdefault(str(picture.record.job.target.direction), []).append(picture)
    concepts = [
        Concept(one, Pictures(pictures.get(one.direction, ())), store.read_file(task.key, one.sprite.name))
        for one in document.concepts
    ]
    return Concepts(task.name, document, concepts)
