"""Plan: the configuration, spelled out as jobs. Pure: the same configuration, models and photos give the same jobs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple

import torch

from atlas.config import Config, RenderBlock
from atlas.core.job import LOGITS, PHOTO_KINDS, Job, Target, TargetKind
from atlas.core.model_card import LayerInfo, ModelCard
from atlas.errors import AtlasError, ConfigError
from atlas.methods import AnyMethod, MethodParameters, methods
from atlas.methods.base import REFERENCE_PHOTOS
from atlas.models.code.foreign import foreign_code
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet
from atlas.plan.photos import JobPhotos
from atlas.plan.select import GLOB_CHARACTERS, select_classes, select_layers, select_units
from atlas.tasks.batch import PlannedJob


@dataclass(frozen=True)
class Plan:
    """All jobs of a configuration.

    Attributes:
        jobs: every job once, in the order of the configuration.
        cards: the models they are about, by name.
        inputs: sha256 to bytes of what their parameters and targets name, but for photos.
        photos: sha256 to the photos that their targets name; the store gets a copy of each.
        notices: sentences for a person.
    """

    jobs: tuple[PlannedJob, ...]
    cards: dict[str, ModelCard]
    inputs: dict[str, bytes] = field(default_factory=dict)
    photos: dict[str, Photo] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where in a model a target is: a :class:`Target` without its photos."""

    layer: str
    unit: int = 0
    sign: Literal[-1, 1] = 1
    position: tuple[int, int] | None = None


def make_plan(config: Config, models: Mapping[str, VisionModel], photo_set: PhotoSet | None = None) -> Plan:
    """Expand every render block of the configuration into jobs.

    Args:
        models: every model that a render block names, loaded.
        photo_set: the configuration's photos, if it names any.

    Raises:
        ConfigError: a block names a class, layer, unit or position that its model does not have, or parameters that do
            not fit it; all problems of all blocks at once.
    """
    jobs: dict[str, PlannedJob] = {}
    inputs: dict[str, bytes] = {}
    problems: list[str] = []
    photos = JobPhotos(photo_set)
    for number, block in enumerate(config.render):
        for name in rendered_models(config, block):
            where = f"render[{number}]" + (f" (model {name})" if len(config.models) > 1 else "")
            try:
                expanded = _expand(block, name, models[name], config.folder, inputs, photos)
            except ConfigError as error:
                problems += [f"{where}.{problem}" for problem in error.problems]
            except AtlasError as error:
                problems.append(f"{where}.parameters: {error.sentence}")
            else:
                jobs |= {job.key: job for job in expanded if job.key not in jobs}
    if problems:
        raise ConfigError(problems)
    cards = {name: models[name].card for name in dict.fromkeys(job.model for job in jobs.values())}
    return Plan(tuple(jobs.values()), cards, inputs, photos.used, tuple(dict.fromkeys(photos.notices)))


def rendered_models(config: Config, block: RenderBlock) -> tuple[str, ...]:
    """Return the names of the models that a block renders: those it names, or the only one there is."""
    return block.model or (config.models[0].name,)


def _expand(
    block: RenderBlock, name: str, model: VisionModel, folder: Path, inputs: dict[str, bytes], photos: JobPhotos
) -> list[PlannedJob]:
    method = methods.get(block.method)
    kind = _kind(block, method)
    _check_method(block, kind, method, model, photos.given)
    resolved = method.resolve(method.parameters.model_validate(block.parameters), model, folder)
    parameters = resolved.parameters
    inputs |= resolved.inputs
    places = _places(block, kind, model, method.sizes(parameters))
    _check_layers(method, parameters, places, model)
    chosen = [photo.digest for photo in photos.chosen(block.photos)] if method.takes_photo(kind) else [None]
    targets = [Target(kind=kind, photo=photo, **place._asdict()) for photo in chosen for place in places]
    listed: list[tuple[Target, tuple[Photo, ...]]] = [(target, ()) for target in targets]
    if REFERENCE_PHOTOS in method.needs:
        found = photos.with_references(targets, name, model, _is_wide(block))
        inputs |= {each.digest: each.data for _, each in found}
        listed = [(target, each.photos) for target, each in found]
    return [
        PlannedJob(name, job_of(method, target, parameters, model, seed, block.precision), photos_listed)
        for one, photos_listed in listed
        for target in method.expanded(one, parameters)
        for seed in block.seeds
    ]


def job_of(
    method: AnyMethod, target: Target, parameters: MethodParameters, model: VisionModel, seed: int, precision: str
) -> Job:
    """Return the job of one picture, in the fastest numerics in which every layer that the method reads exists.

    Args:
        parameters: as resolved for the model.

    Raises:
        ModelError: the model does not have a layer.
    """
    layers = (target.layer, *method.reads(parameters))
    keep = method.keeps_norms(target.kind, parameters)
    numerics = min((model.numerics_for(layer, precision, keep) for layer in layers), key=len)
    return Job(
        model=model.card.identity,
        target=target,
        method=method.name,
        version=method.version,
        parameters=parameters.model_dump(mode="json"),
        seed=seed,
        numerics=numerics,
    )


def _kind(block: RenderBlock, method: AnyMethod) -> TargetKind:
    """Return the kind of a block's targets: what it says, or else what its method most likely means with them."""
    if block.classes:
        return "logit"
    if block.kind is not None:
        return block.kind
    of_photos = block.photos and not method.from_photo
    return "inversion" if "inversion" in method.kinds and (of_photos or "channel" not in method.kinds) else "channel"


