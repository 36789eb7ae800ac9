"""Channels: does a picture excite its channel more than photos do? Whole picture against whole photos."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from comparing.study import seen, squares

import atlas
from atlas.activations.tallies import unit_means
from atlas.core.canonical import digest
from atlas.models.load import VisionModel
from atlas.photos import PhotoSet
from atlas.picture import Picture
from atlas.store import Store
from judging.ledger import claimed

QUANTILE = 0.999
GOAL = 0.95
"""Share of channels whose picture is to be above what photos reach."""
TOGETHER = 4
PHOTOS_TOGETHER = 64


@dataclass(frozen=True)
class Channel:
    """One channel's picture.

    Attributes:
        layer, unit: which channel. activation: on the whole picture; None if there is none.
        threshold: what all but 1 of 1,000 photos stay below.
    """

    layer: str
    unit: int
    activation: float | None
    threshold: float

    @property
    def above(self) -> bool:
        """Whether the picture excites it more."""
        return self.activation is not None and self.activation > self.threshold

    @property
    def ratio(self) -> float:
        """Activation over threshold; not a number where photos do not excite the channel at all."""
        return self.activation / self.threshold if self.activation is not None and self.threshold > 0 else float("nan")


def sample(model: VisionModel, layers: Sequence[str], count: int, seed: int = 0) -> list[tuple[str, int]]:
    """Return channels drawn at random, as many of each layer as of the others (the first ones get the rest)."""
    random = np.random.default_rng(seed)
    found = []
    for place, layer in enumerate(layers):
        card = model.card.layer(layer)
        if card is None:
            raise ValueError(f"{model.card.name} has no layer {layer}")
        wanted = min(count // len(layers) + (place < count % len(layers)), card.units)
        found += [(layer, int(unit)) for unit in sorted(random.choice(card.units, wanted, replace=False))]
    return found


def thresholds(model: VisionModel, layers: Sequence[str], photo_set: PhotoSet) -> dict[str, np.ndarray]:
    """Return, for each layer, the quantile over photos of every channel's mean over positions, (units,)."""
    side = model.card.identity.preprocessing.height
    means: dict[str, list[torch.Tensor]] = {layer: [] for layer in layers}
    photos = photo_set.photos
    for start in range(0, len(photos), PHOTOS_TOGETHER):
        shown = list(squares(photo_set, photos[start:][:PHOTOS_TOGETHER], side))
        for layer, activation in seen(model, shown, layers).items():
            means[layer].append(unit_means(activation))
    return {layer: np.quantile(torch.cat(each).double().numpy(), QUANTILE, axis=0) for layer, each in means.items()}


def pictures(
    model: VisionModel,
    units: Sequence[tuple[str, int]],
    options: dict[str, Any],
    folder: Path,
    told: Callable[[str], None],
) -> list[Picture]:
    """Return a picture of every channel, rendering those that the folder's store has not; processes share the work."""
    store = Store(folder / "store", create=True)
    found: dict[int, list[Picture]] = {}
    chunks = [units[start:][:TOGETHER] for start in range(0, len(units), TOGETHER)]
    for wait in (False, True):  # what another process is at is waited for at the end
        for place, chunk in enumerate(chunks):
            targets = [f"{layer}:{unit}" for layer, unit in chunk]
            if place in found:
                continue
            with claimed(folder / "claims" / digest([targets, options])[:16], wait) as mine:
                if mine:
                    told(f"channels {', '.join(targets)}")
                    more = {"store": store, "progress": False, "batch_size": TOGETHER}
                    found[place] = list(atlas.render(model, targets, **options, **more))
    return [picture for place in range(len(chunks)) for picture in found[place]]


def measured(units: Sequence[tuple[str, int]], made: Sequence[Picture], limits: dict[str, np.ndarray]) -> list[Channel]:
    """Return every channel's picture against photos."""
    return [
        Channel(layer, unit, picture.measurements.get("activation"), float(limits[layer][unit]))
        for (layer, unit), picture in zip(units, made, strict=True)
    ]
