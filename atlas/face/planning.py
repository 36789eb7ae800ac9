"""Planning what is asked for in a program, as a configuration that asks for the same is planned."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from atlas.config import Config, RenderBlock
from atlas.config.problems import checked, problems_of
from atlas.config.seeds import Facets
from atlas.core.canonical import digest_bytes
from atlas.core.job import Precision, Target, TargetKind
from atlas.errors import ConfigError, TargetError
from atlas.face.photos import given_photos, reference_photos
from atlas.face.targets import Asked, Reader
from atlas.methods import AnyMethod, methods
from atlas.methods.presets import spelled_out
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet
from atlas.plan.facets import FacetPlanner, check_facets
from atlas.plan.jobs import Jobs
from atlas.plan.photos import references
from atlas.plan.plan import Plan
from atlas.plan.renderings import plan_renderings
from atlas.plan.select import select_photos
from atlas.tasks.facets import FacetsTask
from atlas.tasks.rendering import RenderTask

Place = tuple[object, ...]
Wanted = RenderTask | FacetsTask
"""A picture, or what the pictures of a class's looks follow from."""
INVERTED: tuple[TargetKind, ...] = ("inversion", "caricature")
"""What a method may make of a whole layer, the first that it can."""
_PREFIX = re.compile(r"^render\[\d+\]\.(parameters\.)?")


@dataclass(frozen=True)
class Request:
    """How targets are to be rendered; see :func:`atlas.api.render`.

    Attributes:
        preset: of the method, which fills those of its parameters that are not given, or none.
        parameters: of the method, as given. seeds: one rendering of each target for each, or its facets.
        photo: what pictures start from or are of, None for none. photos: place of a photo set, if there is one.
        layer, kind: of targets that leave them open.
    """

    method: str
    parameters: Mapping[str, Any]
    preset: str | None = None
    seeds: tuple[int, ...] | Facets = (0,)
    precision: Precision = "float32"
    photo: Any = None
    photos: Path | str | None = None
    layer: str | None = None
    kind: TargetKind | None = None
    cosine_power: float = 2.0


@dataclass(frozen=True)
class _Work:
    """A request as it is planned: for a model, with parameters that were checked and photos that were found.

    Attributes:
        chosen: the photos that pictures start from or are of.
    """

    request: Request
    model: VisionModel
    method: AnyMethod
    parameters: dict[str, Any]
    photo_set: PhotoSet | None
    chosen: tuple[Photo, ...]


def planned(model: VisionModel, targets: Sequence[Any], request: Request, config: Config) -> tuple[Plan, list[Wanted]]:
    """Return the plan of what is asked for, and its jobs in order: by target, then by photo, then by seed or facet.

    Args:
        config: where it runs; photos are cached beside its store.

    Raises:
        AtlasError: the model has no such target, or the method cannot render it.
    """
    method = methods.get(request.method)
    reader = Reader(model.card, request.layer, request.kind)
    asked = [one for target in targets for one in reader.read(target)]
    if request.layer is not None and all(one.layer != request.layer for one in asked):
        own = f'; for {method.name}\'s own write parameters={{"layer": "{request.layer}"}}'
        told = "layer: says what directions and numbers are of, and there are none"
        raise ConfigError([told + (own if "layer" in method.parameters.model_fields else "")], remedy="leave it out")
    photo_set, chosen = _photos(request, config.store.path.parent / "cache")
    given = checked_parameters(method, request.parameters, request.preset)
    work = _Work(request, model, method, given, photo_set, chosen)
    wanted = [_settled(one, work) for one in asked]
    units = [one for one in wanted if one.direction is None]
    try:
        plan = plan_renderings(
            config.model_copy(update={"render": tuple(_blocks(units, work))}), {model.card.name: model}, photo_set
        )
    except ConfigError as error:
        problems = dict.fromkeys(_PREFIX.sub("", problem) for problem in error.problems)
        raise ConfigError(list(problems), remedy=error.remedy) from error
    by_place: dict[Place, list[Wanted]] = defaultdict(list)
    for job in plan.tasks:
        by_place[_place(job.target, job.seed)].append(job)
    for facets in plan.facets:
        by_place[_place(facets.pictures[0].target, 0)].append(replace(facets, measured=False))
    inputs = dict(plan.inputs)
    jobs: list[Wanted] = []
    for one in wanted:
        if one.direction is not None:
            jobs += _directions(one, work, config.folder, inputs)
            continue
        for photo in chosen or (None,):
            for seed in (0,) if isinstance(request.seeds, Facets) else request.seeds:
                digest = None if photo is None else photo.digest
                jobs += by_place[one.kind, one.layer, one.unit, one.sign, one.position, digest, seed]
    return (
        Plan(
            tasks=tuple({job.key: job for job in jobs}.values()),
            models={model.card.name: model},
            photo_set=photo_set,
            inputs=inputs,
            photos={photo.digest: photo for photo in chosen},
        ),
        jobs,
    )


def checked_parameters(method: AnyMethod, given: Mapping[str, Any], preset: str | None) -> dict[str, Any]:
    """Return a method's parameters as a configuration would hold them, those of a preset spelled out.

    Raises:
        ConfigError: the preset or a parameter is unknown, with the nearest name, or has no such value.
    """
    asked = spelled_out(method, given, preset)
    try:
        parameters: dict[str, Any] = json.loads(json.dumps(asked, default=_plain))
        method.parameters.model_validate_json(json.dumps(parameters), strict=True)
    except ValidationError as error:
        found = problems_of(error, parameters, (), {(): method.parameters})
        raise ConfigError([str(problem) for problem in found], f"parameters of {method.name}") from error
    except TypeError as error:
        raise ConfigError([f"parameters of {method.name}: {error}"], remedy="give numbers, texts and lists") from error
    return parameters


