"""Plan: the configuration, spelled out as jobs. Pure: the same configuration and models give the same jobs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from atlas.config import Config, RenderBlock
from atlas.core.job import LOGITS, Job, Target
from atlas.core.model_card import LayerInfo, ModelCard
from atlas.errors import AtlasError, ConfigError
from atlas.jobs.batch import PlannedJob
from atlas.jobs.select import select_classes, select_layers, select_units
from atlas.methods import methods
from atlas.models.load import VisionModel


@dataclass(frozen=True)
class Plan:
    """All jobs of a configuration.

    Attributes:
        jobs: every job once, in the order of the configuration.
        cards: the models they are about, by name.
        inputs: sha256 to bytes of the files that their parameters name.
    """

    jobs: tuple[PlannedJob, ...]
    cards: dict[str, ModelCard]
    inputs: dict[str, bytes] = field(default_factory=dict)


def make_plan(config: Config, models: Mapping[str, VisionModel]) -> Plan:
    """Expand every render block of the configuration into jobs.

    Args:
        models: every model that a render block names, loaded.

    Raises:
        ConfigError: a block names a class, layer, unit or position that its model does not have, or parameters that do
            not fit it; all problems of all blocks at once.
    """
    jobs: dict[str, PlannedJob] = {}
    inputs: dict[str, bytes] = {}
    problems: list[str] = []
    for number, block in enumerate(config.render):
        for name in rendered_models(config, block):
            where = f"render[{number}]" + (f" (model {name})" if len(config.models) > 1 else "")
            try:
                expanded = _expand(block, name, models[name], config.folder, inputs)
            except ConfigError as error:
                problems += [f"{where}.{problem}" for problem in error.problems]
            except AtlasError as error:
                problems.append(f"{where}.parameters: {error.message}; {error.remedy}")
            else:
                jobs |= {job.key: job for job in expanded if job.key not in jobs}
    if problems:
        raise ConfigError(problems)
    cards = {name: models[name].card for name in dict.fromkeys(job.model for job in jobs.values())}
    return Plan(tuple(jobs.values()), cards, inputs)


def rendered_models(config: Config, block: RenderBlock) -> tuple[str, ...]:
    """Return the names of the models that a block renders: those it names, or the only one there is."""
    return block.model or (config.models[0].name,)


def _expand(
    block: RenderBlock, name: str, model: VisionModel, folder: Path, inputs: dict[str, bytes]
) -> list[PlannedJob]:
    method = methods.get(block.method)
    resolved = method.resolve(
        method.parameters.model_validate(block.parameters), model.card.identity.preprocessing, folder
    )
    inputs |= resolved.inputs
    resolution = resolved.parameters.get("resolution")
    jobs = []
    for target in _targets(block, model, tuple(resolution) if isinstance(resolution, list) else None):
        if target.kind not in method.kinds:
            able = [name for name, other in methods if target.kind in other.kinds]
            raise ConfigError([f'method = "{block.method}" cannot render a {target.kind}; {", ".join(able)} can'])
        numerics = model.numerics_for(target.layer, block.precision)
        jobs += [
            PlannedJob(
                name,
                Job(
                    model=model.card.identity,
                    target=target,
                    method=block.method,
                    version=method.version,
                    parameters=resolved.parameters,
                    seed=seed,
                    numerics=numerics,
                ),
            )
            for seed in block.seeds
        ]
    return jobs


def _targets(block: RenderBlock, model: VisionModel, resolution: tuple[int, int] | None) -> list[Target]:
    """Return the targets of a block, every one checked against the model.

    Raises:
        ConfigError: all problems of the block.
    """
    card, problems = model.card, list[str]()
    layers: list[LayerInfo] = []
    if block.classes:
        classes, found = select_classes(block.classes, card)
        targets = [Target(kind="logit", layer=LOGITS, unit=unit, sign=sign) for unit in classes for sign in block.signs]
    else:
        layers, found = select_layers(block.layers, card)
        targets = list(_unit_targets(block, layers, problems))
    problems += found
    if not problems:
        problems += _fit_problems(block, model, layers, resolution)
    if problems:
        raise ConfigError(problems)
    return targets


def _unit_targets(block: RenderBlock, layers: list[LayerInfo], problems: list[str]) -> Iterator[Target]:
    for layer in layers:
        units, found = select_units(block.units, layer.units)
        problems += [f"{problem} (layer {layer.name})" for problem in found]
        for unit in units:
            for sign in block.signs:
                yield Target.model_validate(
                    {"kind": block.kind, "layer": layer.name, "unit": unit, "sign": sign, "position": block.position}
                )


def _fit_problems(
    block: RenderBlock, model: VisionModel, layers: list[LayerInfo], resolution: tuple[int, int] | None
) -> list[str]:
    """Look whether the model takes views of that resolution and a neuron's position is on each layer's grid."""
    expected = model.card.identity.preprocessing
    size = resolution or (expected.height, expected.width)
    changed = size != (expected.height, expected.width)
    if not changed and block.position is None:
        return []
    network = model.network(model.numerics_for(LOGITS), torch.device("cpu"))
    problems = []
    for layer in layers or [layer for layer in model.card.layers if layer.name == LOGITS]:
        try:
            with torch.no_grad():
                shape = network(torch.zeros(2, 3, *size), layer.name).shape
        except (AtlasError, RuntimeError, ValueError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            expects = f"{expected.height} x {expected.width}"
            return [f"parameters.resolution = {size[0]}: the model does not take it ({reason}); it expects {expects}"]
        if block.position is not None:
            grid = tuple(shape[2:]) or (1, 1)
            if block.position[0] >= grid[0] or block.position[1] >= grid[1]:
                problems.append(f"position = {list(block.position)}: {layer.name} has {grid[0]} x {grid[1]} positions")
    return problems
