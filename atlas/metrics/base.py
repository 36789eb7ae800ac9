"""What a metric is: a card, the targets that it applies to, and a function from finished pictures to one value each."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.core.job import LOGITS, Target
from atlas.core.metric_card import MetricCard
from atlas.core.registry import Registry
from atlas.models.network.network import Network
from atlas.synthesis.steps.evaluation import activation_of


@dataclass(frozen=True)
class Seen:
    """Pictures as they are stored, and what the network makes of them, whole and resized to its input.

    Attributes:
        pictures: (B, 3, H, W) sRGB in [0, 1]; every value is k / 255.
        activation: of the targets' layer, (B, ...). probabilities: of all classes, (B, K); None if there are none.
    """

    pictures: Tensor
    activation: Tensor
    probabilities: Tensor | None

    def __getitem__(self, places: list[int]) -> "Seen":
        """Return some of them."""
        probabilities = None if self.probabilities is None else self.probabilities[places]
        return Seen(self.pictures[places], self.activation[places], probabilities)


def see(network: Network, pictures: Tensor, layer: str, classifies: bool) -> Seen:
    """Show pictures to a network.

    Args:
        pictures: (B, 3, H, W) sRGB in [0, 1]; resized to the network's input.
        classifies: whether the outputs are classes.
    """
    size = (network.preprocessing.height, network.preprocessing.width)
    whole = F.interpolate(pictures, size=size, mode="bilinear", antialias=True, align_corners=False)
    activation = activation_of(network, whole, layer)
    probabilities = activation_of(network, whole, LOGITS).float().softmax(dim=1) if classifies else None
    return Seen(pictures, activation, probabilities)


@dataclass(frozen=True)
class Finished:
    """A batch of finished pictures by one method, of one layer and kind: what a metric is given.

    Attributes:
        targets: what the pictures are of, B.
        traces: the method's objective at every step, of each.
        seen: the pictures. photos: the photos that they are of or start from, as seen by the same network, the same
            size; None if the targets name none.
        objective_unit: of the method's objective. views: that the objective is a mean over.
        load_input: sha256 to the bytes of what a target names.
    """

    targets: Sequence[Target]
    traces: Sequence[Sequence[float]]
    seen: Seen
    photos: Seen | None
    objective_unit: str
    views: int
    load_input: Callable[[str], bytes]

    def only(self, places: list[int]) -> "Finished":
        """Return some of them."""
        return replace(
            self,
            targets=[self.targets[place] for place in places],
            traces=[self.traces[place] for place in places],
            seen=self.seen[places],
            photos=None if self.photos is None else self.photos[places],
        )

    @property
    def originals(self) -> Seen:
        """The photos, for metrics that apply only to targets that name one."""
        assert self.photos is not None
        return self.photos


class Metric(ABC):
    """One number that is measured of every finished picture that it applies to, whatever method made it.

    Subclass, then ``METRICS.register(card.name, instance)``; another package names its instance in the entry-point
    group ``atlas.metrics``. Records keep the values, the store the card.

    Attributes:
        card: what the number says; its name is the metric's.
        place: where it stands in a record; those of other packages come after ours, by name.
    """

    card: ClassVar[MetricCard]
    place: ClassVar[int] = 1000

    @abstractmethod
    def applies(self, target: Target) -> bool:
        """Tell whether it can be measured of a target's picture."""

    @abstractmethod
    def measure(self, finished: Finished) -> Tensor:
        """Return one value for each picture, (B,), none of which depends on the rest of the batch.

        What is NaN or infinite is left out of the record. It runs without gradients.

        Args:
            finished: pictures of targets that it applies to.
        """

    def unit(self, finished: Finished) -> str:
        """Return the unit of its values: the card's, unless that varies."""
        return self.card.unit

    def samples(self, finished: Finished) -> int:
        """Return how many samples each value is a mean of."""
        return 1


METRICS: Registry[Metric] = Registry("metric", "atlas.metrics", Metric)


def in_order() -> list[Metric]:
    """Return all metrics in the order in which records hold their values."""
    return sorted((metric for _, metric in METRICS), key=lambda metric: (metric.place, metric.card.name))


def item_by_item(compare: Callable[[Tensor, Tensor], Tensor], finished: Finished) -> Tensor:
    """Return what a comparison of pictures with photos says of each pair, alone, so that no batch changes its rounding.

    Args:
        compare: pictures (1, 3, H, W) and photos (1, 3, H, W) to (1,).
    """
    pairs = zip(finished.seen.pictures.split(1), finished.originals.pictures.split(1), strict=True)
    return torch.cat([compare(picture, photo) for picture, photo in pairs])
