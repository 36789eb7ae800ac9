"""Diversity: wherever looks of something are rendered, they are compared, and so are its seeds by the same method."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from atlas.models.anatomy.features import feature_layer
from atlas.models.load import VisionModel
from atlas.plan.renderings import Renderings
from atlas.tasks.diversity import DiversityTask, diversity_of
from atlas.tasks.rendering import RenderTask


def plan_diversity(renderings: Renderings, models: Mapping[str, VisionModel]) -> list[DiversityTask]:
    """Return what measures the diversity of looks by directions, and of the seeds beside any looks.

    Looks by clusters of photos are measured once they are found: see :class:`atlas.tasks.facets.FacetsTask`.
    """
    if not renderings.looks:
        return []
    seeds: dict[str, list[RenderTask]] = defaultdict(list)
    directions: dict[str, list[RenderTask]] = defaultdict(list)
    for task in renderings.tasks:
        job = task.job
        (seeds if job.target.facet is None else directions)[job.subject].append(task)
    beside = {*directions, *(picture.job.subject for task in renderings.facets for picture in task.pictures)}
    groups = [*directions.values(), *(group for what, group in seeds.items() if what in beside)]
    return [_measured(group, models[group[0].model]) for group in groups if len(group) > 1]


def _measured(group: Sequence[RenderTask], model: VisionModel) -> DiversityTask:
    job, layer = group[0].job, feature_layer(model)
    target = job.target.model_copy(update={"facet": None})
    keys = [task.key for task in group]
    numerics = model.numerics_for(layer)
    return diversity_of(group[0].model, keys, job.model, layer, numerics, job.method, str(target))
