"""What tasks of analyses have in common: a key, the photos that some read, and arrays in the store."""

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from atlas.activations.views import Viewer
from atlas.core.analysis import Analysis, ArraysDocument
from atlas.core.canonical import digest, digest_bytes
from atlas.core.job import ModelIdentity, Preprocessing
from atlas.photos import Photo, PhotoSet, PhotosSpec
from atlas.photos.views import grid_for
from atlas.store import Store
from atlas.tasks.bench import Bench
from atlas.tasks.task import Task

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class AnalysisTask(Task, ABC):
    """What an analysis decides.

    Attributes:
        analysis: what it is; its key is the result's.
    """

    analysis: Analysis

    @property
    def key(self) -> str:
        """See :attr:`Task.key`."""
        return self.analysis.key

    @property
    def identity(self) -> ModelIdentity:
        """See :attr:`Task.identity`."""
        return self.analysis.model

    @property
    def where(self) -> str:
        """Its layer, or how many there are; empty of none."""
        layers = self.analysis.layers
        return layers[0] if len(layers) == 1 else f"{len(layers)} layers" if layers else ""


@dataclass(frozen=True)
class PhotosTask(AnalysisTask, ABC):
    """An analysis of photos.

    Attributes:
        photos: what it reads, in the order that its photos' digest is over.
    """

    photos: tuple[Photo, ...]

    def __str__(self) -> str:
        return f"{self.model}: {self.analysis}"

    @property
    def columns(self) -> tuple[str, str, str]:
        """See :attr:`Task.columns`."""
        return self.where, self.analysis.kind, str(self.analysis.parameters.get("factorisation", "photos"))


def read_arrays(store: Store, key: str) -> tuple[ArraysDocument, Arrays]:
    """Return a stored analysis that is arrays, and the arrays."""
    from safetensors.numpy import load

    document = store.document(ArraysDocument, key)
    return document, load(store.read_file(key, document.arrays))


def texts(document: ArraysDocument, name: str) -> tuple[str, ...]:
    """Return the texts that a document keeps as a fact under a name; none where it keeps none."""
    found = document.facts.get(name)
    return tuple(map(str, found)) if isinstance(found, list) else ()


def keep_arrays(
    bench: Bench, analysis: Analysis, arrays: Mapping[str, np.ndarray], facts: Mapping[str, object], seconds: float
) -> None:
    """Store an analysis that is arrays, with facts about them."""
    from safetensors.numpy import save

    data = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    name = f"{digest_bytes(data)}.safetensors"
    document = ArraysDocument(
        key=analysis.key, analysis=analysis, arrays=name, facts=dict(facts), provenance=bench.provenance(seconds)
    )
    bench.store.commit(analysis.key, document, {name: data})


def photos_digest(photos: Sequence[Photo]) -> str:
    """Return the digest over photos, in order."""
    return digest([photo.digest for photo in photos])


def credits_digest(photos: Sequence[Photo]) -> str:
    """Return the digest over whom photos are owed to, in order: documents that show them say so."""
    return digest([[photo.author, photo.licence, photo.source] for photo in photos])


def view_parameters(viewer: Viewer, spec: PhotosSpec) -> dict[str, JsonValue]:
    """Return what decides which pictures the model is shown of given photos."""
    grid = viewer.grid
    return {"size": [*viewer.size], "patch": grid.patch, "stride": grid.stride, "max_pixels": spec.max_pixels}


def viewer_for(photo_set: PhotoSet, preprocessing: Preprocessing) -> Viewer:
    """Return what cuts photos of a set into views for a model.

    Raises:
        ConfigError: the patches that the configuration asks for are larger than the model's input.
    """
    size = (preprocessing.height, preprocessing.width)
    return Viewer(size, grid_for(photo_set.spec, max(size)))
