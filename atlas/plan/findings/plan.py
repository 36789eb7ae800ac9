"""From the ``[[analyse]]`` tables to what they ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from atlas.config import Config
from atlas.errors import AtlasError, ConfigError
from atlas.models.load import VisionModel
from atlas.photos import PhotoSet
from atlas.photos.split import Split
from atlas.plan.findings.analyser import analyser
from atlas.plan.findings.scene import Asked, Scene
from atlas.plan.renderings import Renderings
from atlas.store import Store
from atlas.tasks.concepts import ConceptsTask
from atlas.tasks.findings.finding import FindingTask
from atlas.tasks.rendering import RenderTask
from atlas.tasks.task import Task


@dataclass(frozen=True)
class Findings:
    """All analyses of models that a configuration asks for.

    Attributes:
        asked: by kind. left_out: what is not analysed and what it would take, as sentences. models: names of those
            that the analyses are about, and of the judges.
        pictures: that are rendered for them. inputs: sha256 to bytes of what these name.
    """

    asked: tuple[tuple[str, Asked], ...] = ()
    left_out: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    pictures: tuple[RenderTask, ...] = ()
    inputs: Mapping[str, bytes] = field(default_factory=dict)

    def waiting(self, store: Store | None) -> tuple[str, ...]:
        """Return the kinds of which something is about pictures or concepts none of which a store has."""
        return tuple(dict.fromkeys(kind for kind, asked in self.asked if not asked.tasks(store)))

    def tasks(self, store: Store | None) -> list[Task]:
        """Return every measurement and finding once; of pictures, those that a store has.

        Of findings that answer one question, as tables of attribution that differ in ``channels`` ask for, the one that
        tells most is told alone.
        """
        found: dict[str, Task] = {}
        for _, asked in self.asked:
            for task in asked.tasks(store):
                found.setdefault(task.key, task)
        findings = [task for task in found.values() if isinstance(task, FindingTask)]
        fullest = {task.question: task.key for task in sorted(findings, key=lambda it: it.extent)}
        less = {task.key for task in findings} - set(fullest.values())
        return [task for task in found.values() if task.key not in less]


def plan_findings(
    config: Config,
    models: Mapping[str, VisionModel],
    renderings: Renderings,
    photo_set: PhotoSet | None,
    split: Split | None,
    concepts: Sequence[ConceptsTask] = (),
) -> Findings:
    """Return what the ``[[analyse]]`` tables ask for.

    Args:
        renderings: the pictures of the ``[[render]]`` tables. concepts: of the ``[[concepts]]`` tables.
        split: which of the photos judge, if they are split.

    Raises:
        ConfigError: a table does not fit the models or the photos; all problems of all tables at once.
    """
    if not config.analyse or photo_set is None:
        return Findings()
    scene = Scene(config, models, photo_set, split, renderings, tuple(concepts))
    asked: list[tuple[str, Asked]] = []
    problems: list[str] = []
    for number, block in enumerate(config.analyse):
        try:
            asked += [(block.kind, one) for one in analyser(block.kind).plan(block, scene)]
        except ConfigError as error:
            problems += [f"analyse[{number}].{problem}" for problem in error.problems]
        except AtlasError as error:
            problems.append(f"analyse[{number}]: {error.sentence}")
    if problems:
        raise ConfigError(problems)
    judges = [judge.model for judge in config.judges]
    names = dict.fromkeys([*judges, *(name for block in config.analyse for name in scene.names(block))])
    return Findings(
        tuple(asked),
        tuple(dict.fromkeys(scene.left_out)),
        tuple(names),
        tuple(scene.rendered.values()),
        scene.inputs,
    )
