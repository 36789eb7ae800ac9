"""The concepts of classes: photos -> activations -> factorisation -> importance -> what is shown.

Each stage is stored under its own key, so that a run that was ended goes on after the last one that was finished, and a
change of a later stage's parameters repeats no earlier one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from atlas.activations.cache import ActivationCache
from atlas.activations.class_photos import ClassPhotos, PhotoActivations, gather
from atlas.activations.views import Viewer
from atlas.concepts.check import check_activations
from atlas.concepts.document import Fit, describe, direction_bytes, no_concepts
from atlas.concepts.encode import position_strengths
from atlas.concepts.factorisations.base import FACTORISATIONS, Factorisation
from atlas.concepts.factorise import factorise, factorise_many
from atlas.concepts.gallery import PATCH_CELL, PATCH_COLUMNS, PHOTO_CELL, Shown, top_patches
from atlas.concepts.implicit import implicit_heat, position_heat
from atlas.concepts.importance import share_importance, sobol_importance
from atlas.concepts.reconstruct import pooled
from atlas.concepts.settings import ConceptSettings
from atlas.concepts.sobol import bootstrap_interval
from atlas.concepts.stability import stability
from atlas.core.analysis import Analysis, ClassConcepts, Part
from atlas.core.canonical import digest_bytes
from atlas.errors import ConceptError
from atlas.models.anatomy.tail import Context, Tail, tail_of
from atlas.models.network.network import Network
from atlas.photos import Photo
from atlas.photos.views import central_square
from atlas.store import Store
from atlas.tasks.analysis import AnalysisTask, keep_arrays, read_arrays, view_parameters
from atlas.tasks.bench import Bench
from atlas.tasks.directions import pictures_of
from atlas.tasks.machine import Machine
from atlas.tasks.rendering import RenderTask
from atlas.tasks.task import Outcome, Task

Floats = NDArray[np.float32]
MAPS_PER_PASS = 64
"""Rebuilt maps that go through the rest of the network at once; it bounds memory."""
PART_PATCHES = 64
"""Patches of a concept that its parts are found in, at most."""


@dataclass(frozen=True)
class ConceptsTask(AnalysisTask):
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
    def shares(self) -> Any:
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
        return [picture for picture in self.pictures for _ in range(numbers[picture.job.target.layer])]

    @staticmethod
    def run(tasks: "Sequence[ConceptsTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`. What is not factorised yet is factorised together."""
        on_photo = bench.counted(sum(len(task.photos) for task in tasks))
        classes = [_Class(task, bench, on_photo) for task in tasks]
        _factorise([each for each in classes if not bench.store.has(each.job.factorisation.key)], bench)
        return [Outcome(each.job, "done", each.finish()) for each in classes]


def _factorise(classes: "Sequence[_Class]", bench: Bench) -> None:
    """Factorise the patches of classes, each ``fits`` times from different starts, and store the best of each."""
    usable = [each for each in classes if each.check()]
    if not usable:
        return
    started = perf_counter()
    settings = usable[0].settings
    fits = [
        factorise_many(
            [each.patches for each in usable],
            settings.count,
            settings.factorisation,
            solver=settings.solver,
            seed=number,
            start="random" if number else "spectral",
            device=str(bench.device),
        )
        for number in range(settings.fits)
    ]
    seconds = (perf_counter() - started) / len(usable)
    for place, each in enumerate(usable):
        best, *others = sorted((made[place] for made in fits), key=lambda fit: fit.error)
        arrays = {
            "coefficients": best.coefficients,
            "directions": best.directions,
            "stability": stability(best.directions, [it.directions for it in others]) if others else np.empty(0),
        }
        facts = {"photos": [photo.digest for photo in each.data.photos], "error": best.error}
        keep_arrays(bench, each.job.factorisation, arrays, facts, seconds)


