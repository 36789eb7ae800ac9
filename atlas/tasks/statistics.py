"""Statistics: what the tallies of all parts of a photo set say of one layer together."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

from atlas.activations.tally import Tally
from atlas.activations.views import Viewer
from atlas.core.analysis import QUANTILES, Histogram, LayerStatistics, UnitStatistics
from atlas.craft.gallery import Shown
from atlas.tasks.analysis import Arrays, PhotosTask, read_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.task import Outcome

HISTOGRAM_BINS = 40
"""Bars of a shown histogram."""
CELL, COLUMNS = 112, 3
"""Of the sprites of top views."""


@dataclass(frozen=True)
class StatisticsTask(PhotosTask):
    """The tallies of one layer put together, for the units that are rendered.

    Attributes:
        tallies: key and number of photos of each; together they are ``photos``.
        place: of the layer in the tallies.
        units: to describe. viewer, keep: as in the tallies.
    """

    kind: ClassVar[str] = "statistics"

    tallies: tuple[tuple[str, int], ...]
    place: int
    units: tuple[int, ...]
    viewer: Viewer
    keep: int

    @property
    def needs(self) -> tuple[str, ...]:
        """See :attr:`Task.needs`."""
        return tuple(key for key, _ in self.tallies)

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} {self.analysis.layers[0]} on photos"

    @staticmethod
    def run(tasks: "Sequence[StatisticsTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`."""
        return [Outcome(task, "done", task._make(bench)) for task in tasks]

    def _make(self, bench: Bench) -> str:
        started = perf_counter()
        tally = self._merged(bench)
        if tally is None:
            return f"{self}: none of the {len(self.photos)} photos could be read"
        shown = Shown(self.photos, bench.photos, self.viewer.side)
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
            _, arrays = read_arrays(bench.store, key)
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
