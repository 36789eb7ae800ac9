"""Embedding: pictures of classes among photos, placed in two dimensions by what a model sees of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from atlas.analyses.embedding import CARD, embed, trustworthiness
from atlas.core.figures import Figure
from atlas.core.finding import MapPoint
from atlas.core.metric_card import MetricCard
from atlas.craft.document import WHOLE
from atlas.craft.gallery import Shown
from atlas.errors import ScoreError
from atlas.evaluation.scores.base import features_at
from atlas.photos import Photo
from atlas.tasks.analysis import read_arrays, texts
from atlas.tasks.bench import Bench
from atlas.tasks.findings.finding import FindingTask, Found, figure_of

EMBEDDING_VERSION = 1
"""Raise it whenever the map of the same looks changes."""
CELL, COLUMNS = 64, 16
"""Of the sprite of photos."""


@dataclass(frozen=True)
class _Item:
    """What is on the map: features (D,), class, and the picture's key and method or the photo."""

    features: np.ndarray
    class_index: int
    picture: str = ""
    method: str = ""
    photo: Photo | None = None


@dataclass(frozen=True)
class EmbeddingTask(FindingTask):
    """A map of pictures of one model's classes among photos of these.

    Attributes:
        pictures: class, method, key of a rendering, and of the look at it.
        looks: class and key of the look at its photos. photos: those of them that are on the map.
        seed: of the map.
    """

    name: ClassVar[str] = "embedding"
    cards: ClassVar[tuple[MetricCard, ...]] = (CARD,)

    pictures: tuple[tuple[int, str, str, str], ...]
    looks: tuple[tuple[int, str], ...]
    photos: tuple[Photo, ...]
    seed: int

    def __str__(self) -> str:
        return f"{self.model}: embedding of its pictures as {self.models[-1].name} sees them"

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} embedding"

    def find(self, bench: Bench) -> Found:
        """See :meth:`FindingTask.find`."""
        skipped: dict[str, None] = {}
        seen = list(self._items(bench, skipped))
        items = [item for item in seen if np.isfinite(item.features).all()]
        if not items:
            raise ScoreError("nothing to be seen of the pictures is a number", "name another model")
        features = np.stack([item.features for item in items])
        places = embed(features, self.seed)
        trust = trustworthiness(features, places)
        own = self.analysis.model.preprocessing
        shown = Shown(tuple(item.photo for item in items if item.photo), bench.photos, max(own.width, own.height))
        chosen = [(number, WHOLE, 0.0) for number in range(len(shown.photos))]
        crops, sprite = shown.crops(chosen, CELL, COLUMNS) if chosen else ((), None)
        number = iter(range(len(shown.photos)))
        points = tuple(
            MapPoint(
                x=float(x),
                y=float(y),
                class_index=item.class_index,
                picture=item.picture or None,
                photo=next(number) if item.photo else None,
                method=item.method,
            )
            for item, (x, y) in zip(items, places, strict=True)
        )
        left_out = [f"{len(seen) - len(items)} of {len(seen)} items: features that are NaN or infinite"]
        where = {"other_layer": self.models[-1].layers[0]}
        told = () if trust is None else (figure_of(CARD.name, Figure(trust, trust, trust, len(items)), **where),)
        return Found(
            {
                "figures": told,
                "points": points,
                "photos": tuple(shown.credits),
                "crops": crops,
                "photo_sprite": sprite,
                "photo_count": len(shown.photos),
                "skipped": tuple(skipped),
                "left_out": tuple(left_out if len(items) < len(seen) else ()),
            },
            shown.files,
        )

    def _items(self, bench: Bench, skipped: dict[str, None]) -> Iterator[_Item]:
        """Yield what is on the map, pictures first; of photos that could not be decoded, why is noted."""
        layer = features_at(self.models[-1].layers[0])
        for index, method, key, look in self.pictures:
            yield _Item(read_arrays(bench.store, look)[1][layer][0], index, key, method)
        by_digest = {photo.digest: photo for photo in self.photos}
        for index, look in self.looks:
            document, arrays = read_arrays(bench.store, look)
            skipped |= dict.fromkeys(texts(document, "skipped"))
            for row, digest in enumerate(texts(document, "rows")):
                if digest in by_digest:
                    yield _Item(arrays[layer][row], index, photo=by_digest[digest])
