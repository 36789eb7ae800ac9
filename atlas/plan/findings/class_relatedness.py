"""Plan of class-relatedness: channels' classes, and other models' looks at those of their pictures that are there."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from atlas.config import AnalyseBlock
from atlas.core.analysis import Analysis
from atlas.core.canonical import canonical_json
from atlas.errors import ConfigError
from atlas.evaluation.class_match import match_labels
from atlas.evaluation.scores.base import UNITS
from atlas.plan.findings.analyser import Analyser
from atlas.plan.findings.attribution import Contributions, check_layer, contributions
from atlas.plan.findings.scene import Scene
from atlas.plan.groups import subject
from atlas.plan.judges import Seat
from atlas.plan.looks import Looker
from atlas.store import Store
from atlas.tasks.analysis import photos_digest
from atlas.tasks.findings.class_relatedness import RELATEDNESS_VERSION, ClassRelatednessTask
from atlas.tasks.rendering import RenderTask
from atlas.tasks.task import Task


@dataclass(frozen=True)
class AskedRelatedness:
    """The channels of one layer by one method, as another model sees them.

    Attributes:
        measured: what the channels contribute. pictures: of them, by channel. judge: the other model.
    """

    scene: Scene
    block: AnalyseBlock
    name: str
    measured: Contributions
    pictures: Mapping[int, RenderTask]
    judge: Seat

    def tasks(self, store: Store | None) -> Sequence[Task]:
        """See :meth:`Asked.tasks`."""
        stored = self.scene.stored
        there = {channel: task for channel, task in self.pictures.items() if stored.size(task, store) is not None}
        if not there:
            return ()
        looker = Looker(self.judge, max_pixels=self.scene.max_pixels)
        looks = {channel: looker.at_picture(task) for channel, task in there.items()}
        of_class = self.measured.of_class
        tasks: list[Task] = [self.measured.baseline, *of_class.values(), *looks.values()]
        shots = [(channel, task.key, looks[channel].key) for channel, task in there.items()]
        return [*tasks, self._finding(shots, next(iter(there.values())).job.method)]

    def _finding(self, shots: Sequence[tuple[int, str, str]], method: str) -> ClassRelatednessTask:
        scene, of_class = self.scene, self.measured.of_class
        card, other = scene.models[self.name].card, self.judge.model.card
        places = match_labels(card.classes, other.classes).places
        known = tuple((index, places[index]) for index in of_class if index in places)
        analysis = Analysis(
            kind="finding",
            version=RELATEDNESS_VERSION,
            model=card.identity,
            layers=(self.measured.layer,),
            photos=photos_digest([photo for task in of_class.values() for photo in task.photos]),
            upstream=(*(task.key for task in of_class.values()), *(look for _, _, look in shots)),
            parameters={
                "analysis": "class_relatedness",
                "models": [self.name, self.judge.name],
                "pictures": [[channel, key] for channel, key, _ in shots],
                "classes": list(of_class),
                "known": [list(pair) for pair in known],
                "judge": other.identity.fingerprint,
                "split": scene.split_parameter,
            },
            numerics="float64",
        )
        return ClassRelatednessTask(
            model=self.name,
            analysis=analysis,
            models=(scene.studied(self.name, (self.measured.layer,)), scene.studied(self.judge.name)),
            split=scene.record,
            contributions=tuple((index, task.key) for index, task in of_class.items()),
            pictures=tuple(shots),
            known=known,
            method=method,
        )


def plan_class_relatedness(block: AnalyseBlock, scene: Scene) -> Iterator[AskedRelatedness]:
    """Yield what a table asks for; what has no pictures, or nobody to look at them, is left out and said to be.

    Raises:
        ConfigError: a model has no such layers, or there are no photos of its classes.
    """
    for name in scene.with_classes(block):
        groups = _groups(scene, name)
        layers = scene.layers(block, name, tuple(dict.fromkeys(layer for layer, _ in groups)))
        judges = [seat for seat in scene.lookers(name, scene.names(block)) if seat.classifies]
        if not judges:
            scene.left_out.append(f"class_relatedness of {name}: no other model with classes looks; name one")
        if not layers:
            scene.left_out.append(f"class_relatedness of {name}: no channels are rendered; add layers to [[render]]")
        for layer in layers if judges else ():
            pictures = [tasks for (where, _), tasks in groups.items() if where == layer]
            if not pictures:
                told = f"none of the channels of {layer} is rendered; add the layer to a [[render]] table"
                scene.left_out.append(f"class_relatedness of {name}: {told}")
                continue
            try:
                check_layer(scene.models[name], layer)
            except ConfigError as error:
                if block.layers:
                    raise
                scene.left_out += [f"class_relatedness of {name}: {problem}" for problem in error.problems]
                continue
            measured = contributions(block, scene, name, layer)
            for tasks in pictures:
                for judge in judges:
                    yield AskedRelatedness(scene, block, name, measured, tasks, judge)


def _groups(scene: Scene, name: str) -> dict[tuple[str, str], dict[int, RenderTask]]:
    """Return layer and what else is the same of pictures to those of channels of a model, one of each that raise it."""
    found: dict[tuple[str, str], dict[int, RenderTask]] = defaultdict(dict)
    for task in scene.renderings.tasks:
        job = task.job
        if task.model == name and subject(job.target) == UNITS and job.target.sign > 0:
            same = canonical_json([job.method, job.version, job.parameters])
            found[job.target.layer, same].setdefault(job.target.unit, task)
    return found


CLASS_RELATEDNESS = Analyser(ClassRelatednessTask.cards, plan_class_relatedness)
