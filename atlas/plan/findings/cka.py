"""Plan of CKA: each of a table's models with itself, and each pair, on the same minibatches of photos."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import torch

from atlas.analyses.cka import minibatches
from atlas.config import AnalyseBlock
from atlas.core.analysis import Analysis
from atlas.errors import ConfigError, ModelError, ScoreError
from atlas.models.anatomy.stages import block_layers
from atlas.models.load import VisionModel
from atlas.photos import Photo
from atlas.plan.findings.analyser import Analyser
from atlas.plan.findings.scene import Fixed, Scene
from atlas.tasks.analysis import photos_digest
from atlas.tasks.findings.cka import CKA_VERSION, GRAMS_VERSION, CKATask, GramsTask


@dataclass(frozen=True)
class _Side:
    """A model, its layers and the Gram matrices of every minibatch."""

    name: str
    layers: tuple[str, ...]
    grams: tuple[GramsTask, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(task.key for task in self.grams)


def plan_cka(block: AnalyseBlock, scene: Scene) -> Iterator[Fixed]:
    """Yield what a table asks for.

    Raises:
        ConfigError: there are too few photos, or a model has no such layers.
    """
    photos = scene.photos
    try:
        parts = minibatches(len(photos), block.minibatch)
    except ScoreError as error:
        raise ConfigError([f"kind: {error.sentence}"]) from error
    sides = [_side(block, scene, name, [photos[part] for part in parts]) for name in scene.names(block)]
    for side in sides:
        yield Fixed((*side.grams, _task(block, scene, photos, side, None)))
    for one, other in combinations(sides, 2):
        yield Fixed((*one.grams, *other.grams, _task(block, scene, photos, one, other)))


def _side(block: AnalyseBlock, scene: Scene, name: str, batches: Sequence[tuple[Photo, ...]]) -> _Side:
    model = scene.models[name]
    layers = scene.layers(block, name, () if block.layers else _usual(model))
    numerics = min((model.numerics_for(layer) for layer in layers), key=len)
    tasks = []
    for place, photos in enumerate(batches):
        analysis = Analysis(
            kind="measurement",
            version=GRAMS_VERSION,
            model=model.card.identity,
            layers=layers,
            photos=photos_digest(photos),
            parameters={"measures": "grams", "max_pixels": scene.max_pixels},
            numerics=numerics,
        )
        tasks.append(GramsTask(name, analysis, photos, f"minibatch {place + 1} of {len(batches)}"))
    return _Side(name, layers, tuple(tasks))


def _usual(model: VisionModel) -> tuple[str, ...]:
    try:
        return block_layers(model.network("float32", torch.device("cpu")))
    except ModelError as error:
        raise ConfigError([f'layers: {error.message}; name layers = ["..."] of model "{model.card.name}"']) from error


def _task(block: AnalyseBlock, scene: Scene, photos: Sequence[Photo], one: _Side, other: _Side | None) -> CKATask:
    sides = [one] if other is None else [one, other]
    models = tuple(scene.studied(side.name, side.layers) for side in sides)
    analysis = Analysis(
        kind="finding",
        version=CKA_VERSION,
        model=scene.models[one.name].card.identity,
        layers=one.layers,
        photos=photos_digest(photos),
        upstream=tuple(key for side in sides for key in side.keys),
        parameters={
            "analysis": "cka",
            "minibatch": block.minibatch,
            "seed": block.seed,
            "models": [[model.name, model.fingerprint] for model in models],
            "layers": [list(model.layers) for model in models],
            "split": scene.split_parameter,
        },
        numerics="float64",
    )
    return CKATask(
        model=one.name,
        analysis=analysis,
        models=models,
        split=scene.record,
        rows=one.keys,
        columns_of=() if other is None else other.keys,
    )


CKA = Analyser(CKATask.cards, plan_cka)
