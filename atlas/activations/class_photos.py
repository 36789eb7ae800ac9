"""A class's photos as CRAFT needs them: maps of the whole photos, and the means of their patches, from the cache."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import torch
from PIL import Image

from atlas.activations.cache import ActivationCache, as_half
from atlas.activations.tallies import unit_means
from atlas.activations.views import Box, Photos, Viewer, squares
from atlas.core.job import LOGITS
from atlas.models.network.network import Network
from atlas.photos import Photo

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class ClassPhotos:
    """The photos of one class that are used, by digest, and what the network answers to them.

    Attributes:
        photos: p of them.
        maps: (p, C, h, w) float32, the layer's activation on the whole photo.
        patches: (p, P, C) float32, mean over positions of its activation on each patch.
        boxes: the P patches, as shares of the central square.
        found, readable, predicted: how many photos there were, could be decoded, are predicted as the class. The last
            two count up to where enough were found.
        skipped: a sentence for each photo that could not be decoded.
    """

    photos: tuple[Photo, ...]
    maps: np.ndarray
    patches: np.ndarray
    boxes: tuple[Box, ...]
    found: int
    readable: int
    predicted: int
    skipped: list[str] = field(default_factory=list)


class PhotoActivations:
    """Activations of one layer on photos, from the cache where they are there.

    Args:
        network, layer: what to ask.
        source: decodes photos.
        viewer: cuts them.
        cache: of this network, layer and viewer.
        on_photo: called once for each photo that is done; may raise to stop.
    """

    def __init__(
        self,
        network: Network,
        layer: str,
        source: Photos,
        viewer: Viewer,
        cache: ActivationCache,
        on_photo: Callable[[], None] = lambda: None,
    ) -> None:
        self._network = network
        self._layer = layer
        self._source = source
        self._viewer = viewer
        self._cache = cache
        self._on_photo = on_photo
        self.skipped: list[str] = []
        """A sentence for each photo that could not be decoded."""

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The patches, as shares of the central square."""
        return tuple(self._viewer.boxes[1:])

    def whole(self, photos: Sequence[Photo]) -> Iterator[tuple[Photo, Arrays]]:
        """Yield photos with ``map`` (C, h, w) and ``top`` (1,), the index of the strongest logit."""
        yield from self._through_cache(photos, "whole", self._whole, 1)

    def patches(self, photos: Sequence[Photo]) -> Iterator[tuple[Photo, Arrays]]:
        """Yield photos with ``means`` (P, C)."""
        yield from self._through_cache(photos, "patches", self._patches, len(self._viewer.grid.boxes))

    def _through_cache(
        self,
        photos: Sequence[Photo],
        view: str,
        compute: Callable[[list[Image.Image]], list[Arrays]],
        views: int,
    ) -> Iterator[tuple[Photo, Arrays]]:
        """Yield the photos' arrays in order, in groups that make one pass each; memory holds one group."""
        at_once = self._network.views_at_once([LOGITS if view == "whole" else self._layer], self._viewer.size)
        size = max(1, at_once // views)
        waiting = iter(photos)
        while group := list(islice(waiting, size)):
            known = {photo: self._cache.get(photo.digest, view) for photo in group}
            missing = [photo for photo in group if known[photo] is None]
            shown = list(squares(missing, self._source, self._viewer.side, lambda _, why: self.skipped.append(why)))
            if shown:
                computed = compute([square for _, square in shown])
                for (photo, _), arrays in zip(shown, computed, strict=True):
                    self._cache.put(photo.digest, view, arrays)
                    known[photo] = arrays
            for photo in group:
                self._on_photo()
                found = known[photo]
                if found is not None:
                    yield photo, found

    @torch.no_grad()
    def _whole(self, shown: list[Image.Image]) -> list[Arrays]:
        views = torch.stack([self._viewer.whole(square) for square in shown]).to(self._network.device)
        taps = self._network.taps(views, [self._layer, LOGITS])
        maps = taps[self._layer].float().cpu().numpy()
        tops = taps[LOGITS].argmax(dim=1).cpu().numpy()
        return [{"map": as_half(each), "top": np.array([top])} for each, top in zip(maps, tops, strict=True)]

    @torch.no_grad()
    def _patches(self, shown: list[Image.Image]) -> list[Arrays]:
        views = torch.cat([self._viewer.patches(square) for square in shown]).to(self._network.device)
        activation = self._network(views, self._layer)
        means = unit_means(activation).float().unflatten(0, (len(shown), -1)).cpu().numpy()
        return [{"means": as_half(each)} for each in means]


def gather(
    activations: PhotoActivations, photos: Sequence[Photo], class_index: int, only_predicted: bool, limit: int
) -> ClassPhotos:
    """Return the activations of at most ``limit`` photos of a class, in the order of their digests.

    Args:
        only_predicted: leave out photos that the model does not predict as the class.
    """
    ordered = sorted(photos, key=lambda photo: photo.digest)
    kept: list[Photo] = []
    maps: list[np.ndarray] = []
    readable = predicted = 0
    for photo, arrays in activations.whole(ordered):
        readable += 1
        is_predicted = int(arrays["top"][0]) == class_index
        predicted += is_predicted
        if is_predicted or not only_predicted:
            kept.append(photo)
            maps.append(arrays["map"].astype(np.float32))
        if len(kept) == limit:
            break
    patches = {photo: arrays["means"].astype(np.float32) for photo, arrays in activations.patches(kept)}
    together = [place for place, photo in enumerate(kept) if photo in patches]  # one may have gone meanwhile
    return ClassPhotos(
        tuple(kept[place] for place in together),
        np.stack([maps[place] for place in together]) if together else np.empty((0, 0, 0, 0), np.float32),
        np.stack([patches[kept[place]] for place in together]) if together else np.empty((0, 0, 0), np.float32),
        activations.boxes,
        len(photos),
        readable,
        predicted,
        activations.skipped,
    )
