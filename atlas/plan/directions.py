"""Renderings of concepts: from stored concepts to jobs. What the directions are is known only once they are found."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np

from atlas.concepts.document import direction_bytes
from atlas.core.analysis import ClassConcepts
from atlas.core.canonical import digest_bytes
from atlas.core.job import Target
from atlas.methods import methods
from atlas.methods.base import REFERENCE_PHOTOS
from atlas.models.load import VisionModel
from atlas.photos import Photo
from atlas.plan.analyses import AnalysisPlan
from atlas.plan.concepts import RenderedConcepts
from atlas.plan.photos import references
from atlas.plan.renderings import Plan, job_of
from atlas.store import Store
from atlas.tasks.batch import PlannedJob
from atlas.tasks.concepts import PlannedConcepts


def with_concepts(plan: Plan, analyses: AnalysisPlan, models: Mapping[str, VisionModel], store: Store | None) -> Plan:
    """Return the plan with a rendering of every concept that the store has found, and of its parts.

    Args:
        store: None if there is none yet.
    """
    jobs = {job.key: job for job in plan.jobs}
    inputs, cards = dict(plan.inputs), dict(plan.cards)
    for each in analyses.concepts:
        model = models[each.job.model]
        inputs |= each.resolved.inputs
        cards[each.job.model] = model.card
        for layer, direction in _directions(each.job, store):
            for job in _jobs(each, model, layer, direction, inputs):
                jobs.setdefault(job.key, job)
    return replace(plan, jobs=tuple(jobs.values()), inputs=inputs, cards=cards)


def made_with(analyses: AnalysisPlan, store: Store, lost: Collection[str]) -> set[str]:
    """Return the keys of the concepts that name one of these inputs as a direction, or are made from one of these
    analyses, or are one: they are to be made again, which makes the others, too."""
    keys = set()
    for each in analyses.concepts:
        stages = (each.job.key, each.job.factorisation.key, each.job.importance.key)
        if any(key in lost for key in stages) or any(it in lost for _, it in _directions(each.job, store)):
            keys.add(each.job.key)
    return keys


def stand_ins(
    analyses: AnalysisPlan, models: Mapping[str, VisionModel], store: Store | None
) -> tuple[list[PlannedJob], dict[str, bytes]]:
    """Return as many jobs as concepts that are still to be found, and their parts, may have, and their directions.

    For an estimate: they cost what the real ones will.
    """
    jobs: list[PlannedJob] = []
    inputs: dict[str, bytes] = {}
    for each in analyses.concepts:
        if store is not None and store.has(each.job.key):
            continue
        model = models[each.job.model]
        shown, part_layer = each.block.shown, each.job.settings.part_layer
        wanted = {each.job.analysis.layers[0]: shown} | ({part_layer: shown * each.block.parts} if part_layer else {})
        inputs |= each.resolved.inputs
        for layer, number in wanted.items():
            info = model.card.layer(layer)
            vector = direction_bytes(np.ones(info.units if info else 1, dtype=np.float32))
            inputs[digest_bytes(vector)] = vector
            jobs += list(_jobs(each, model, layer, digest_bytes(vector), inputs)) * number
    return jobs, inputs


def _directions(planned: PlannedConcepts, store: Store | None) -> Iterator[tuple[str, str]]:
    """Yield layer and digest of every direction of a class that the store has found."""
    if store is None or not store.has(planned.key):
        return
    found = store.document(ClassConcepts, planned.key)
    for concept in found.concepts:
        yield planned.analysis.layers[0], concept.direction
    for concept in found.concepts:
        for part in concept.parts:
            yield part.layer, part.direction


def _jobs(
    each: RenderedConcepts, model: VisionModel, layer: str, direction: str, inputs: dict[str, bytes]
) -> Iterator[PlannedJob]:
    """Yield the jobs of one direction; what their targets name besides it is added to ``inputs``."""
    block, method = each.block, methods.get(each.block.method)
    target = Target(
        kind="direction",
        layer=layer,
        unit=each.job.class_index,
        direction=direction,
        cosine_power=block.cosine_power,
    )
    photos: tuple[Photo, ...] = ()
    if REFERENCE_PHOTOS in method.needs:
        photos, listed, data = references(each.job.photos)
        inputs[listed] = data
        target = target.model_copy(update={"references": listed})
    parameters = each.resolved.parameters
    for one in method.expanded(target, parameters):
        for seed in block.seeds:
            yield PlannedJob(each.job.model, job_of(method, one, parameters, model, seed, block.precision), photos)
