"""Plan of analyses: what photos are asked about each model. Pure: the same photos and configuration, the same keys."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from atlas.config import ConceptsBlock, Config
from atlas.core.canonical import canonical_json, digest
from atlas.core.job import LOGITS
from atlas.core.selection import ModelSelection
from atlas.errors import AtlasError, ConfigError
from atlas.models.load import VisionModel
from atlas.photos import PhotoSet
from atlas.photos.classes import match_classes, read_mapping
from atlas.plan.concepts import ByClass, RenderedConcepts, plan_concepts
from atlas.plan.renderings import Plan
from atlas.plan.statistics import plan_statistics, rendered_units
from atlas.tasks.bench import AnalysisBatch, PlannedAnalysis
from atlas.tasks.concepts import PlannedConcepts
from atlas.tasks.statistics import PlannedStatistics, PlannedTally


@dataclass(frozen=True)
class AnalysisPlan:
    """What is asked of the photos.

    Attributes:
        photo_set: the photos; None without a ``[photos]`` table.
        first: analyses that need nothing but photos. second: those that need the first.
        selections: what is current once they are made, by the model's fingerprint.
        concepts: the classes whose concepts are found and rendered.
        notices: sentences for a person.
    """

    photo_set: PhotoSet | None = None
    first: tuple[PlannedAnalysis, ...] = ()
    second: tuple[PlannedAnalysis, ...] = ()
    selections: dict[str, ModelSelection] = field(default_factory=dict)
    concepts: tuple[RenderedConcepts, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def jobs(self) -> tuple[PlannedAnalysis, ...]:
        """All of them."""
        return self.first + self.second

    @property
    def keys(self) -> set[str]:
        """The keys of all of them, and of the stages that they are made in."""
        stages = {stage.key for each in self.concepts for stage in (each.job.factorisation, each.job.importance)}
        return {job.key for job in self.jobs} | stages


def plan_analyses(
    config: Config,
    models: Mapping[str, VisionModel],
    plan: Plan,
    photo_set: PhotoSet | None,
    device: str,
) -> AnalysisPlan:
    """Plan statistics of every unit that the plan renders, and the concepts that the configuration asks for.

    Args:
        plan: the renderings; their layers are measured on the photos.
        photo_set: the configuration's photos, if it names any.
        device: what factorises, where the configuration leaves the solver open.

    Raises:
        ConfigError: the configuration does not fit the photos or the models; all problems of all blocks at once.
    """
    if config.photos is None or photo_set is None:
        return AnalysisPlan()
    concepts = _all_concepts(config, models, photo_set, device)
    tallies: list[PlannedTally] = []
    statistics: list[PlannedStatistics] = []
    for name, units in rendered_units(plan).items() if config.photos.statistics else ():
        parts, layers = plan_statistics(name, models[name], photo_set, units)
        tallies += parts
        statistics += layers
    names: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys([*plan.cards, *(each.job.model for each in concepts)]):
        names[models[name].card.identity.fingerprint].append(name)
    return AnalysisPlan(
        photo_set,
        (*tallies, *(each.job for each in concepts)),
        tuple(statistics),
        {fingerprint: _selection(each, photo_set, concepts, statistics) for fingerprint, each in names.items()},
        tuple(concepts),
        photo_set.notices,
    )


def analysis_batches(jobs: Sequence[PlannedAnalysis], together: int = 1) -> list[AnalysisBatch]:
    """Return analyses in batches: classes that torch factorises go ``together``, all else alone."""
    groups: dict[str, list[PlannedAnalysis]] = defaultdict(list)
    for job in jobs:
        shared: object = job.key
        if isinstance(job, PlannedConcepts) and job.settings.solver == "torch":
            shared = [job.model, job.analysis.layers, job.factorisation.parameters]
        groups[canonical_json(shared)].append(job)
    batches = []
    for members in groups.values():
        waiting = iter(members)
        while batch := tuple(islice(waiting, together)):
            batches.append(AnalysisBatch(batch))
    return batches


def concept_models(config: Config, block: ConceptsBlock) -> tuple[str, ...]:
    """Return the names of the models of a block: those it names, or the only one there is."""
    return block.model or (config.models[0].name,)


def _all_concepts(
    config: Config, models: Mapping[str, VisionModel], photo_set: PhotoSet, device: str
) -> list[RenderedConcepts]:
    """Return the concepts of every block and model.

    Raises:
        ConfigError: all problems of all blocks.
    """
    found: list[RenderedConcepts] = []
    problems: list[str] = []
    matched: dict[str, ByClass] = {}
    for number, block in enumerate(config.concepts):
        for name in concept_models(config, block):
            where = f"concepts[{number}]" + (f" (model {name})" if len(config.models) > 1 else "")
            if name not in matched:
                matched[name] = _matched(photo_set, models[name])
            try:
                found += plan_concepts(block, name, models[name], photo_set, matched[name], device, config.folder)
            except ConfigError as error:
                problems += [f"{where}.{problem}" for problem in error.problems]
            except AtlasError as error:
                problems.append(f"{where}: {error.sentence}")
    twice = [which for which, count in Counter((it.job.model, it.job.name) for it in found).items() if count > 1]
    problems += [f'concepts: class "{title}" of model {name} is in two blocks; name it once' for name, title in twice]
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
    concepts: Sequence[RenderedConcepts],
    statistics: Sequence[PlannedStatistics],
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
        concepts={each.job.class_index: each.job.key for each in concepts if each.job.model in names},
        statistics={job.analysis.layers[0]: job.key for job in statistics if job.model in names},
    )
