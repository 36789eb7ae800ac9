"""From a configuration, its models and its photos to a plan."""

from collections.abc import Mapping

from atlas.config import Config
from atlas.models.load import VisionModel
from atlas.photos import PhotoSet
from atlas.photos.split import Split, split_photos
from atlas.plan.analyses import plan_analyses
from atlas.plan.diversity import plan_diversity
from atlas.plan.evaluations import Evaluations, plan_evaluations
from atlas.plan.findings.plan import Findings, plan_findings
from atlas.plan.plan import Plan
from atlas.plan.renderings import plan_renderings
from atlas.store.selections import configuration_name
from atlas.tasks.concepts import ConceptsTask


def make_plan(
    config: Config,
    models: Mapping[str, VisionModel],
    photo_set: PhotoSet | None = None,
    device: str = "cpu",
    evaluates: bool = True,
) -> Plan:
    """Expand every block of a configuration into tasks: pictures, statistics of the units that they are of, concepts.

    Args:
        models: every model that a block names, loaded; judges and those that are only analysed, if it evaluates.
        photo_set: the configuration's photos, if it names any.
        device: what factorises, where the configuration leaves the solver open.
        evaluates: whether scores and analyses are part of it.

    Raises:
        ConfigError: the configuration does not fit the models or the photos; all problems of all blocks at once.
    """
    split = split_of(config, photo_set)
    renderings = plan_renderings(config, models, photo_set, split)
    analyses = plan_analyses(config, models, renderings, photo_set, device)
    diversity = plan_diversity(renderings, models)
    evaluations, findings = Evaluations(), Findings()
    if evaluates:
        evaluations = plan_evaluations(config, models, renderings, photo_set, split)
        concepts = [task for task in analyses.tasks if isinstance(task, ConceptsTask)]
        findings = plan_findings(config, models, renderings, photo_set, split, concepts)
    known = {task.key for task in renderings.tasks}
    further = [task for task in findings.pictures if task.key not in known]
    tasks = (*analyses.tasks, *renderings.facets, *renderings.tasks, *further, *diversity)
    return Plan(
        tasks=tasks,
        models=dict(models),
        specs={spec.name: spec for spec in config.models},
        photo_set=photo_set,
        inputs=renderings.inputs | analyses.inputs | dict(findings.inputs) | ({} if split is None else split.lists),
        stand_ins=analyses.stand_ins,
        photos=renderings.photos,
        evaluations=evaluations,
        findings=findings,
        split=split,
        current=analyses.current,
        awaits=() if evaluates else config.asked,
        configuration=configuration_name(config.file, config.store.path),
        notices=(*(photo_set.notices if photo_set else ()), *renderings.notices),
    )


def split_of(config: Config, photo_set: PhotoSet | None) -> Split | None:
    """Return how the photos are split into those that judge and the others; None if nothing asks for that."""
    splits = [*(block.photos for block in config.evaluate), *(block.photos for block in config.analyse)]
    asked = next((split for split in splits if split is not None), None)
    return None if photo_set is None or asked is None else split_photos(photo_set, asked.judging, asked.seed)
