"""CKA as tasks: the Gram matrices of a minibatch of photos at a model's layers, and how alike layers are by them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from PIL import Image
from torch import Tensor

from atlas.analyses.cka import CARD, CKA, LEAST, Similarity, grams
from atlas.core.figures import Figure
from atlas.core.finding import FindingFigure
from atlas.core.metric_card import MetricCard
from atlas.errors import ScoreError
from atlas.models.network.network import Network
from atlas.photos import Photo
from atlas.tasks.analysis import Arrays, read_arrays, texts
from atlas.tasks.bench import Bench
from atlas.tasks.findings.finding import FindingTask, Found, figure_of, is_number
from atlas.tasks.findings.measurement import TOGETHER, MeasurementTask
from atlas.tasks.look import as_input
from atlas.tasks.machine import Machine

GRAMS_VERSION, CKA_VERSION = 1, 2
"""Raise one whenever what it makes of the same photos changes."""
HELD = 1 << 27
"""Activations of a minibatch that are held at once: half a gigabyte."""


@dataclass(frozen=True)
class GramsTask(MeasurementTask):
    """The U-centred Gram matrix of a minibatch at each layer, arrays (n, n); none where fewer can be decoded than 4."""

    measures: ClassVar[str] = "Gram matrices"

    def together(self, machine: Machine) -> int:
        """See :meth:`Task.together`; one, for what it holds is not small: :data:`HELD`."""
        return 1

    @torch.no_grad()
    def measure(
        self, squares: Iterator[tuple[Photo, Image.Image]], bench: Bench
    ) -> tuple[Arrays, Mapping[str, object]]:
        """See :meth:`MeasurementTask.measure`."""
        network = bench.network(self.analysis.numerics)
        inputs = [as_input(image, network) for _, image in squares]
        if len(inputs) < LEAST:
            return {}, {}
        found: Arrays = {}
        for layers in self._groups(network, len(inputs)):
            parts: dict[str, list[Tensor]] = {layer: [] for layer in layers}
            for start in range(0, len(inputs), TOGETHER):
                for layer, tensor in network.taps(torch.cat(inputs[start : start + TOGETHER]), layers).items():
                    parts[layer].append(tensor.cpu())
            found |= grams({layer: torch.cat(each) for layer, each in parts.items()})
        return found, {}

    def _groups(self, network: Network, photos: int) -> Iterator[list[str]]:
        """Yield the layers, as many at once as memory is to hold of so many photos; one at least."""
        known = {info.name: info for info in network.layers()}
        waiting: list[str] = []
        held = 0
        for layer in self.analysis.layers:
            rows, columns = known[layer].grid or (1, 1)
            values = photos * known[layer].units * rows * columns
            if waiting and held + values > HELD:
                yield waiting
                waiting, held = [], 0
            waiting.append(layer)
            held += values
        yield waiting


@dataclass(frozen=True)
class CKATask(FindingTask):
    """How alike layers are, of one model or of two, by the Gram matrices of the same minibatches.

    Attributes:
        rows, columns_of: keys of the minibatches' Gram matrices, of the first and the other model; no columns of one.
    """

    name: ClassVar[str] = "cka"
    cards: ClassVar[tuple[MetricCard, ...]] = (CARD,)

    rows: tuple[str, ...]
    columns_of: tuple[str, ...]

    def find(self, bench: Bench) -> Found:
        """See :meth:`FindingTask.find`."""
        first, other = self.models[0], self.models[-1]
        two = bool(self.columns_of)
        gathered = CKA(first.layers, other.layers if two else None)
        skipped: dict[str, None] = {}
        lost = 0
        for place, key in enumerate(self.rows):
            document, arrays = read_arrays(bench.store, key)
            skipped |= dict.fromkeys(texts(document, "skipped"))
            others = read_arrays(bench.store, self.columns_of[place])[1] if two else None
            if arrays and (others or not two):
                gathered.add(arrays, others)
            else:
                lost += 1
        if lost == len(self.rows):
            raise ScoreError("no minibatch has enough photos that can be read", "mend the photos, or add others")
        found = gathered.result(int(str(self.analysis.parameters["seed"])))
        names = (first.name, other.name)
        left_out = [f"{names[which]}, {layer}: it {why}" for (which, layer), why in found.reasons.items()]
        left_out += [f"{lost} minibatches have fewer than {LEAST} photos that can be read"] if lost else []
        return Found(
            {
                "figures": tuple(_figures(found)),
                "photo_count": found.photos,
                "skipped": tuple(skipped),
                "left_out": tuple(left_out),
            }
        )


def _figures(found: Similarity) -> Iterator[FindingFigure]:
    """Yield a number for each pair of layers that has one, row by row."""
    for row, layer in enumerate(found.rows):
        for column, other in enumerate(found.columns):
            value, low, high = (float(each[row, column]) for each in (found.values, found.low, found.high))
            if is_number(value, low, high):
                interval = Figure(value, *((low, high) if found.batches > 1 else (value, value)), found.photos)
                yield figure_of(CARD.name, interval, layer=layer, other_layer=other)
