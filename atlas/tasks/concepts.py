"""The concepts of classes: photos -> activations -> factorisation -> importance -> what is shown.

Each stage is stored under its own key, so that a run that was ended goes on after the last one that was finished, and a
change of a later stage's parameters repeats no earlier one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import ClassVar

from atlas.activations.views import Viewer
from atlas.core.analysis import Analysis, ClassConcepts
from atlas.craft.document import Fit, describe, direction_bytes, no_concepts
from atlas.craft.encode import position_strengths
from atlas.craft.gallery import Shown
from atlas.craft.settings import ConceptSettings
from atlas.errors import ConceptError
from atlas.store import Store
from atlas.tasks.analysis import PhotosTask, read_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.class_bench import ClassBench
from atlas.tasks.directions import pictures_of
from atlas.tasks.factorising import factorise_together
from atlas.tasks.importance import measure_importance
from atlas.tasks.machine import Machine
from atlas.tasks.rendering import RenderTask
from atlas.tasks.showing import Views
from atlas.tasks.task import Outcome, Task


@dataclass(frozen=True)
class ConceptsTask(PhotosTask):
    """The concepts of one class; ``analysis`` is its last stage.

    Attributes:
        factorisation, importance: the stages before.
        name: of the class, for messages.
        viewer: cuts photos into views.
        settings: of all stages, with nothing left to choose.
        pictures: how each concept, and each of its parts, is rendered once it is found; their directions are stand-ins.
    """

    kind: ClassVar[str] = "concepts"

    factorisation: Analysis
    importance: Analysis
    name: str
    viewer: Viewer
    settings: ConceptSettings
    pictures: tuple[RenderTask, ...] = ()

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} concepts of {self.name}"

    @property
    def class_index(self) -> int:
        """The class."""
        assert self.analysis.class_index is not None  # concepts are those of a class
        return self.analysis.class_index

    @property
    def shares(self) -> object:
        """Layer and settings of the factorisation, of classes that torch factorises; others are made alone."""
        stage = self.factorisation
        return [stage.layers, stage.numerics, stage.parameters] if self.settings.solver == "torch" else self.key

    def together(self, machine: Machine) -> int | None:
        """See :meth:`Task.together`."""
        return machine.classes_together

    def directions(self, store: Store) -> list[tuple[str, str]]:
        """Return layer and digest of every direction that the store has found: concepts, then their parts."""
        if not store.has(self.key):
            return []
        concepts = store.document(ClassConcepts, self.key).concepts
        parts = [(part.layer, part.direction) for concept in concepts for part in concept.parts]
        return [(self.analysis.layers[0], concept.direction) for concept in concepts] + parts

    def follow_ups(self, store: Store) -> Sequence[Task]:
        """Return the pictures of every concept that was found, and of its parts."""
        return pictures_of(self.directions(store), self.pictures) if self.pictures else ()

    def expected(self) -> Sequence[Task]:
        """See :meth:`Task.expected`."""
        shown, parts = self.settings.shown, self.settings.parts
        numbers: dict[str | None, int] = {self.analysis.layers[0]: shown, self.settings.part_layer: shown * parts}
        return [picture for picture in self.pictures for _ in range(numbers[picture.target.layer])]

    @staticmethod
    def run(tasks: "Sequence[ConceptsTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`. What is not factorised yet is factorised together."""
        on_photo = bench.counted(sum(len(task.photos) for task in tasks))
        on_bench = [
            ClassBench(bench, on_photo, task.analysis, task.photos, task.viewer, task.settings) for task in tasks
        ]
        pairs = list(zip(tasks, on_bench, strict=True))
        factorise_together(
            [(on, task.factorisation) for task, on in pairs if not bench.store.has(task.factorisation.key)], bench
        )
        return [Outcome(task, "done", task._finish(on)) for task, on in pairs]

    def _finish(self, on: ClassBench) -> str:
        """Make the stages after the factorisation, as far as they are missing; return a notice, or nothing."""
        started = perf_counter()
        store = on.bench.store
        if on.problem:
            provenance = on.bench.provenance(perf_counter() - started)
            document = no_concepts(self.analysis, on.settings, on.data, on.problem, provenance)
            store.commit(self.key, document, {})
            return f"{self.model}: no concepts of {self.name}: {on.problem}"
        fit = self.fit(on)
        shown = Shown(on.data.photos, on.bench.photos, self.viewer.side)
        provenance = on.bench.provenance(perf_counter() - started)
        views = Views(on)
        document = describe(
            self.analysis, on.settings, on.data, fit, shown, partial(views.heat, fit), views.parts, provenance
        )
        if views.without_parts:
            text = f"{len(views.without_parts)} concepts have no parts: {views.without_parts[0]}"
            document = document.model_copy(update={"warnings": (*document.warnings, text)})
        for concept in document.concepts:
            store.save_input(direction_bytes(fit.directions[concept.component]))
        store.commit(self.key, document, shown.files)
        return "; ".join(f"{self.model}, {self.name}: {text}" for text in document.warnings)

    def fit(self, on: ClassBench) -> Fit:
        """Return the stored factorisation, with its importance, which is measured if it is missing.

        Raises:
            ConceptError: the photos are no longer those that were factorised.
        """
        found, arrays = read_arrays(on.bench.store, self.factorisation.key)
        if [photo.digest for photo in on.data.photos] != found.facts["photos"]:
            raise ConceptError(
                f"the photos of {self.name} changed while they were being read", "run the same command again"
            )
        directions = arrays["directions"]
        maps = position_strengths(on.data.maps, directions, on.factorisation.encode)
        if not on.bench.store.has(self.importance.key):
            measure_importance(on, self.importance, maps, directions)
        _, importance = read_arrays(on.bench.store, self.importance.key)
        return Fit(
            coefficients=arrays["coefficients"].reshape(len(maps), -1, len(directions)),
            directions=directions,
            stability=arrays["stability"],
            error=float(found.facts["error"]),  # type: ignore[arg-type]
            maps=maps,
            **importance,
        )