def _photos(request: Request, cache: Path) -> tuple[PhotoSet | None, tuple[Photo, ...]]:
    """Return the photo set, if there is one, and those of it that pictures start from or are of, in their order."""
    given = list(request.photo) if isinstance(request.photo, list | tuple) else [request.photo]
    given = [] if request.photo is None else given
    if request.photos is not None:
        photo_set = reference_photos(request.photos, cache)
        chosen, problems = select_photos([str(one) for one in given], photo_set)
        if problems:
            raise ConfigError(problems)
        return photo_set, tuple(chosen)
    if not given:
        return None, ()
    photo_set = given_photos(given, cache)
    return photo_set, photo_set.photos


def _settled(one: Asked, work: _Work) -> Asked:
    """Return what is asked for with its kind: of a whole layer, what the method makes of one.

    Raises:
        TargetError: the method cannot render it, or lacks a photo.
    """
    method, model = work.method, work.model
    if one.kind is None:
        kind = next((kind for kind in INVERTED if kind in method.kinds), None)
        if kind is None:
            layer = model.card.layer(one.layer)
            units = layer.units if layer else 0
            raise TargetError(
                f"{one.layer} is a layer of {units} units, and {method.name} renders one at a time",
                f'write which: "{one.layer}:0"; or choose a method that inverts a whole layer',
            )
        one = replace(one, kind=kind)
    assert one.kind is not None  # decided above
    if one.kind not in method.kinds:
        able = [name for name, other in methods if one.kind in other.kinds]
        raise TargetError(f"{method.name} cannot render a {one.kind}", f"these can: {', '.join(able)}")
    if method.takes_photo(one.kind) and not work.chosen:
        raise TargetError(f"{method.name} needs a photo", 'pass one: photo="a_photo.jpg"')
    if work.chosen and not method.takes_photo(one.kind):
        raise TargetError(f"{method.name} renders a {one.kind} from noise, not from a photo", "leave out photo=")
    asked = method.parameters.model_validate(work.parameters)
    if work.photo_set is None and method.refers_to_photos(one.kind, asked):
        raise TargetError(f"{method.name} needs reference photos", 'pass a folder of them: photos="photos/"')
    if blindness := model.blindness([one.layer]):
        raise TargetError(blindness)
    return one


def _blocks(wanted: Sequence[Asked], work: _Work) -> Iterator[RenderBlock]:
    """Yield the ``[[render]]`` blocks that ask for targets: those of one layer, kind and sign in one."""
    groups: dict[Place, list[Asked]] = defaultdict(list)
    for one in wanted:
        groups[one.kind, one.layer, one.sign, one.position].append(one)
    for members in groups.values():
        first = members[0]
        units = tuple(dict.fromkeys(one.unit for one in members))
        table: dict[str, Any] = {"classes": units} if first.kind == "logit" else {"layers": (first.layer,)}
        if first.kind != "logit":
            table["kind"] = first.kind
        if first.kind in ("channel", "neuron"):
            table["units"] = units
        if first.position is not None:
            table["position"] = first.position
        if first.sign < 0:
            table["sign"] = "negative"
        if work.chosen:
            table["photos"] = tuple(photo.name for photo in work.chosen)
        table |= {"model": (work.model.card.name,), "method": work.method.name, "parameters": work.parameters}
        table |= {"seeds": work.request.seeds, "precision": work.request.precision}
        yield checked(RenderBlock, table)


def _place(target: Target, seed: int) -> Place:
    return target.kind, target.layer, target.unit, target.sign, target.position, target.photo, seed


def _directions(one: Asked, work: _Work, folder: Path, inputs: dict[str, bytes]) -> Iterator[Wanted]:
    """Yield the jobs of a direction; what they name by digest is added to ``inputs``."""
    method, model, request = work.method, work.model, work.request
    data = np.ascontiguousarray(one.direction, dtype="<f4").tobytes()
    inputs[digest_bytes(data)] = data
    resolved = method.resolve(method.parameters.model_validate(work.parameters), model, folder)
    inputs |= resolved.inputs
    parameters = resolved.parameters
    layer = model.card.layer(one.layer)
    if layer is not None and (objection := method.objection(parameters, layer, model)):
        raise ConfigError([objection])
    power = request.cosine_power
    target = Target(kind="direction", layer=one.layer, direction=digest_bytes(data), cosine_power=power)
    if isinstance(request.seeds, Facets):
        check_facets(request.seeds, "direction", method)
        planner = FacetPlanner(
            request.seeds, model.card.name, model, method, parameters, request.precision, None, lambda _: (), False
        )
        yield from planner.tasks([target], inputs)
        return
    listed: tuple[Photo, ...] = ()
    if method.refers_to_photos("direction", parameters) and work.photo_set is not None:
        listed, digest, content = references(work.photo_set.photos)
        inputs[digest] = content
        target = target.model_copy(update={"references": digest})
    jobs = Jobs(model.card.name, model, method, parameters, request.precision)
    for photo in work.chosen or (None,):
        start = target if photo is None else target.model_copy(update={"photo": photo.digest})
        for seed in request.seeds:
            for each in method.expanded(start, parameters):
                yield from jobs.pictures(each, [seed], listed)


def _plain(value: Any) -> Any:
    """Return a path, or a number or array of numpy or torch, as JSON can hold it."""
    if isinstance(value, Path):
        return str(value.expanduser().absolute())
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is no parameter")
