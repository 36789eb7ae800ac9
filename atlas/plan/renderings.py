"""Pictures to render: every ``[[render]]`` block, spelled out for each of its models."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from atlas.config import Config, RenderBlock
from atlas.core.job import Job, Target, TargetKind
from atlas.errors import AtlasError, ConfigError
from atlas.methods import AnyMethod, MethodParameters, methods
from atlas.methods.base import REFERENCE_PHOTOS
from atlas.methods.presets import spelled_out
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet
from atlas.plan.models import models_of
from atlas.plan.photos import JobPhotos
from atlas.plan.places import places_of
from atlas.plan.refusals import check_layers, check_method
from atlas.plan.select import GLOB_CHARACTERS
from atlas.tasks.rendering import RenderTask


@dataclass(frozen=True)
class Renderings:
    """The pictures of all ``[[render]]`` blocks.

    Attributes:
        tasks: every picture once, in the order of the configuration.
        inputs: sha256 to bytes of what their parameters and targets name, but for photos.
        photos: sha256 to the photos that they start from or are of.
        notices: sentences for a person.
    """

    tasks: tuple[RenderTask, ...]
    inputs: dict[str, bytes] = field(default_factory=dict)
    photos: dict[str, Photo] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def plan_renderings(config: Config, models: Mapping[str, VisionModel], photo_set: PhotoSet | None) -> Renderings:
    """Expand every render block of the configuration into pictures.

    Args:
        models: every model that a render block names, loaded.
        photo_set: the configuration's photos, if it names any.

    Raises:
        ConfigError: a block names a class, layer, unit or position that its model does not have, or parameters that do
            not fit it; all problems of all blocks at once.
    """
    tasks: dict[str, RenderTask] = {}
    inputs: dict[str, bytes] = {}
    problems: list[str] = []
    photos = JobPhotos(photo_set)
    for number, block in enumerate(config.render):
        for name in models_of(config, block):
            where = f"render[{number}]" + (f" (model {name})" if len(config.models) > 1 else "")
            try:
                expanded = _expand(block, name, models[name], config.folder, inputs, photos)
            except ConfigError as error:
                problems += [f"{where}.{problem}" for problem in error.problems]
            except AtlasError as error:
                problems.append(f"{where}.parameters: {error.sentence}")
            else:
                tasks |= {task.key: task for task in expanded if task.key not in tasks}
    if problems:
        raise ConfigError(problems)
    return Renderings(tuple(tasks.values()), inputs, photos.used, tuple(dict.fromkeys(photos.notices)))


def _expand(
    block: RenderBlock, name: str, model: VisionModel, folder: Path, inputs: dict[str, bytes], photos: JobPhotos
) -> list[RenderTask]:
    method = methods.get(block.method)
    kind = _kind(block, method)
    check_method(block, kind, method, model, photos.given)
    asked = method.parameters.model_validate(spelled_out(method, block.parameters, block.preset))
    resolved = method.resolve(asked, model, folder)
    parameters = resolved.parameters
    inputs |= resolved.inputs
    places = places_of(block, kind, model, method.sizes(parameters))
    check_layers(method, parameters, places, model)
    chosen = [photo.digest for photo in photos.chosen(block.photos)] if method.takes_photo(kind) else [None]
    targets = [Target(kind=kind, photo=photo, **place._asdict()) for photo in chosen for place in places]
    listed: list[tuple[Target, tuple[Photo, ...]]] = [(target, ()) for target in targets]
    if REFERENCE_PHOTOS in method.needs:
        found = photos.with_references(targets, name, model, _is_wide(block))
        inputs |= {each.digest: each.data for _, each in found}
        listed = [(target, each.photos) for target, each in found]
    return [
        RenderTask(name, job_of(method, target, parameters, model, seed, block.precision), photos_listed)
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