def _is_wide(block: RenderBlock) -> bool:
    """Tell whether a block names classes by globs only."""
    return all(isinstance(one, str) and (one == "all" or GLOB_CHARACTERS.search(one)) for one in block.classes)


def _check_method(
    block: RenderBlock, kind: TargetKind, method: AnyMethod, model: VisionModel, with_photos: bool
) -> None:
    """Look whether a method can render what a block asks of a model.

    Raises:
        ConfigError: it cannot; names the methods that can.
    """
    offers = model.offers | ({REFERENCE_PHOTOS} if with_photos else set())

    def refusal(other: AnyMethod) -> str | None:
        if kind not in other.kinds:
            return f"cannot render {_named(kind)}"
        if not other.signs.issuperset(block.signs):
            return f"cannot render what lowers {_named(kind)}"
        if block.photos and not other.takes_photo(kind):
            return f"renders {_named(kind)} from noise, not from photos"
        if not block.photos and other.takes_photo(kind):
            return 'renders photos; name some: photos = ["folder/*"]'
        if lacking := sorted(other.needs - offers - {REFERENCE_PHOTOS}):
            return f'needs {" and ".join(lacking)}, which model "{model.card.name}" does not have'
        if REFERENCE_PHOTOS in other.needs - offers:
            return 'needs reference photos; add a table [photos] with path = "a folder of photos"'
        return None

    if kind in PHOTO_KINDS:
        given = {"units": block.units != "all", "position": block.position is not None, "sign": -1 in block.signs}
        if problems := [f"{key}: {_named(kind)} is of a whole layer; leave it out" for key in given if given[key]]:
            raise ConfigError(problems)
    if reason := refusal(method):
        able = [name for name, other in methods if refusal(other) is None]
        others = f"; {', '.join(able)} can" if able else ""
        raise ConfigError([f'method = "{block.method}" {reason}{others}'])


def _check_layers(method: AnyMethod, parameters: MethodParameters, places: list[Place], model: VisionModel) -> None:
    """Look whether gradients pass through every layer, and the parameters fit it.

    Raises:
        ConfigError: one does not.
    """
    if blindness := model.blindness(place.layer for place in places):
        raise ConfigError([f"layers: {blindness}"])
    layers = [model.card.layer(name) for name in dict.fromkeys(place.layer for place in places)]
    objections = [method.objection(parameters, layer, model) for layer in layers if layer is not None]
    if problems := [f"parameters.{objection}" for objection in objections if objection]:
        raise ConfigError(problems)


def _named(kind: TargetKind) -> str:
    return f"an {kind}" if kind == "inversion" else f"a {kind}"


def _places(block: RenderBlock, kind: TargetKind, model: VisionModel, sizes: dict[str, tuple[int, int]]) -> list[Place]:
    """Return the places that the targets of a block are at, every one checked against the model.

    Raises:
        ConfigError: all problems of the block.
    """
    card, problems = model.card, list[str]()
    layers: list[LayerInfo] = []
    if block.classes:
        classes, found = select_classes(block.classes, card)
        places = [Place(LOGITS, unit, sign) for unit in classes for sign in block.signs]
    elif kind in PHOTO_KINDS:
        layers, found = select_layers(block.layers, card, logits=True)
        places = [Place(layer.name) for layer in layers]
    else:
        layers, found = select_layers(block.layers, card)
        places = list(_units(block, layers, problems))
    problems += found
    if not problems:
        problems += _fit_problems(block, model, layers, sizes)
    if problems:
        raise ConfigError(problems)
    return places


def _units(block: RenderBlock, layers: list[LayerInfo], problems: list[str]) -> Iterator[Place]:
    for layer in layers:
        units, found = select_units(block.units, layer.units)
        problems += [f"{problem} (layer {layer.name})" for problem in found]
        for unit in units:
            for sign in block.signs:
                yield Place(layer.name, unit, sign, block.position)


def _fit_problems(
    block: RenderBlock, model: VisionModel, layers: list[LayerInfo], sizes: dict[str, tuple[int, int]]
) -> list[str]:
    """Look whether the model takes views of these sizes and a neuron's position is on each layer's grid."""
    expected = model.card.identity.preprocessing
    usual = (expected.height, expected.width)
    unusual = {setting: size for setting, size in sizes.items() if size != usual}
    if not unusual and block.position is None:
        return []
    network = model.network(model.numerics_for(LOGITS), torch.device("cpu"))
    problems = []
    names = [layer.name for layer in layers] or [LOGITS]
    for (setting, size), layer in product((unusual or {"": usual}).items(), names):
        try:
            with torch.no_grad(), foreign_code("it fails"):  # a forward may raise anything at all
                shape = network(torch.zeros(2, 3, *size), layer).shape
        except AtlasError as error:
            reason = error.message.splitlines()[0].removeprefix("it fails: ")
            expects = f"{expected.height} x {expected.width}"
            return [f"parameters.{setting}: the model does not take it ({reason}); it expects {expects}"]
        if block.position is not None:
            grid = tuple(shape[2:]) or (1, 1)
            if block.position[0] >= grid[0] or block.position[1] >= grid[1]:
                problems.append(f"position = {list(block.position)}: {layer} has {grid[0]} x {grid[1]} positions")
    return problems
