"""Plan of texture bias: for each model, what it recognises of each class's photos, and the shares."""

from collections.abc import Iterator

from atlas.config import AnalyseBlock
from atlas.core.analysis import Analysis
from atlas.core.job import LOGITS
from atlas.extras import has, missing
from atlas.plan.findings.analyser import Analyser
from atlas.plan.findings.scene import Fixed, Scene, some_of
from atlas.tasks.analysis import photos_digest
from atlas.tasks.findings.texture import RECOGNITION_VERSION, TEXTURE_VERSION, RecognitionTask, TextureBiasTask


def plan_texture_bias(block: AnalyseBlock, scene: Scene) -> Iterator[Fixed]:
    """Yield what a table asks for; nothing without the library that finds edges.

    Raises:
        ConfigError: a model has no classes, or there are no photos of them.
    """
    if not has("skimage"):
        scene.left_out.append(f"texture_bias: {missing('skimage', 'it', 'analyses').sentence}")
        return
    for name in scene.with_classes(block):
        measured = {index: _recognition(block, scene, name, index) for index in scene.classes(block, name)}
        yield Fixed((*measured.values(), _task(block, scene, name, measured)))


def _recognition(block: AnalyseBlock, scene: Scene, name: str, index: int) -> RecognitionTask:
    model, photos = scene.models[name], scene.by_class(name)[index]
    chosen = photos if block.limit is None else some_of(photos, block.limit, block.seed)
    analysis = Analysis(
        kind="measurement",
        version=RECOGNITION_VERSION,
        model=model.card.identity,
        layers=(LOGITS,),
        class_index=index,
        photos=photos_digest(chosen),
        parameters={"measures": "recognition", "seed": block.seed, "max_pixels": scene.max_pixels},
        numerics=model.numerics_for(LOGITS),
    )
    return RecognitionTask(name, analysis, chosen, f"photos of {model.card.called(index)}", block.seed)


def _task(block: AnalyseBlock, scene: Scene, name: str, measured: dict[int, RecognitionTask]) -> TextureBiasTask:
    analysis = Analysis(
        kind="finding",
        version=TEXTURE_VERSION,
        model=scene.models[name].card.identity,
        layers=(LOGITS,),
        photos=photos_digest([photo for task in measured.values() for photo in task.photos]),
        upstream=tuple(task.key for task in measured.values()),
        parameters={
            "analysis": "texture_bias",
            "models": [name],
            "seed": block.seed,
            "classes": list(measured),
            "split": scene.split_parameter,
        },
        numerics="float64",
    )
    return TextureBiasTask(
        model=name,
        analysis=analysis,
        models=(scene.studied(name),),
        split=scene.record,
        recognition=tuple((index, task.key) for index, task in measured.items()),
    )


TEXTURE_BIAS = Analyser(TextureBiasTask.cards, plan_texture_bias)
