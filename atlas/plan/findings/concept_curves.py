"""Plan of deletion and insertion: of the classes whose concepts are found, each alone and their mean."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.config import AnalyseBlock
from atlas.config.evaluation import ALL
from atlas.core.analysis import Analysis, ClassConcepts
from atlas.core.class_selection import select_classes
from atlas.errors import ConfigError, StoreError
from atlas.plan.findings.analyser import Analyser
from atlas.plan.findings.scene import Scene
from atlas.store import Store
from atlas.tasks.concepts import ConceptsTask
from atlas.tasks.findings.concept_curves import CURVES_VERSION, LOGITS_VERSION, ConceptCurvesTask, ConceptLogitsTask
from atlas.tasks.task import Task


@dataclass(frozen=True)
class AskedCurves:
    """The classes of one model whose concepts are planned at one layer."""

    scene: Scene
    block: AnalyseBlock
    name: str
    concepts: Sequence[ConceptsTask]

    def tasks(self, store: Store | None) -> Sequence[Task]:
        """See :meth:`Asked.tasks`; of the classes that have concepts in the store."""
        measured = [self._logits(task) for task in self.concepts if store is not None and _has_concepts(task, store)]
        alone = [self._curves([task]) for task in measured]
        return [*measured, *alone, *([self._curves(measured)] if len(measured) > 1 else [])]

    def _logits(self, task: ConceptsTask) -> ConceptLogitsTask:
        block, analysis = self.block, task.analysis
        own = Analysis(
            kind="measurement",
            version=LOGITS_VERSION,
            model=analysis.model,
            layers=analysis.layers,
            class_index=analysis.class_index,
            photos=analysis.photos,
            upstream=(task.factorisation.key, task.importance.key),
            parameters={"measures": "concept_curves", "random_orders": block.random_orders, "seed": block.seed},
            numerics=analysis.numerics,
        )
        return ConceptLogitsTask(self.name, own, task, block.random_orders, block.seed)

    def _curves(self, measured: Sequence[ConceptLogitsTask]) -> ConceptCurvesTask:
        first = measured[0].analysis
        analysis = Analysis(
            kind="finding",
            version=CURVES_VERSION,
            model=first.model,
            layers=first.layers,
            class_index=first.class_index if len(measured) == 1 else None,
            upstream=tuple(task.key for task in measured),
            parameters={"analysis": "concept_curves", "models": [self.name], "seed": self.block.seed},
            numerics="float64",
        )
        return ConceptCurvesTask(
            model=self.name,
            analysis=analysis,
            models=(self.scene.studied(self.name, first.layers),),
            split=None,
            logits=tuple((task.concepts.class_index, task.key) for task in measured),
            seed=self.block.seed,
        )


def plan_concept_curves(block: AnalyseBlock, scene: Scene) -> Iterator[AskedCurves]:
    """Yield what a table asks for; a model whose concepts nothing asks for is left out, and said to be.

    Raises:
        ConfigError: a selector means no class of a model.
    """
    for name in scene.names(block):
        planned = [task for task in scene.concepts if task.model == name]
        if block.classes != ALL:
            chosen, problems = select_classes(block.classes, scene.models[name].card)
            if problems:
                raise ConfigError(problems)
            planned = [task for task in planned if task.class_index in chosen]
        if not planned:
            told = "no concepts of its classes are asked for; add a [[concepts]] table"
            scene.left_out.append(f"concept_curves of {name}: {told}")
        by_layer: dict[str, list[ConceptsTask]] = {}
        for task in planned:
            by_layer.setdefault(task.analysis.layers[0], []).append(task)
        for tasks in by_layer.values():
            yield AskedCurves(scene, block, name, tasks)


def _has_concepts(task: ConceptsTask, store: Store) -> bool:
    """Tell whether a store has concepts of a class; what is damaged is repair's to tell."""
    if not store.has(task.key):
        return False
    try:
        return bool(store.document(ClassConcepts, task.key).concepts)
    except StoreError:
        return False


CONCEPT_CURVES = Analyser(ConceptCurvesTask.cards, plan_concept_curves)
