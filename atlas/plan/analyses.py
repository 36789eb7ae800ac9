"""What photos are asked about each model: statistics of the units that are rendered, and the concepts of classes."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from atlas.config import Config
from atlas.core.canonical import digest
from atlas.core.job import LOGITS
from atlas.core.selection import ModelSelection
from atlas.errors import AtlasError, ConfigError
from atlas.models.load import VisionModel
from atlas.photos import PhotoSet
from atlas.photos.classes import match_classes, read_mapping
from atlas.plan.concepts import ByClass, PlannedConcepts, plan_concepts
from atlas.plan.models import models_of
from atlas.plan.renderings import Renderings
from atlas.plan.statistics import plan_statistics, rendered_units
from atlas.tasks.concepts import ConceptsTask
from atlas.tasks.facets import FacetsTask
from atlas.tasks.statistics import StatisticsTask
from atlas.tasks.task import Task


@dataclass(frozen=True)
class Analyses:
    """What is asked of the photos.

    Attributes:
        tasks: in an order in which they can be made.
        inputs: sha256 to bytes of what the pictures of concepts name. stand_ins: of their stand-ins' directions.
        current: what is current once they are made, by the model's fingerprint.
    """

    tasks: tuple[Task, ...] = ()
    inputs: dict[str, bytes] = field(default_factory=dict)
    stand_ins: dict[str, bytes] = field(default_factory=dict)
    current: dict[str, ModelSelection] = field(default_factory=dict)


def plan_analyses(
    config: Config,
    models: Mapping[str, VisionModel],
    renderings: Renderings,
    photo_set: PhotoSet | None,
    device: str,
) -> Analyses:
    """Plan statistics of every unit that is rendered, and the concepts that the configuration asks for.

    Args:
        renderings: the layers of its pictures are measured on the photos; its facets are current.
        photo_set: the configuration's photos, if it names any.
        device: what factorises, where the configuration leaves the solver open.

    Raises:
        ConfigError: the configuration does not fit the photos or the models; all problems of all blocks at once.
    """
    if config.photos is None or photo_set is None:
        return Analyses()
    planned = _all_concepts(config, models, photo_set, device)
    concepts = [each.task for each in planned]
    tallies: list[Task] = []
    statistics: list[StatisticsTask] = []
    for name, units in rendered_units(renderings.pictures).items() if config.photos.statistics else ():
        parts, layers = plan_statistics(name, models[name], photo_set, units)
        tallies += parts
        statistics += layers
    names: dict[str, list[str]] = defaultdict(list)
    for name in models:
        names[models[name].card.identity.fingerprint].append(name)
    return Analyses(
        (*tallies, *concepts, *statistics),
        {digest: data for each in planned for digest, data in each.inputs.items()},
        {digest: data for each in planned for digest, data in each.stand_ins.items()},
        {
            fingerprint: _selection(each, photo_set, concepts, statistics, renderings.facets)
            for fingerprint, each in names.items()
        },
    )


def _all_concepts(
    config: Config, models: Mapping[str, VisionModel], photo_set: PhotoSet, device: str
) -> list[PlannedConcepts]:
    """Return the concepts of every block and model.

    Raises:
        ConfigError: all problems of all blocks.
    """
    found: list[PlannedConcepts] = []
    problems: list[str] = []
    matched: dict[str, ByClass] = {}
    for number, block in enumerate(config.concepts):
        for name in models_of(config, block):
            where = f"concepts[{number}]" + (f" (model {name})" if len(config.models) > 1 else "")
            if name not in matched:
                matched[name] = _matched(photo_set, models[name])
            try:
                found += plan_concepts(block, name, models[name], photo_set, matched[name], device, config.folder)
            except ConfigError as error:
                problems += [f"{where}.{problem}" for problem in error.problems]
            except AtlasError as error:
                problems.append(f"{where}: {error.sentence}")
    titles = Counter((planned.task.model, planned.task.name) for planned in found)
    problems += [
        f'concepts: class "{title}" of model {name} is in two blocks; name it once'
        for (name, title), count in titles.items()
        if count > 1
    ]
    if problems:
        raise ConfigError(problems)
    return found


def _matched(photo_set: PhotoSet, model: VisionModel) -> ByClass:
    if model.card.layer(LOGITS) is None:
        return {}  # it has no classes, which the plan of its concepts says
    return match_classes(photo_set, model.card.classes).checked()


def _selection(
    names: Sequence[str],
    photo_set: PhotoSet,
    concepts: Sequence[ConceptsTask],
    statistics: Sequence[StatisticsTask],
    facets: Sequence[FacetsTask],
) -> ModelSelection:
    """Return what of a model is current once everything is made. Its photo set is another one when folders stand for
    other classes.

    Args:
        names: under which the configuration knows the model.
    """
    card = photo_set.card(len({photo.group for photo in photo_set.photos} - {""}))
    if photo_set.spec.classes is not None:
        card = card.model_copy(update={"digest": digest([card.digest, read_mapping(photo_set.spec.classes)])})
    return ModelSelection(
        photo_set=card,
        concepts={task.class_index: task.key for task in concepts if task.model in names},
        statistics={task.analysis.layers[0]: task.key for task in statistics if task.model in names},
        facets=tuple(sorted(task.key for task in facets if task.model in names)),
    )
