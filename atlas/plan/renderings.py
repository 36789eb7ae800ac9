"""Pictures to render: every ``[[render]]`` block, spelled out for each of its models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from atlas.config import Config, RenderBlock
from atlas.config.seeds import Facets
from atlas.core.class_selection import GLOB_CHARACTERS
from atlas.core.job import Target, TargetKind
from atlas.errors import AtlasError, ConfigError
from atlas.methods import AnyMethod, methods
from atlas.methods.presets import spelled_out
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet
from atlas.photos.split import Split
from atlas.plan.facets import FacetPlanner, check_facets
from atlas.plan.jobs import Jobs
from atlas.plan.models import models_of
from atlas.plan.photos import JobPhotos
from atlas.plan.places import places_of
from atlas.plan.refusals import check_layers, check_method, check_references
from atlas.tasks.facets import FacetsTask, merged
from atlas.tasks.rendering import RenderTask


@dataclass(frozen=True)
class Renderings:
    """The pictures of all ``[[render]]`` blocks.

    Attributes:
        tasks: every picture once, in the order of the configuration.
        looks: whether looks of anything are told apart.
        facets: the clusters of classes' photos that are looked for, and what is rendered of each.
        inputs: sha256 to bytes of what their parameters and targets name, but for photos.
        photos: sha256 to the photos that they start from or are of.
        notices: sentences for a person.
    """

    tasks: tuple[RenderTask, ...]
    looks: bool = False
    facets: tuple[FacetsTask, ...] = ()
    inputs: dict[str, bytes] = field(default_factory=dict)
    photos: dict[str, Photo] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def pictures(self) -> tuple[RenderTask, ...]:
        """Every picture, those among it that stand in for what is still to be found."""
        return (*self.tasks, *(each for task in self.facets for each in (*task.pictures, *task.otherwise)))


def plan_renderings(
    config: Config, models: Mapping[str, VisionModel], photo_set: PhotoSet | None, split: Split | None = None
) -> Renderings:
    """Expand every render block of the configuration into pictures.

    Args:
        models: every model that a render block names, loaded.
        photo_set: the configuration's photos, if it names any.
        split: which of them judge pictures; no method is given those.

    Raises:
        ConfigError: a block names a class, layer, unit or position that its model does not have, or parameters that do
            not fit it; all problems of all blocks at once.
    """
    tasks: dict[str, RenderTask] = {}
    facets: dict[str, FacetsTask] = {}
    inputs: dict[str, bytes] = {}
    problems: list[str] = []
    photos = JobPhotos(photo_set, frozenset() if split is None else split.judging)
    for number, block in enumerate(config.render):
        for name in models_of(config, block):
            where = f"render[{number}]" + (f" (model {name})" if len(config.models) > 1 else "")
            try:
                expanded = expand(block, name, models[name], config.folder, inputs, photos)
            except ConfigError as error:
                problems += [f"{where}.{problem}" for problem in error.problems]
            except AtlasError as error:
                problems.append(f"{where}.parameters: {error.sentence}")
            else:
                for task in expanded:
                    if isinstance(task, FacetsTask):
                        facets[task.key] = merged(facets[task.key], task) if task.key in facets else task
                    else:
                        tasks.setdefault(task.key, task)
    if problems:
        raise ConfigError(problems)
    notices = tuple(dict.fromkeys(photos.notices))
    looks = any(isinstance(block.seeds, Facets) for block in config.render)
    return Renderings(tuple(tasks.values()), looks, tuple(facets.values()), inputs, photos.used, notices)


def expand(
    block: RenderBlock, name: str, model: VisionModel, folder: Path, inputs: dict[str, bytes], photos: JobPhotos
) -> list[RenderTask | FacetsTask]:
    """Return the pictures of a block for one of its models.

    Args:
        folder: that relative paths are relative to. inputs: gets what the pictures name by digest.

    Raises:
        AtlasError: the block does not fit the model.
    """
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
    targets = (Target(kind=kind, photo=photo, **place._asdict()) for photo in chosen for place in places)
    if isinstance(block.seeds, Facets):
        check_facets(block.seeds, kind, method)
        planner = FacetPlanner(
            block.seeds,
            name,
            model,
            method,
            parameters,
            block.precision,
            photos.photo_set,
            partial(photos.of_class, name, model),
            _is_wide(block),
        )
        return planner.tasks(list(targets), inputs)
    listed: Iterable[tuple[Target, tuple[Photo, ...]]] = ((target, ()) for target in targets)
    if method.refers_to_photos(kind, parameters):
        check_references(block.method, photos.given)
        found = photos.with_references(list(targets), name, model, _is_wide(block))
        inputs |= {each.digest: each.data for _, each in found}
        listed = [(target, each.photos) for target, each in found]
    jobs, seeds = Jobs(name, model, method, parameters, block.precision), block.seeds
    return [
        task
        for one, photos_listed in listed
        for target in method.expanded(one, parameters)
        for task in jobs.pictures(target, seeds, photos_listed)
    ]


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
