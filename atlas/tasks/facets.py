"""The looks of classes: a class's photos in clusters, by what the network makes of them, and a picture for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import ClassVar

import numpy as np

from atlas.activations.cache import ActivationCache
from atlas.activations.class_photos import PhotoActivations
from atlas.activations.clusters import clusters
from atlas.activations.views import Viewer
from atlas.core.analysis import ClassFacets, PhotoCluster, PhotoCounts
from atlas.core.canonical import canonical_json
from atlas.core.job import Facet
from atlas.craft.document import WHOLE
from atlas.craft.gallery import PATCH_CELL, Shown
from atlas.store import Store
from atlas.tasks.analysis import PhotosTask, view_parameters
from atlas.tasks.bench import Bench
from atlas.tasks.diversity import DiversityTask, diversity_of
from atlas.tasks.rendering import RenderTask
from atlas.tasks.task import Outcome, Task


@dataclass(frozen=True)
class FacetsTask(PhotosTask):
    """The clusters of one class's photos, at the layer of the analysis.

    Attributes:
        name: of the class, for messages.
        viewer: cuts photos into views. count, limit: most clusters, and most photos.
        pictures: how each facet is rendered once it is found; their references stand in for its photos.
        otherwise: what is rendered if there are no two photos to be told apart.
        measured: whether the diversity of the pictures is measured once they are there.
    """

    kind: ClassVar[str] = "facets"

    name: str
    viewer: Viewer
    count: int
    limit: int
    pictures: tuple[RenderTask, ...] = ()
    otherwise: tuple[RenderTask, ...] = ()
    measured: bool = True

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} looks of {self.name}"

    def references(self, store: Store) -> list[str]:
        """Return the digest of every list of photos that the store has found."""
        found = store.document(ClassFacets, self.key).clusters if store.has(self.key) else ()
        return [cluster.references for cluster in found]

    def renderings(self, store: Store) -> Sequence[RenderTask]:
        """Return a picture of every facet that was found; nothing before the store has them."""
        if not store.has(self.key):
            return ()
        found = store.document(ClassFacets, self.key).clusters
        return [_of(picture, cluster) for picture in self.pictures for cluster in found] if found else self.otherwise

    def follow_ups(self, store: Store) -> Sequence[Task]:
        """See :meth:`Task.follow_ups`: the pictures, and by each method their diversity."""
        pictures = self.renderings(store)
        groups: dict[str, list[RenderTask]] = {}
        for picture in pictures if self.measured else ():
            job = picture.job
            groups.setdefault(canonical_json([job.method, job.version, job.parameters]), []).append(picture)
        return [*pictures, *(self._diversity(group) for group in groups.values())]

    def _diversity(self, group: Sequence[RenderTask]) -> DiversityTask:
        analysis, keys = self.analysis, [picture.key for picture in group]
        place = analysis.model, analysis.layers[0], analysis.numerics
        return diversity_of(self.model, keys, *place, group[0].job.method, self.name)

    def expected(self) -> Sequence[RenderTask]:
        """See :meth:`Task.expected`."""
        return [picture for picture in self.pictures for _ in range(self.count)]

    @staticmethod
    def run(tasks: "Sequence[FacetsTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`."""
        return [Outcome(task, "done", task._make(bench)) for task in tasks]

    def _make(self, bench: Bench) -> str:
        """Find the clusters and store them; return a notice, or nothing."""
        started = perf_counter()
        activations = self._activations(bench)
        readable, chosen, features = 0, list[int](), list[np.ndarray]()
        places = {photo: place for place, photo in enumerate(self.photos)}
        for photo, arrays in activations.whole(self.photos):
            readable += 1
            if int(arrays["top"][0]) == self.analysis.class_index:
                chosen.append(places[photo])
                features.append(_unit_mean(arrays["map"]))
            if len(chosen) == self.limit:
                break
        different = len({vector.tobytes() for vector in features})
        count = min(self.count, different)
        groups = clusters(np.stack(features), count) if count > 1 else []
        members = [[chosen[place] for place in group] for group in groups if group]
        shown = Shown(self.photos, bench.photos, self.viewer.side)
        crops, sprite = (
            shown.crops([(group[0], WHOLE, len(group) / len(chosen)) for group in members], PATCH_CELL, len(members))
            if members
            else ((), None)
        )
        listed = [canonical_json([self.photos[place].digest for place in group]).encode() for group in members]
        found = [
            PhotoCluster(number=number, size=len(group), references=bench.store.save_input(data))
            for number, (group, data) in enumerate(zip(members, listed, strict=True), 1)
        ]
        document = ClassFacets(
            key=self.key,
            analysis=self.analysis,
            clusters=tuple(found),
            counts=PhotoCounts(
                found=len(self.photos), readable=readable, predicted=len(chosen), used=len(chosen) if found else 0
            ),
            photos=tuple(shown.credits),
            crops=crops,
            sprite=sprite,
            reason="" if found else self._shortage(len(chosen), different),
            provenance=bench.provenance(perf_counter() - started),
        )
        bench.store.commit(self.key, document, shown.files)
        return self._notice(document)

    def _notice(self, document: ClassFacets) -> str:
        made = len(document.clusters)
        if made == self.count:
            return ""
        if made:
            shortage = self._shortage(document.counts.predicted, made)
            return f"{self.model}: {made} looks of {self.name}, not {self.count}: {shortage}"
        instead = "they are spread by directions instead" if self.otherwise else "so there are no pictures of them"
        return f"{self.model}: no looks of {self.name} among its photos: {document.reason}; {instead}"

    def _shortage(self, predicted: int, looks: int) -> str:
        """Say why there are no more looks than that."""
        said = f"the model predicts {predicted} of its {len(self.photos)} photos as this class"
        return said if predicted == looks else f"{said} and tells {looks} of them apart"

    def _activations(self, bench: Bench) -> PhotoActivations:
        analysis, viewer, source = self.analysis, self.viewer, bench.photos
        layer, numerics = analysis.layers[0], analysis.numerics
        cache = ActivationCache(
            source.spec.cache, [analysis.model.fingerprint, layer, numerics, view_parameters(viewer, source.spec)]
        )
        on_photo = bench.counted(len(self.photos))
        return PhotoActivations(bench.network(numerics), layer, source, viewer, cache, on_photo)


def _unit_mean(activation: np.ndarray) -> np.ndarray:
    """Return the mean over positions of an activation (C, ...), float64 (C,) of length 1, so that distances are those
    of the cosine, by which diversity is measured."""
    mean = activation.astype(np.float64).reshape(len(activation), -1).mean(axis=1)
    return mean / max(float(np.linalg.norm(mean)), np.finfo(np.float64).tiny)


def _of(picture: RenderTask, cluster: PhotoCluster) -> RenderTask:
    """Return the picture of a cluster."""
    facet = picture.target.facet
    assert facet is not None  # it was planned as one
    own = Facet(number=cluster.number, strength=facet.strength)
    return picture.aimed_at(picture.target.model_copy(update={"references": cluster.references, "facet": own}))


def merged(one: FacetsTask, other: FacetsTask) -> FacetsTask:
    """Return what two blocks ask of the same photos as one task."""
    pictures = {task.key: task for task in (*one.pictures, *other.pictures)}
    otherwise = {task.key: task for task in (*one.otherwise, *other.otherwise)}
    return replace(one, pictures=tuple(pictures.values()), otherwise=tuple(otherwise.values()))
