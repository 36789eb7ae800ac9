"""What an analysis is to an executor, and what it works with."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pydantic import JsonValue

from atlas.activations.views import Viewer
from atlas.core.analysis import Analysis, ArraysDocument
from atlas.core.canonical import digest, digest_bytes
from atlas.core.job import Preprocessing
from atlas.core.record import Provenance
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet, PhotosSpec
from atlas.photos.views import patch_size_for, patch_stride_for
from atlas.store import Store

if TYPE_CHECKING:
    from atlas.models.network.network import Network

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Bench:
    """What every analysis works with, whichever executor runs it.

    Attributes:
        store: where results go.
        model, device: what to measure, and where.
        source: decodes photos. cache: the folder of cached activations.
        provenance: gives the provenance of something that took so many seconds.
        on_photo: called once for each photo; raises Stopped if the run is to end.
    """

    store: Store
    model: VisionModel
    device: torch.device
    source: PhotoSet
    cache: Path
    provenance: Callable[[float], Provenance]
    on_photo: Callable[[], None]

    def network(self, numerics: str) -> "Network":
        """Return the model's network for these numerics, on the device."""
        return self.model.network(numerics, self.device)

    def read_arrays(self, key: str) -> tuple[ArraysDocument, Arrays]:
        """Return a stored analysis that is arrays, and the arrays."""
        from safetensors.numpy import load

        document = self.store.document(ArraysDocument, key)
        return document, load(self.store.read_file(key, document.arrays))

    def keep_arrays(self, analysis: Analysis, arrays: Mapping[str, np.ndarray], facts: Any, seconds: float) -> None:
        """Store an analysis that is arrays, with facts about them."""
        from safetensors.numpy import save

        data = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
        name = f"{digest_bytes(data)}.safetensors"
        document = ArraysDocument(
            key=analysis.key, analysis=analysis, arrays=name, facts=facts, provenance=self.provenance(seconds)
        )
        self.store.commit(analysis.key, document, {name: data})


@dataclass(frozen=True)
class PlannedAnalysis:
    """An analysis and what it reads; small enough to travel to a worker.

    Attributes:
        model: the model's name in the configuration.
        analysis: what it is; its key is the result's.
        photos: what it reads, in the order that its photos' digest is over.
    """

    model: str
    analysis: Analysis
    photos: tuple[Photo, ...]

    @property
    def key(self) -> str:
        """Key of the result."""
        return self.analysis.key

    def __str__(self) -> str:
        return f"{self.model}: {self.analysis}"

    @property
    def title(self) -> str:
        """What is done, for a progress bar."""
        return str(self)

    @staticmethod
    @abstractmethod
    def run(jobs: Sequence[Any], bench: Bench) -> list[str]:
        """Make and store the analyses of jobs of this class; return for each a notice for a person, or nothing."""


@dataclass(frozen=True)
class AnalysisBatch:
    """Analyses that are made together; the counterpart of :class:`atlas.tasks.batch.Batch`."""

    jobs: tuple[PlannedAnalysis, ...]

    @property
    def model(self) -> str:
        """Name of the model in the configuration."""
        return self.jobs[0].model

    @property
    def title(self) -> str:
        """What is done, for a progress bar."""
        more = f" and {len(self.jobs) - 1} more" if len(self.jobs) > 1 else ""
        return self.jobs[0].title + more

    @property
    def photos(self) -> int:
        """How many photos it looks at."""
        return max(1, sum(len(job.photos) for job in self.jobs))

    def alone(self) -> "list[AnalysisBatch]":
        """Return each analysis as a batch of its own."""
        return [AnalysisBatch((job,)) for job in self.jobs]


def photos_digest(photos: Sequence[Photo]) -> str:
    """Return the digest over photos, in order."""
    return digest([photo.digest for photo in photos])


def view_parameters(viewer: Viewer, spec: PhotosSpec) -> dict[str, JsonValue]:
    """Return what decides which pictures the model is shown of given photos."""
    return {"size": [*viewer.size], "patch": viewer.patch, "stride": viewer.stride, "max_pixels": spec.max_pixels}


def credits_digest(photos: Sequence[Photo]) -> str:
    """Return the digest over whom photos are owed to, in order: documents that show them say so."""
    return digest([[photo.author, photo.licence, photo.source] for photo in photos])


def viewer_for(photo_set: PhotoSet, preprocessing: Preprocessing) -> Viewer:
    """Return what cuts photos of a set into views for a model.

    Raises:
        ConfigError: the patches that the configuration asks for are larger than the model's input.
    """
    patch = patch_size_for(photo_set.spec, max(preprocessing.height, preprocessing.width))
    return Viewer((preprocessing.height, preprocessing.width), patch, patch_stride_for(photo_set.spec, patch))
