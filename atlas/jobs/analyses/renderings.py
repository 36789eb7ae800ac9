"""Renderings of concepts: from stored concepts to jobs. What the directions are is known only once they are found."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from atlas.concepts.document import direction_bytes
from atlas.config import ConceptsBlock
from atlas.core.analysis import ClassConcepts
from atlas.core.canonical import digest_bytes
from atlas.core.job import Job, Target
from atlas.jobs.analyses.concepts import PlannedConcepts
from atlas.jobs.analyses.plan import AnalysisPlan
from atlas.jobs.batch import PlannedJob
from atlas.jobs.plan import Plan
from atlas.methods import methods
from atlas.methods.base import Resolved
from atlas.models.load import VisionModel
from atlas.store import Store


def with_concepts(
    plan: Plan, analyses: AnalysisPlan, models: Mapping[str, VisionModel], folder: Path, store: Store | None
) -> Plan:
    """Return the plan with a rendering of every concept that the store has found, and of its parts.

    Args:
        folder: what relative paths among parameters are relative to.
        store: None if there is none yet.
    """
    jobs = {job.key: job for job in plan.jobs}
    inputs, cards = dict(plan.inputs), dict(plan.cards)
    for block, planned in analyses.concepts:
        model = models[planned.model]
        resolved = resolve(block, model, folder)
        inputs |= resolved.inputs
        cards[planned.model] = model.card
        for layer, direction in _directions(planned, store):
            for job in _jobs(block, planned, model, resolved, layer, direction):
                jobs.setdefault(job.key, job)
    return replace(plan, jobs=tuple(jobs.values()), inputs=inputs, cards=cards)


def stand_ins(
    analyses: AnalysisPlan, models: Mapping[str, VisionModel], folder: Path, store: Store | None
) -> tuple[list[PlannedJob], dict[str, bytes]]:
    """Return as many jobs as concepts that are still to be found may have, and the direction that they share.

    For an estimate: they cost what the real ones will.
    """
    jobs: list[PlannedJob] = []
    inputs: dict[str, bytes] = {}
    for block, planned in analyses.concepts:
        if store is not None and store.analyses.has(planned.key):
            continue
        model = models[planned.model]
        layer = planned.analysis.layers[0]
        info = model.card.layer(layer)
        vector = direction_bytes(np.ones(info.units if info else 1, dtype=np.float32))
        inputs[digest_bytes(vector)] = vector
        resolved = resolve(block, model, folder)
        inputs |= resolved.inputs
        jobs += list(_jobs(block, planned, model, resolved, layer, digest_bytes(vector))) * block.shown
    return jobs, inputs


def resolve(block: ConceptsBlock, model: VisionModel, folder: Path) -> Resolved:
    """Return the parameters of a block's renderings, nothing left to choose.

    Raises:
        AtlasError: they do not fit the model.
    """
    method = methods.get(block.method)
    return method.resolve(method.parameters.model_validate(block.parameters), model.card.identity.preprocessing, folder)


def _directions(planned: PlannedConcepts, store: Store | None) -> Iterator[tuple[str, str]]:
    """Yield layer and digest of every direction of a class that the store has found."""
    if store is None or not store.analyses.has(planned.key):
        return
    found = store.analyses.read(ClassConcepts, planned.key)
    for concept in found.concepts:
        yield planned.analysis.layers[0], concept.direction
    for concept in found.concepts:
        for part in concept.parts:
            yield part.layer, part.direction


def _jobs(
    block: ConceptsBlock,
    planned: PlannedConcepts,
    model: VisionModel,
    resolved: Resolved,
    layer: str,
    direction: str,
) -> Iterator[PlannedJob]:
    target = Target(
        kind="direction",
        layer=layer,
        unit=planned.class_index,
        direction=direction,
        cosine_power=block.cosine_power,
    )
    for seed in block.seeds:
        job = Job(
            model=model.card.identity,
            target=target,
            method=block.method,
            version=methods.get(block.method).version,
            parameters=resolved.parameters,
            seed=seed,
            numerics=model.numerics_for(layer, block.precision),
        )
        yield PlannedJob(planned.model, job)
