"""Tallies: all units of some layers on some of the photos. Parts of a photo set are tallied side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

from atlas.activations.tallies import tally_layers
from atlas.activations.views import Viewer
from atlas.photos import Photo
from atlas.tasks.analysis import PhotosTask, keep_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.task import Outcome


@dataclass(frozen=True)
class TallyTask(PhotosTask):
    """All units of some layers on some of the photos.

    Attributes:
        viewer: cuts photos into views. keep: strongest views kept of each unit.
    """

    kind: ClassVar[str] = "tally"

    viewer: Viewer
    keep: int

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} units on photos"

    @staticmethod
    def run(tasks: "Sequence[TallyTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`."""
        on_photo = bench.counted(sum(len(task.photos) for task in tasks))
        return [task._make(bench, on_photo) for task in tasks]

    def _make(self, bench: Bench, on_photo: Callable[[], None]) -> Outcome:
        started = perf_counter()
        network, layers = bench.network(self.analysis.numerics), self.analysis.layers
        tallies, skipped = tally_layers(
            network, layers, self.photos, bench.photos, self.viewer, self.keep, lambda _: on_photo()
        )
        arrays = {
            f"{place}.{name}": array
            for place, layer in enumerate(layers)
            if layer in tallies
            for name, array in tallies[layer].arrays().items()
        }
        keep_arrays(bench, self.analysis, arrays, {"skipped": skipped}, perf_counter() - started)
        return Outcome(self, "done", "; ".join(skipped))


def in_parts(photos: Sequence[Photo], size: int) -> list[tuple[Photo, ...]]:
    """Return photos in parts of about ``size``, by their digests: another photo changes its own part only.

    The number of parts is a power of two, so that it changes rarely.
    """
    parts = 1
    while len(photos) > size * parts:
        parts *= 2
    buckets: list[list[Photo]] = [[] for _ in range(parts)]
    for photo in sorted(photos, key=lambda photo: photo.digest):
        buckets[int(photo.digest[:12], 16) % parts].append(photo)
    return [tuple(bucket) for bucket in buckets if bucket]
