"""Texture bias: at which rank a model has the class of photos without colour, texture or shape, and shares of that."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from PIL import Image

from atlas.analyses.ranks import ranks
from atlas.analyses.texture import CARD, CARDS, RECOGNISED, SIDE, VARIANTS, accuracies, called, variant
from atlas.core.finding import FindingFigure
from atlas.core.job import LOGITS
from atlas.core.metric_card import MetricCard
from atlas.errors import ScoreError
from atlas.photos import Photo
from atlas.tasks.analysis import Arrays, read_arrays, texts
from atlas.tasks.bench import Bench
from atlas.tasks.findings.finding import FindingTask, Found, figure_of
from atlas.tasks.findings.measurement import MeasurementTask
from atlas.tasks.look import as_input

RECOGNITION_VERSION, TEXTURE_VERSION = 1, 2
"""Raise one whenever what it makes of the same photos changes."""


@dataclass(frozen=True)
class RecognitionTask(MeasurementTask):
    """The rank of their class in each variant of photos of a class: an array (N,) for each variant.

    Attributes:
        seed: of what variants draw.
    """

    measures: ClassVar[str] = "recognition"

    seed: int

    @property
    def side(self) -> int:
        """See :attr:`MeasurementTask.side`: that of the variants."""
        return SIDE

    @torch.no_grad()
    def measure(
        self, squares: Iterator[tuple[Photo, Image.Image]], bench: Bench
    ) -> tuple[Arrays, Mapping[str, object]]:
        """See :meth:`MeasurementTask.measure`."""
        network, index = bench.network(self.analysis.numerics), self.analysis.class_index
        rows = []
        for photo, square in squares:
            pixels = torch.from_numpy(np.array(square)).permute(2, 0, 1).float() / 255
            changed = [_picture(variant(name, pixels, photo.digest, self.seed)) for name in VARIANTS]
            logits = network(torch.cat([as_input(one, network) for one in changed]), LOGITS)
            rows.append(ranks(logits.cpu().numpy())[:, index])
        found = np.stack(rows).astype(np.float32) if rows else np.zeros((0, len(VARIANTS)), np.float32)
        return {name: found[:, place] for place, name in enumerate(VARIANTS)}, {}


@dataclass(frozen=True)
class TextureBiasTask(FindingTask):
    """The share of photos that a model recognises in each variant, of all and of each class.

    Attributes:
        recognition: class index to key of what was measured of its photos.
    """

    name: ClassVar[str] = "texture_bias"
    cards: ClassVar[tuple[MetricCard, ...]] = CARDS

    recognition: tuple[tuple[int, str], ...]

    def find(self, bench: Bench) -> Found:
        """See :meth:`FindingTask.find`."""
        recognised: dict[str, list[bool]] = {name: [] for name in VARIANTS}
        classes: list[int] = []
        skipped: dict[str, None] = {}
        for index, key in self.recognition:
            document, arrays = read_arrays(bench.store, key)
            skipped |= dict.fromkeys(texts(document, "skipped"))
            classes += [index] * len(arrays["original"])
            for name, outcomes in recognised.items():
                outcomes += (arrays[name] == 1).tolist()
        if not classes:
            raise ScoreError("no photo can be read", "mend the photos, or add others")
        return Found(
            {
                "figures": tuple(_figures(recognised, classes)),
                "photo_count": len(classes),
                "skipped": tuple(skipped),
            }
        )


def _figures(recognised: Mapping[str, list[bool]], classes: list[int]) -> Iterator[FindingFigure]:
    """Yield the shares of all photos, of those recognised unchanged, and of each class."""
    found = accuracies(recognised, classes)
    for name, accuracy in found.items():
        yield figure_of(CARD.name, accuracy.overall, variant=called(name))
    for name, accuracy in found.items():
        if accuracy.of_recognised is not None and name != "original":
            yield figure_of(RECOGNISED.name, accuracy.of_recognised, variant=called(name))
    for name, accuracy in found.items():
        for index, figure in accuracy.by_class.items():
            yield figure_of(CARD.name, figure, variant=called(name), class_index=index)


def _picture(photo: torch.Tensor) -> Image.Image:
    """Return a photo (3, H, W) in [0, 1] as a picture of 8 bits, as photos are."""
    return Image.fromarray((photo * 255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy())
