"""Plan of attribution: for each model, layer and class, what channels contribute on the class's photos."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from atlas.config import AnalyseBlock
from atlas.core.analysis import Analysis
from atlas.errors import ConfigError, ModelError
from atlas.models.anatomy.concept_layer import signed_concept_layer
from atlas.models.anatomy.tail import tail_of
from atlas.models.load import VisionModel
from atlas.photos import Photo
from atlas.plan.findings.analyser import Analyser
from atlas.plan.findings.scene import Fixed, Scene, some_of
from atlas.tasks.analysis import credits_digest, photos_digest
from atlas.tasks.findings.attribution import ATTRIBUTION_VERSION, AttributionTask
from atlas.tasks.findings.contributions import (
    BASELINE_VERSION,
    CONTRIBUTIONS_VERSION,
    BaselineTask,
    ContributionsTask,
)

LIMIT = 10
"""Photos of each class, unless the table says."""
BASELINE_PHOTOS = 100
"""Photos, of all classes, whose mean activation is the baseline, at most."""


@dataclass(frozen=True)
class Contributions:
    """What channels of a layer contribute to classes of a model.

    Attributes:
        layer: where. baseline: the mean activation there. of_class: class index to what is measured of it.
    """

    layer: str
    baseline: BaselineTask
    of_class: dict[int, ContributionsTask]


def plan_attribution(block: AnalyseBlock, scene: Scene) -> Iterator[Fixed]:
    """Yield what a table asks for.

    Raises:
        ConfigError: a model has no classes, or no such layers, or there are no photos of its classes.
    """
    for name in scene.with_classes(block):
        model = scene.models[name]
        layers = scene.layers(block, name, () if block.layers else _usual(model))
        for layer in layers:
            check_layer(model, layer)
            found = contributions(block, scene, name, layer)
            tasks = [_task(block, scene, found, measured) for measured in found.of_class.values()]
            yield Fixed((found.baseline, *found.of_class.values(), *tasks))


def contributions(block: AnalyseBlock, scene: Scene, name: str, layer: str) -> Contributions:
    """Return what is measured of one of a table's models at a layer that all of its logits depend on.

    Raises:
        ConfigError: it has no classes, or there are no photos of them.
    """
    model, classes = scene.models[name], scene.classes(block, name)
    mixed = some_of(scene.photos, BASELINE_PHOTOS, block.seed)
    limit = LIMIT if block.limit is None else block.limit
    chosen = {index: some_of(scene.by_class(name)[index], limit, block.seed) for index in classes}
    start = _measured(scene, model, layer, "baseline", BASELINE_VERSION, mixed)
    baseline = BaselineTask(name, start, mixed, f"{len(mixed)} photos at {layer}")
    of_class = {}
    for index, photos in chosen.items():
        analysis = _measured(
            scene, model, layer, "contributions", CONTRIBUTIONS_VERSION, photos, index, (baseline.key,)
        )
        what = f"{model.card.called(index)} at {layer}"
        of_class[index] = ContributionsTask(name, analysis, photos, what, baseline.key)
    return Contributions(layer, baseline, of_class)


def _measured(
    scene: Scene,
    model: VisionModel,
    layer: str,
    what: str,
    version: int,
    photos: Sequence[Photo],
    index: int | None = None,
    upstream: tuple[str, ...] = (),
) -> Analysis:
    return Analysis(
        kind="measurement",
        version=version,
        model=model.card.identity,
        layers=(layer,),
        class_index=index,
        photos=photos_digest(photos),
        upstream=upstream,
        parameters={"measures": what, "max_pixels": scene.max_pixels},
        numerics=model.numerics_for(layer),
    )


def _task(block: AnalyseBlock, scene: Scene, found: Contributions, measured: ContributionsTask) -> AttributionTask:
    index = measured.analysis.class_index
    assert index is not None  # contributions are of a class
    analysis = Analysis(
        kind="finding",
        version=ATTRIBUTION_VERSION,
        model=measured.analysis.model,
        layers=(found.layer,),
        class_index=index,
        photos=measured.analysis.photos,
        upstream=(measured.key,),
        parameters={
            "analysis": "attribution",
            "models": [measured.model],
            "channels": block.channels,
            "credits": credits_digest(measured.photos),
            "split": scene.split_parameter,
        },
        numerics="float64",
    )
    return AttributionTask(
        model=measured.model,
        analysis=analysis,
        models=(scene.studied(measured.model, (found.layer,)),),
        split=scene.record,
        contributions=measured.key,
        photos=measured.photos,
        channels=block.channels,
        what=scene.models[measured.model].card.called(index),
    )


def _usual(model: VisionModel) -> tuple[str, ...]:
    try:
        return (signed_concept_layer(model),)
    except ModelError as error:
        raise ConfigError([f"layers: {error.sentence}"]) from error


def check_layer(model: VisionModel, layer: str) -> None:
    """Look whether the logits depend on the image through a layer alone.

    Raises:
        ConfigError: they do not; names the next layer of which that is so.
    """
    try:
        tail_of(model.network(model.numerics_for(layer), torch.device("cpu")), layer)
    except ModelError as error:
        raise ConfigError([f"layers: {error.sentence}"]) from error


ATTRIBUTION = Analyser(AttributionTask.cards, plan_attribution)