class _Class:
    """One class on the bench. Its photos' activations are looked at once."""

    def __init__(self, job: ConceptsTask, bench: Bench, on_photo: Callable[[], None]) -> None:
        self.job = job
        self.settings = job.settings
        self.problem = ""
        self._without_parts: list[str] = []
        self._bench = bench
        self._on_photo = on_photo
        self._layer = job.analysis.layers[0]
        self._network = bench.network(job.analysis.numerics)

    @property
    def _factorisation(self) -> Factorisation:
        return FACTORISATIONS.get(self.settings.factorisation)

    @cached_property
    def data(self) -> ClassPhotos:
        """The class's photos and their activations."""
        activations = self._activations(self._network, self._layer)
        only_predicted = self.settings.photos == "predicted"
        return gather(activations, self.job.photos, self.job.class_index, only_predicted, self.settings.limit)

    @property
    def patches(self) -> Floats:
        """(p * P, C) activations of all patches."""
        return self.data.patches.reshape(-1, self.data.patches.shape[-1])

    def check(self) -> bool:
        """Tell whether the photos can be factorised; if not, ``problem`` says why."""
        data = self.data
        if not data.readable:
            self.problem = f"none of {_its_photos(data.found)} could be read"
        elif not data.photos:
            self.problem = f"the model predicts none of {_its_photos(data.readable)} as this class"
        else:
            try:
                check_activations(self.patches, self.settings.count, self._factorisation.card)
            except ConceptError as error:
                self.problem = error.sentence
        return not self.problem

    def finish(self) -> str:
        """Make the stages after the factorisation, as far as they are missing; return a notice, or nothing."""
        started = perf_counter()
        job, store = self.job, self._bench.store
        if self.problem:
            provenance = self._bench.provenance(perf_counter() - started)
            document = no_concepts(job.analysis, self.settings, self.data, self.problem, provenance)
            store.commit(job.key, document, {})
            return f"{job.model}: no concepts of {job.name}: {self.problem}"
        fit = self._fit()
        shown = Shown(self.data.photos, self._bench.photos, job.viewer.side)
        provenance = self._bench.provenance(perf_counter() - started)
        heat = partial(self._heat, fit)
        document = describe(job.analysis, self.settings, self.data, fit, shown, heat, self._parts, provenance)
        if self._without_parts:
            text = f"{len(self._without_parts)} concepts have no parts: {self._without_parts[0]}"
            document = document.model_copy(update={"warnings": (*document.warnings, text)})
        for concept in document.concepts:
            store.save_input(direction_bytes(fit.directions[concept.component]))
        store.commit(job.key, document, shown.files)
        return "; ".join(f"{job.model}, {job.name}: {text}" for text in document.warnings)

    def _fit(self) -> Fit:
        """Return the stored factorisation, with its importance, which is measured if it is missing."""
        found, arrays = read_arrays(self._bench.store, self.job.factorisation.key)
        if [photo.digest for photo in self.data.photos] != found.facts["photos"]:
            raise ConceptError(
                f"the photos of {self.job.name} changed while they were being read", "run the same command again"
            )
        directions = arrays["directions"]
        maps = position_strengths(self.data.maps, directions, self._factorisation.encode)
        if not self._bench.store.has(self.job.importance.key):
            self._measure(maps, directions)
        _, importance = read_arrays(self._bench.store, self.job.importance.key)
        return Fit(
            coefficients=arrays["coefficients"].reshape(len(maps), -1, len(directions)),
            directions=directions,
            stability=arrays["stability"],
            error=float(found.facts["error"]),  # type: ignore[arg-type]
            maps=maps,
            **importance,
        )

    def _measure(self, maps: Floats, directions: Floats) -> None:
        """Measure and store the importance of every fitted direction."""
        started = perf_counter()
        tail = tail_of(self._network, self._layer)
        if tail.layer.prefix_tokens:  # each photo has class tokens of its own, and goes alone
            each = [self._importance(maps[photo : photo + 1], directions, tail, photo) for photo in range(len(maps))]
            per_photo = np.concatenate(each)
        else:
            per_photo = self._importance(maps, directions, tail, None)
        low, high = bootstrap_interval(per_photo, self.job.importance.random_seed)
        arrays = {"per_photo": per_photo, "mean": per_photo.mean(axis=0), "low": low, "high": high}
        keep_arrays(self._bench, self.job.importance, arrays, {}, perf_counter() - started)

    def _importance(self, maps: Floats, directions: Floats, tail: Tail, photo: int | None) -> Floats:
        """Return the importance (p, r) on photos, or on the one whose class tokens are needed."""
        context = Context() if photo is None else tail.capture(self._images([self.data.photos[photo]])).context

        def logit(activations: Tensor) -> Tensor:
            return tail(activations, context.take([0] * len(activations)))[:, self.job.class_index]

        seed, device, batch = self.job.importance.random_seed, str(self._bench.device), MAPS_PER_PASS
        reduced = pooled(maps, directions, logit, batch, device)
        if self.settings.importance == "sobol":
            designs = self.settings.designs
            found = sobol_importance(reduced, directions, logit, designs, seed, batch, device)
        else:
            found = share_importance(reduced, directions, logit, seed, batch, device)
        return found.per_photo.astype(np.float32)

    def _heat(self, fit: Fit, component: int, photos: Sequence[int]) -> list[np.ndarray]:
        """Return the heat maps of a concept on photos: on the layer's grid, or to the pixels."""
        if self.settings.heat == "nnls":
            return list(position_heat(fit.maps[list(photos)], component, PHOTO_CELL))
        images = self._images([self.data.photos[photo] for photo in photos])
        front = partial(self._network, layer=self._layer)
        return list(implicit_heat(images, front, fit.directions, component, self._factorisation.encode))

    def _parts(self, component: int, strengths: Floats, shown: Shown) -> tuple[Part, ...]:
        """Factorise the strongest patches of a concept again, at an earlier layer (CRAFT, section 3.2)."""
        layer = self.settings.part_layer
        if not self.settings.depth or layer is None:
            return ()
        chosen = top_patches(strengths, min(PART_PATCHES, strengths.size // 2))
        means = self._part_means[[photo for photo, _ in chosen], [patch for _, patch in chosen]]
        kind = self.settings.factorisation
        count = min(self.settings.parts, max(1, len(chosen) // 2))
        try:
            found = factorise(means, count, kind, solver=self.settings.solver, seed=component)
        except ConceptError as error:
            self._without_parts.append(error.message)
            return ()
        shares = found.coefficients.sum(axis=0) * np.abs(found.directions).sum(axis=1)
        parts = []
        for part in np.flatnonzero(shares > 0)[np.argsort(-shares[shares > 0], kind="stable")]:
            best = np.argsort(-found.coefficients[:, part], kind="stable")[:PATCH_COLUMNS]
            crops, sprite = shown.crops(
                [(chosen[it][0], self.data.boxes[chosen[it][1]], float(found.coefficients[it, part])) for it in best],
                PATCH_CELL,
                PATCH_COLUMNS,
            )
            data = direction_bytes(found.directions[part])
            self._bench.store.save_input(data)
            share = float(shares[part] / shares.sum())
            parts.append(Part(layer=layer, direction=digest_bytes(data), share=share, crops=crops, sprite=sprite))
        return tuple(parts)

    @cached_property
    def _part_means(self) -> Floats:
        """(p, P, C') activations of all patches at the layer of the parts."""
        layer = self.settings.part_layer
        assert layer is not None  # asked for with depth = 1 only
        network = self._bench.network(self._bench.model.numerics_for(layer))
        found = dict(self._activations(network, layer).patches(self.data.photos))
        return np.stack([found[photo]["means"].astype(np.float32) for photo in self.data.photos])

    def _activations(self, network: Network, layer: str) -> PhotoActivations:
        analysis, viewer = self.job.analysis, self.job.viewer
        views = view_parameters(viewer, self._bench.photos.spec)
        identity = [analysis.model.fingerprint, layer, analysis.numerics, views]
        cache = ActivationCache(self._bench.photos.spec.cache, identity)
        return PhotoActivations(network, layer, self._bench.photos, viewer, cache, self._on_photo)

    def _images(self, photos: Sequence[Photo]) -> Tensor:
        """Return whole photos as the network sees them, (n, 3, H, W) on its device.

        Raises:
            PhotoError: one went away since its activations were cached.
        """
        viewer, source = self.job.viewer, self._bench.photos
        views = [viewer.whole(central_square(source.image(photo), viewer.side)) for photo in photos]
        return torch.stack(views).to(self._network.device)


def _its_photos(count: int) -> str:
    return "its photos, of which there is one," if count == 1 else f"its {count} photos"
