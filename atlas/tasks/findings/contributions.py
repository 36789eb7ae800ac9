"""Contributions: what channels of a layer give to a class's logit on photos, from the mean over photos on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from atlas.analyses.attribution import attribute
from atlas.models.anatomy.tail import Captured, Context, Tail, tail_of
from atlas.photos import Photo
from atlas.tasks.analysis import Arrays, read_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.findings.measurement import TOGETHER, MeasurementTask
from atlas.tasks.look import as_input

BASELINE_VERSION, CONTRIBUTIONS_VERSION = 1, 1
"""Raise one whenever what it makes of the same photos changes."""
KEPT = 64
"""Channels whose maps are kept: the strongest for the class, and as many against it."""
ACTIVATION, PREFIX = "activation", "prefix"


@dataclass(frozen=True)
class BaselineTask(MeasurementTask):
    """The mean over photos of a layer's activation, position by position, and of its class and register tokens."""

    measures: ClassVar[str] = "mean activation"

    @torch.no_grad()
    def measure(
        self, squares: Iterator[tuple[Photo, Image.Image]], bench: Bench
    ) -> tuple[Arrays, Mapping[str, object]]:
        """See :meth:`MeasurementTask.measure`."""
        tail = _tail(self, bench)
        sums: dict[str, Tensor] = {}
        count = 0
        for _, captured in _captured(tail, squares):
            there = {ACTIVATION: captured.activation, PREFIX: captured.context.prefix}
            for name, tensor in there.items():
                if tensor is not None:
                    sums[name] = sums.get(name, torch.zeros(())) + tensor.double().sum(dim=0).cpu()
            count += len(captured.activation)
        return {name: (total / count).float().numpy() for name, total in sums.items()}, {"photos": count}


@dataclass(frozen=True)
class ContributionsTask(MeasurementTask):
    """What each channel gives to the logit of a class on each of its photos.

    Arrays: ``values`` and ``moved`` (N, C), ``rise`` (N,), ``exact`` (N,) 0 or 1; of the channels that ``mapped`` (k,)
    names, ``maps`` (k, N, h, w), if the layer has positions. See :class:`atlas.analyses.attribution.Attribution`.

    Attributes:
        baseline: key of the mean activation.
    """

    measures: ClassVar[str] = "contributions"

    baseline: str

    def measure(
        self, squares: Iterator[tuple[Photo, Image.Image]], bench: Bench
    ) -> tuple[Arrays, Mapping[str, object]]:
        """See :meth:`MeasurementTask.measure`."""
        tail, index = _tail(self, bench), self.analysis.class_index
        assert index is not None  # it was planned of a class
        means = {
            name: torch.from_numpy(array).to(bench.device)[None]
            for name, array in read_arrays(bench.store, self.baseline)[1].items()
        }

        def logits(activation: Tensor, prefix: Tensor | None) -> Tensor:
            return tail(activation, Context(prefix))

        parts: dict[str, list[np.ndarray]] = {}
        for count, captured in _captured(tail, squares):
            found = attribute(
                logits,
                captured.activation,
                torch.full((count,), index, device=bench.device),
                captured.context.prefix,
                means.get(ACTIVATION),
                means.get(PREFIX),
            )
            rows = {"values": found.values, "moved": found.moved, "rise": found.rise, "maps": found.maps}
            for name, tensor in {**rows, "exact": found.is_exact}.items():
                parts.setdefault(name, []).append(tensor.float().cpu().numpy())
        arrays = {name: np.concatenate(each) for name, each in parts.items()}
        return _with_fewer_maps(arrays), {}


def _with_fewer_maps(arrays: Arrays) -> Arrays:
    """Return the arrays of photos with the maps of the strongest channels alone; none of a layer without positions."""
    maps = arrays.pop("maps", None)
    if maps is None or maps.ndim != 4 or 1 in maps.shape[3:]:
        return arrays
    values = arrays["values"][np.isfinite(arrays["values"]).all(axis=1)]
    order = np.argsort(-values.mean(axis=0), kind="stable") if len(values) else np.arange(maps.shape[1])
    chosen = np.unique(np.concatenate([order[:KEPT], order[-KEPT:]]))
    return {**arrays, "mapped": chosen.astype(np.float32), "maps": maps[:, chosen].transpose(1, 0, 2, 3)}


def _tail(task: MeasurementTask, bench: Bench) -> Tail:
    return tail_of(bench.network(task.analysis.numerics), task.analysis.layers[0])


def _captured(tail: Tail, squares: Iterator[tuple[Photo, Image.Image]]) -> Iterator[tuple[int, Captured]]:
    """Yield how many photos go through the network, and what the layer makes of them."""
    waiting: list[Tensor] = []
    for _, image in squares:
        waiting.append(as_input(image, tail.network))
        if len(waiting) == TOGETHER:
            yield TOGETHER, _capture(tail, waiting)
            waiting.clear()
    if waiting:
        yield len(waiting), _capture(tail, waiting)


@torch.no_grad()
def _capture(tail: Tail, images: list[Tensor]) -> Captured:
    return tail.capture(torch.cat(images))
