"""Plan of VITAL's studies of references: pictures of each variant, rendered as all others are, and their scores."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from atlas.analyses.references import Variant, corrupted, plan
from atlas.config import AnalyseBlock, EvaluateBlock, RenderBlock
from atlas.config.evaluation import ALL
from atlas.config.judging import TO_JUDGE
from atlas.config.problems import checked
from atlas.core.analysis import Analysis
from atlas.errors import ConfigError
from atlas.evaluation.scores.base import CLASSES, CLIP, JUDGES, SCORES, Score
from atlas.models.anatomy.stages import stage_layers
from atlas.photos import Photo
from atlas.plan.asked import Asked
from atlas.plan.findings.analyser import Analyser
from atlas.plan.findings.scene import Scene
from atlas.plan.pairing import Pairing
from atlas.plan.photos import JobPhotos, references
from atlas.plan.renderings import Renderings, expand
from atlas.store import Store
from atlas.tasks.facets import FacetsTask
from atlas.tasks.findings.references import REFERENCES_VERSION, ReferencesTask
from atlas.tasks.rendering import RenderTask
from atlas.tasks.score import ScoreTask
from atlas.tasks.task import Task

METHOD = "vital"


@dataclass(frozen=True)
class AskedReferences:
    """VITAL's variants of one model, as one judge or nobody sees their pictures.

    Attributes:
        asked: what is varied and how, and a score of the pictures of that.
    """

    scene: Scene
    name: str
    asked: Sequence[tuple[str, Asked]]

    def tasks(self, store: Store | None) -> Sequence[Task]:
        """See :meth:`Asked.tasks`; a finding is of the variants of which some pictures are there."""
        tasks: list[Task] = []
        scored: list[tuple[str, str]] = []
        for variant, one in self.asked:
            there = self.scene.stored.there(one.group.pictures, store)
            for task in one.tasks(there) if there else ():
                tasks.append(task)
                if isinstance(task, ScoreTask):
                    scored.append((variant, task.key))
        return [*tasks, self._finding(scored)] if scored else []

    def _finding(self, scored: Sequence[tuple[str, str]]) -> ReferencesTask:
        scene, judge = self.scene, self.asked[0][1].judge
        others = () if judge is None else (scene.studied(judge.name, judge.layers),)
        analysis = Analysis(
            kind="finding",
            version=REFERENCES_VERSION,
            model=scene.models[self.name].card.identity,
            layers=(),
            upstream=tuple(dict.fromkeys(key for _, key in scored)),
            parameters={
                "analysis": "references",
                "models": [self.name, *(one.name for one in others)],
                "variants": [list(one) for one in scored],
            },
            numerics="float64",
        )
        return ReferencesTask(
            model=self.name,
            analysis=analysis,
            models=(scene.studied(self.name), *others),
            split=scene.record,
            variants=tuple(scored),
        )


def plan_references(block: AnalyseBlock, scene: Scene) -> Iterator[AskedReferences]:
    """Yield what a table asks for; what is rendered for it is added to the scene.

    Raises:
        ConfigError: photos are not split, a model has no classes with photos, or VITAL no such parameters; or the table
            says what is varied, or names a score that cannot be had of the variants.
    """
    if scene.split is None:
        raise ConfigError(["photos: references must not judge; split the photos: photos = { judging = 0.5, seed = 0 }"])
    if "references" in block.parameters:
        raise ConfigError(["parameters.references: how many there are is what is varied; leave it out"])
    if strange := [name for name in block.scores if not _tells_variants(SCORES.get(name))]:
        hint = "take scores of pictures of classes that ask no CLIP, such as transfer and plausibility"
        raise ConfigError([f'scores: "{name}" cannot be told of variants; {hint}' for name in strange])
    if not scene.config.judges and (unjudged := [name for name in block.scores if JUDGES in SCORES.get(name).needs]):
        scene.left_out.append(f"references: no {' and no '.join(unjudged)}, for nobody judges; {TO_JUDGE}")
    for name in _models(block, scene):
        classes = scene.classes(block, name)
        fitting, judging = scene.fitting(name), scene.by_class(name)
        others = {index: _others(fitting, index) for index in classes}
        found = plan(
            available=min(len(fitting.get(index, ())) for index in classes),
            stages=stage_layers(scene.models[name].network("float32", torch.device("cpu"))),
            held_out=min(len(judging[index]) for index in classes),
            foreign=min(map(len, others.values())),
        )
        scene.left_out += [f"references of {name}: {line}" for line in found.left_out]
        by_judge: dict[str, list[tuple[str, Asked]]] = defaultdict(list)
        for variant in found.variants:
            pictures = _pictures(block, scene, name, classes, variant, others)
            scene.rendered |= {task.key: task for task in pictures}
            for one in _scores(block, scene, name, variant, pictures):
                judge = "" if one.judge is None else one.judge.name
                by_judge[judge].append((f"{variant.study}: {variant.name}", one))
        yield from (AskedReferences(scene, name, asked) for asked in by_judge.values())


def _tells_variants(score: Score) -> bool:
    """Tell whether a score is of pictures of classes, and asks no CLIP, which only ``[[evaluate]]`` tables name."""
    return score.of == CLASSES and CLIP not in score.needs


def _models(block: AnalyseBlock, scene: Scene) -> tuple[str, ...]:
    """Return the models that a table names, or all that do not judge."""
    judges = [judge.model for judge in scene.config.judges]
    names = scene.names(block)
    return (tuple(name for name in names if name not in judges) if block.models == ALL else ()) or names


def _others(fitting: Mapping[int, Sequence[Photo]], index: int) -> list[Photo]:
    """Return the photos of all other classes that methods may be given."""
    return [photo for other, photos in fitting.items() if other != index for photo in photos]


def _pictures(
    block: AnalyseBlock,
    scene: Scene,
    name: str,
    classes: Sequence[int],
    variant: Variant,
    others: Mapping[int, Sequence[Photo]],
) -> list[RenderTask]:
    """Return the pictures of a variant."""
    assert scene.split is not None  # without it nothing is planned
    given = {**block.parameters, **variant.parameters}
    if block.preset is not None:
        given = {"preset": block.preset, "parameters": given}
    else:
        given = {"parameters": given}
    table = {"model": (name,), "classes": tuple(classes), "method": METHOD, "seeds": block.seeds, **given}
    split = scene.split if variant.photos == "fitting" else scene.split.swapped
    photos = JobPhotos(scene.photo_set, split.judging)
    inputs = scene.inputs
    found = expand(checked(RenderBlock, table), name, scene.models[name], scene.config.folder, inputs, photos)
    tasks = [task for task in found if not isinstance(task, FacetsTask)]
    if variant.foreign is None:
        return tasks
    usual = int(str(variant.parameters["references"])) - variant.foreign
    return [_corrupted(block, scene, task, others[task.target.unit], usual, variant.foreign) for task in tasks]


def _corrupted(
    block: AnalyseBlock, scene: Scene, task: RenderTask, others: Sequence[Photo], usual: int, added: int
) -> RenderTask:
    """Return a picture with photos of other classes among its references, and of its own only the usual number."""
    own = scene.fitting(task.model)[task.target.unit]
    by_digest = {photo.digest: photo for photo in (*own, *others)}
    drawn = corrupted([it.digest for it in own], [it.digest for it in others], usual, added, block.seed)
    mixed = references([by_digest[digest] for digest in drawn])
    scene.inputs[mixed.digest] = mixed.data
    target = task.target.model_copy(update={"references": mixed.digest})
    return replace(task.aimed_at(target), references=mixed.photos)


def _scores(
    block: AnalyseBlock, scene: Scene, name: str, variant: Variant, pictures: Sequence[RenderTask]
) -> Iterator[Asked]:
    """Yield the scores of a variant's pictures, whose judging photos are none of its references."""
    assert scene.split is not None  # without it nothing is planned
    split = scene.split if variant.photos == "fitting" else scene.split.swapped
    pairing = Pairing(scene.config, scene.models, scene.photo_set, split, Renderings(tuple(pictures)))
    table = EvaluateBlock(models=(name,), methods=(METHOD,), scores=block.scores)
    yield from pairing.asked(table)
    scene.left_out += [f"references of {name}: {line}" for line in pairing.left_out]


REFERENCES = Analyser(ReferencesTask.cards, plan_references)
