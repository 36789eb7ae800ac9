"""Reference patches of VITAL's intermediate units: which parts of which photos excite a unit most (section 1.3).

Torch is needed to import this, so it is imported when something is rendered.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from atlas.activations.views import cut_patches
from atlas.errors import PhotoError
from atlas.methods.parameters import Size
from atlas.methods.photos import reference_photos
from atlas.models.network.network import Network
from atlas.photos.views import PatchGrid
from atlas.synthesis.steps.ascent import Stopped
from atlas.synthesis.steps.evaluation import activation_of

if TYPE_CHECKING:
    from atlas.methods.photos import LoadInput

Score = Callable[[Tensor], Tensor]
"""Activation (N, C, h, w) or (N, C) of N patches -> the score of each for every unit, (N, U)."""


@dataclass(frozen=True)
class Cut:
    """How photos are cut into patches.

    Attributes:
        grid: of the patches on the central square of a photo.
        size: (height, width) to which patches are resized, pixels.
    """

    grid: PatchGrid
    size: Size

    def patches(self, photo: Tensor, which: Iterable[int]) -> Tensor:
        """Return some patches of a central square (3, side, side), (P, 3, *size), resized bilinearly."""
        return cut_patches(photo, [self.grid.boxes[index] for index in which], self.size)


@dataclass(frozen=True)
class Found:
    """The patches with the highest scores, one of each photo at most.

    Attributes:
        photos: digests of all photos that could be decoded.
        scores: (K, U), highest first; K is at most the number of photos.
        photo, box: (K, U): indices of the photo and of the patch's box.
    """

    photos: list[str]
    scores: Tensor
    photo: Tensor
    box: Tensor

    def of(self, unit: int, count: int) -> list[tuple[str, int]]:
        """Return the digest and the box of a unit's ``count`` best patches."""
        chosen = zip(self.photo[:count, unit].tolist(), self.box[:count, unit].tolist(), strict=True)
        return [(self.photos[photo], box) for photo, box in chosen]


def channel_means(activation: Tensor) -> Tensor:
    """Return the mean over positions of every channel, (N, C): the paper's score of a patch."""
    return activation.flatten(2).mean(dim=2) if activation.dim() > 2 else activation


def values_at(position: tuple[int, int] | None) -> Score:
    """Return the score of a patch for neurons: every channel's value at (row, column), the central one for None."""

    def score(activation: Tensor) -> Tensor:
        row, column = position or (activation.shape[2] // 2, activation.shape[3] // 2)
        return activation[:, :, row, column]

    return score


@torch.no_grad()
def scan(
    network: Network,
    layer: str,
    digests: Sequence[str],
    cut: Cut,
    score: Score,
    keep: int,
    load_input: "LoadInput",
    should_stop: Callable[[], bool],
) -> Found:
    """Show the network, up to a layer, every patch of every photo.

    Args:
        keep: how many patches of each unit.

    Raises:
        PhotoError: no photo can be decoded.
        Stopped: ``should_stop`` said so, between two photos.
    """
    photos: list[str] = []
    best: tuple[Tensor, Tensor, Tensor] | None = None
    everything = range(len(cut.grid.boxes))
    per_pass = max(1, network.views_at_once([layer], cut.size) // len(cut.grid.boxes))
    for group in _groups(_watched(reference_photos(digests, cut.grid.side, load_input), should_stop), per_pass):
        views = torch.cat([cut.patches(photo, everything) for _, photo in group]).to(network.device)
        scores = score(activation_of(network, views, layer)).unflatten(0, (len(group), -1))  # (n, P, U)
        values, boxes = scores.max(dim=1)
        numbers = torch.arange(len(photos), len(photos) + len(group), device=values.device)[:, None].expand_as(boxes)
        photos += [digest for digest, _ in group]
        best = _merged(best, (values, numbers, boxes), keep)
    if best is None:
        raise PhotoError("none of the reference photos can be decoded", "replace them with photos that can be opened")
    return Found(photos, *(part.cpu() for part in best))


def patches_of(
    chosen: Sequence[tuple[str, int]], cut: Cut, load_input: "LoadInput", should_stop: Callable[[], bool]
) -> Iterator[Tensor]:
    """Yield patches (3, *size) by photo and box."""
    for digest, box in chosen:
        for _, photo in _watched(reference_photos([digest], cut.grid.side, load_input), should_stop):
            yield cut.patches(photo, [box])[0]


def _merged(
    best: tuple[Tensor, Tensor, Tensor] | None, more: tuple[Tensor, Tensor, Tensor], keep: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the ``keep`` entries of each column with the highest scores; of equal ones, the earlier."""
    scores, photos, boxes = more if best is None else (torch.cat(pair) for pair in zip(best, more, strict=True))
    scores, order = scores.sort(dim=0, descending=True, stable=True)
    order = order[:keep]
    return scores[:keep], photos.gather(0, order), boxes.gather(0, order)


def _watched(photos: Iterator[tuple[str, Tensor]], should_stop: Callable[[], bool]) -> Iterator[tuple[str, Tensor]]:
    for each in photos:
        if should_stop():
            raise Stopped
        yield each


def _groups(photos: Iterator[tuple[str, Tensor]], size: int) -> Iterator[list[tuple[str, Tensor]]]:
    group: list[tuple[str, Tensor]] = []
    for each in photos:
        group.append(each)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
