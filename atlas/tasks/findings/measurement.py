"""Measurements: what a network does with some photos, as arrays, for findings to read. They are shared and resumed."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

from PIL import Image

from atlas.activations.views import squares
from atlas.photos import Photo
from atlas.tasks.analysis import AnalysisTask, Arrays, keep_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.machine import Machine
from atlas.tasks.task import Outcome

TOGETHER = 8
"""Photos that go through a network at once."""


@dataclass(frozen=True)
class MeasurementTask(AnalysisTask, ABC):
    """Something that is measured of a model on photos.

    Attributes:
        photos: in the order that the analysis's digest is over. what: they are, for messages.
    """

    kind: ClassVar[str] = "measurement"
    cost: ClassVar[int] = 0
    evaluates: ClassVar[bool] = True
    measures: ClassVar[str]
    """What, in a word or two."""

    photos: tuple[Photo, ...]
    what: str

    def __str__(self) -> str:
        return f"{self.model}: {self.measures} of {self.what}"

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} {self.measures}"

    @property
    def needs(self) -> tuple[str, ...]:
        """See :attr:`Task.needs`."""
        return self.analysis.upstream

    @property
    def columns(self) -> tuple[str, str, str]:
        """See :attr:`Task.columns`."""
        return self.where, self.kind, self.measures

    @property
    def shares(self) -> object:
        """Whatever is measured alike by one network; of a minibatch, or of the photos of a class."""
        return [self.analysis.layers, self.analysis.parameters, self.analysis.numerics]

    def together(self, machine: Machine) -> int:
        """See :meth:`Task.together`; one for each thread, for the photos of each are many already."""
        return machine.at_a_time

    def in_a_thread(self) -> int:
        """See :meth:`Task.in_a_thread`."""
        return 1

    @staticmethod
    def run(tasks: "Sequence[MeasurementTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`."""
        on_photo = bench.counted(sum(len(task.photos) for task in tasks))
        return [task._run(bench, on_photo) for task in tasks]

    def _run(self, bench: Bench, on_photo: Callable[[], None]) -> Outcome:
        started = perf_counter()
        skipped: list[str] = []
        names: list[str] = []

        def skip(photo: Photo, why: str) -> None:
            on_photo()
            skipped.append(why)

        def noted() -> Iterator[tuple[Photo, Image.Image]]:
            for photo, square in squares(self.photos, bench.photos, self.side, skip):
                on_photo()
                names.append(photo.digest)
                yield photo, square

        arrays, facts = self.measure(noted(), bench)
        kept = {**facts, "rows": names, "skipped": skipped}
        keep_arrays(bench, self.analysis, arrays, kept, perf_counter() - started)
        return Outcome(self, "done", "; ".join(skipped))

    @property
    def side(self) -> int:
        """Side of the squares that photos are cut to, pixels."""
        known = self.analysis.model.preprocessing
        return max(known.width, known.height)

    @abstractmethod
    def measure(
        self, squares: Iterator[tuple[Photo, Image.Image]], bench: Bench
    ) -> tuple[Arrays, Mapping[str, object]]:
        """Return what is measured: arrays, and facts about them.

        Args:
            squares: the photos that could be decoded, as squares.
        """
