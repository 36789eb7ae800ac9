"""Plan of embeddings: looks at pictures of classes that are there, and at photos, and a map of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from atlas.config import AnalyseBlock
from atlas.config.evaluation import ALL
from atlas.core.analysis import Analysis
from atlas.evaluation.scores.base import CLASSES
from atlas.extras import has, missing
from atlas.photos import Photo
from atlas.plan.findings.analyser import Analyser
from atlas.plan.findings.scene import Scene, some_of
from atlas.plan.groups import subject
from atlas.plan.judges import Seat, own_seat
from atlas.plan.looks import Looker
from atlas.store import Store
from atlas.tasks.analysis import credits_digest, photos_digest
from atlas.tasks.findings.embedding import EMBEDDING_VERSION, EmbeddingTask
from atlas.tasks.rendering import RenderTask
from atlas.tasks.task import Task

LIMIT = 20
"""Photos of each class on the map, unless the table says."""


@dataclass(frozen=True)
class AskedEmbedding:
    """A map of one model's pictures, as a model sees them.

    Attributes:
        name: of the rendered model. pictures: of its classes that have photos. photos: class to those looked at.
        judge: who looks.
    """

    scene: Scene
    block: AnalyseBlock
    name: str
    pictures: Sequence[RenderTask]
    photos: Mapping[int, tuple[Photo, ...]]
    judge: Seat

    def tasks(self, store: Store | None) -> Sequence[Task]:
        """See :meth:`Asked.tasks`."""
        there = [task for task, _ in self.scene.stored.there(self.pictures, store)]
        if not there:
            return ()
        looker = Looker(self.judge, max_pixels=self.scene.max_pixels)
        looks = {task.key: looker.at_picture(task) for task in there}
        classes = sorted({task.target.unit for task in there})
        card = self.scene.models[self.name].card
        at_photos = {index: looker.at_photos(self.photos[index], card.called(index)) for index in classes}
        shots = [(task.target.unit, task.series.method, task.key, looks[task.key].key) for task in there]
        of_photos = [(index, look.key) for index, look in at_photos.items()]
        return [*looks.values(), *at_photos.values(), self._finding(shots, of_photos)]

    def _finding(
        self, shots: Sequence[tuple[int, str, str, str]], at_photos: Sequence[tuple[int, str]]
    ) -> EmbeddingTask:
        scene, block = self.scene, self.block
        limit = LIMIT if block.limit is None else block.limit
        photos = [photo for index, _ in at_photos for photo in some_of(self.photos[index], limit, block.seed)]
        analysis = Analysis(
            kind="finding",
            version=EMBEDDING_VERSION,
            model=scene.models[self.name].card.identity,
            layers=(),
            photos=photos_digest(photos),
            upstream=(*(look for *_, look in shots), *(look for _, look in at_photos)),
            parameters={
                "analysis": "embedding",
                "models": [self.name, self.judge.name],
                "seed": block.seed,
                "pictures": [[index, method, key] for index, method, key, _ in shots],
                "classes": [index for index, _ in at_photos],
                "judge": self.judge.model.card.identity.fingerprint,
                "layer": self.judge.layers[0],
                "credits": credits_digest(photos),
                "split": scene.split_parameter,
            },
            numerics="float64",
        )
        return EmbeddingTask(
            model=self.name,
            analysis=analysis,
            models=(scene.studied(self.name), scene.studied(self.judge.name, (self.judge.layers[0],))),
            split=scene.record,
            pictures=tuple(shots),
            looks=tuple(at_photos),
            photos=tuple(photos),
            seed=block.seed,
        )


def plan_embedding(block: AnalyseBlock, scene: Scene) -> Iterator[AskedEmbedding]:
    """Yield what a table asks for: the pictures of each model that has some, as each of the table's models sees them.

    Raises:
        ConfigError: folders of photos stand for no class of a model.
    """
    if not has("openTSNE"):
        scene.left_out.append(f"embedding: {missing('openTSNE', 'it', 'analyses').sentence}")
        return
    of_model: dict[str, list[RenderTask]] = {}
    for task in scene.renderings.tasks:
        if subject(task.target) == CLASSES:
            of_model.setdefault(task.model, []).append(task)
    if not of_model:
        scene.left_out.append("embedding: no pictures of classes are rendered; add classes to a [[render]] table")
    for name, pictures in of_model.items():
        classes = set(scene.classes(block, name))
        photos = {index: photos for index, photos in scene.by_class(name).items() if index in classes}
        known = [task for task in pictures if task.target.unit in photos]
        judges = _lookers(block, scene, name)
        if not judges:
            scene.left_out.append(f"embedding of {name}: no other model looks; name one, or {name} itself, in models")
        if not known:
            scene.left_out.append(f"embedding of {name}: there are no photos of the classes that are rendered")
        for judge in judges if known else ():
            yield AskedEmbedding(scene, block, name, known, photos, judge)


def _lookers(block: AnalyseBlock, scene: Scene, name: str) -> list[Seat]:
    """Return who looks at a model's pictures: those named; else the judges, or if there are none all others."""
    if block.models != ALL:
        judges = {seat.name: seat for seat in scene.lookers(name, ())}
        return [judges.get(one) or own_seat(one, scene.models[one]) for one in block.models]
    return scene.lookers(name, () if scene.config.judges else scene.names(block))


EMBEDDING = Analyser(EmbeddingTask.cards, plan_embedding)
