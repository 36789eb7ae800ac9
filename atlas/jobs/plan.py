"""Plan: the configuration, spelled out as jobs. Pure: the same configuration and models give the same jobs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import torch

from atlas.config import Config, RenderBlock
from atlas.core.job import LOGITS, Job, Target, TargetKind
from atlas.core.model_card import LayerInfo, ModelCard
from atlas.errors import AtlasError, ConfigError
from atlas.jobs.batch import PlannedJob
from atlas.jobs.select import select_classes, select_layers, select_units
from atlas.methods import Method, methods
from atlas.models.load import VisionModel
from atlas.models.vision_model import BATCH_NORM


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
    _check_method(block, method, model)
    resolved = method.resolve(
        method.parameters.model_validate(block.parameters), model.card.identity.preprocessing, folder
    )
    inputs |= resolved.inputs
    jobs = []
    for target in _targets(block, model, method.sizes(resolved.parameters)):
        numerics = model.numerics_for(target.layer, block.precision, keep_norms=BATCH_NORM in method.needs)
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


def _check_method(block: RenderBlock, method: Method, model: VisionModel) -> None:
    """Look whether a method can render what a block asks of a model.

    Raises:
        ConfigError: it cannot; names the methods that can.
    """
    kind: TargetKind = "logit" if block.classes else block.kind

    def refusal(other: Method) -> str | None:
        if kind not in other.kinds:
            return f"cannot render a {kind}"
        if not other.signs.issuperset(block.signs):
            return f"cannot render what lowers a {kind}"
        if lacking := sorted(other.needs - model.offers):
            return f'needs {" and ".join(lacking)}, which model "{model.card.name}" does not have'
        return None

    if reason := refusal(method):
        able = [name for name, other in methods if refusal(other) is None]
        raise ConfigError([f'method = "{block.method}" {reason}; {", ".join(able)} can'])


def _targets(block: RenderBlock, model: VisionModel, sizes: dict[str, tuple[int, int]]) -> list[Target]:
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
        problems += _fit_problems(block, model, layers, sizes)
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
            with torch.no_grad():
                shape = network(torch.zeros(2, 3, *size), layer).shape
        except (AtlasError, RuntimeError, ValueError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            expects = f"{expected.height} x {expected.width}"
            return [f"parameters.{setting}: the model does not take it ({reason}); it expects {expects}"]
        if block.position is not None:
            grid = tuple(shape[2:]) or (1, 1)
            if block.position[0] >= grid[0] or block.position[1] >= grid[1]:
                problems.append(f"position = {list(block.position)}: {layer} has {grid[0]} x {grid[1]} positions")
    return problems
