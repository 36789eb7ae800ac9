"""Units on photos: tallies of parts of a photo set, made side by side, and what they say of each layer together."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from atlas.activations.tallies import tally_layers
from atlas.activations.tally import Tally
from atlas.activations.views import Viewer
from atlas.concepts.gallery import Shown
from atlas.core.analysis import QUANTILES, Histogram, LayerStatistics, UnitStatistics
from atlas.errors import ConceptError
from atlas.photos import Photo
from atlas.tasks.bench import Arrays, Bench, PlannedAnalysis

HISTOGRAM_BINS = 40
"""Bars of a shown histogram."""
CELL, COLUMNS = 112, 3
"""Of the sprites of top views."""


@dataclass(frozen=True)
class PlannedTally(PlannedAnalysis):
    """All units of some layers on some of the photos.

    Attributes:
        viewer: cuts photos into views. keep: strongest views kept of each unit.
    """

    viewer: Viewer
    keep: int

    @property
    def title(self) -> str:
        """See :attr:`PlannedAnalysis.title`."""
        return f"{self.model} units on photos"

    @staticmethod
    def run(jobs: "Sequence[PlannedTally]", bench: Bench) -> list[str]:
        """See :meth:`PlannedAnalysis.run`."""
        notices = []
        for job in jobs:
            started = perf_counter()
            tallies, skipped = tally_layers(
                bench.network(job.analysis.numerics),
                job.analysis.layers,
                job.photos,
                bench.source,
                job.viewer,
                job.keep,
                lambda _: bench.on_photo(),
            )
            arrays = {
                f"{place}.{name}": array
                for place, layer in enumerate(job.analysis.layers)
                if layer in tallies
                for name, array in tallies[layer].arrays().items()
            }
            bench.keep_arrays(job.analysis, arrays, {"skipped": skipped}, perf_counter() - started)
            notices.append("; ".join(skipped))
        return notices


@dataclass(frozen=True)
class PlannedStatistics(PlannedAnalysis):
    """The tallies of one layer put together, for the units that are rendered.

    Attributes:
        tallies: key and number of photos of each; together they are ``photos``.
        place: of the layer in the tallies.
        units: to describe. viewer, keep: as in the tallies.
    """

    tallies: tuple[tuple[str, int], ...]
    place: int
    units: tuple[int, ...]
    viewer: Viewer
    keep: int

    @property
    def title(self) -> str:
        """See :attr:`PlannedAnalysis.title`."""
        return f"{self.model} {self.analysis.layers[0]} on photos"

    @staticmethod
    def run(jobs: "Sequence[PlannedStatistics]", bench: Bench) -> list[str]:
        """See :meth:`PlannedAnalysis.run`."""
        return [job._make(bench) for job in jobs]

    def _make(self, bench: Bench) -> str:
        started = perf_counter()
        tally = self._merged(bench)
        if tally is None:
            return f"{self}: none of the {len(self.photos)} photos could be read"
        shown = Shown(self.photos, bench.source, self.viewer.side)
        units = []
        for unit in self.units:
            units.append(self._unit(tally, unit, shown))
            shown.forget()
        document = LayerStatistics(
            key=self.key,
            analysis=self.analysis,
            photos=tuple(shown.credits),
            photo_count=int(tally.count[0]) // len(self.viewer.boxes),
            units=tuple(units),
            provenance=bench.provenance(perf_counter() - started),
        )
        bench.store.commit(self.key, document, shown.files)
        return ""

    def _merged(self, bench: Bench) -> Tally | None:
        whole: Tally | None = None
        offset = 0
        for key, photos in self.tallies:
            if not bench.store.has(key):
                raise ConceptError("some of its photos were not measured, as is said above", "mend what is named there")
            _, arrays = bench.read_arrays(key)
            prefix = f"{self.place}."
            part: Arrays = {
                name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)
            }
            if part:
                whole = whole or Tally.empty(len(part["total"]), self.keep)
                whole.merge(Tally(**part), offset)
            offset += photos
        return whole

    def _unit(self, tally: Tally, unit: int, shown: Shown) -> UnitStatistics:
        low, high, counts = tally.histogram(unit, HISTOGRAM_BINS)
        boxes = self.viewer.boxes
        chosen = [
            (int(photo), boxes[view], float(value))
            for photo, view, value in zip(tally.photo[unit], tally.view[unit], tally.top[unit], strict=True)
            if photo >= 0
        ]
        crops, sprite = shown.crops(chosen, CELL, COLUMNS)
        return UnitStatistics(
            unit=unit,
            n=int(tally.count[0]),
            mean=float(tally.total[unit] / tally.count[0]),
            deviation=_deviation(tally, unit),
            minimum=low,
            maximum=high,
            quantiles=tally.quantiles(unit, QUANTILES),
            histogram=Histogram(low=low, high=high, counts=counts),
            crops=crops,
            sprite=sprite,
        )


def _deviation(tally: Tally, unit: int) -> float:
    count = float(tally.count[0])
    mean = float(tally.total[unit]) / count
    return float(max(0.0, float(tally.squares[unit]) / count - mean * mean) ** 0.5)


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
