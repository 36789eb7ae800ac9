"""M of activation maximisation: the largest activation of a layer's units on photos (Mahendran and Vedaldi, section 6).

Torch is needed to import this, so it is imported when something is rendered.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from atlas.errors import PhotoError
from atlas.methods.photos import reference_digests, reference_photos
from atlas.synthesis.steps.ascent import Stopped
from atlas.synthesis.steps.evaluation import activation_of

if TYPE_CHECKING:
    from atlas.core.job import Target
    from atlas.methods.batch import RenderBatch
    from atlas.methods.last_scan import LastScan
    from atlas.methods.preimage.settings import PreimageParameters

Extremes = tuple[Tensor, Tensor]
"""The smallest and the largest activation of each unit of a layer, (C,) each, on the CPU."""


def largest_on_photos(batch: "RenderBatch[PreimageParameters]", last: "LastScan[Extremes]") -> list[float]:
    """Return the largest activation, times the sign, of each target's unit at any position of its reference photos.

    The network sees each photo whole, as large as a picture. Where nothing is above 0 there is no scale, and it is 1.

    Args:
        last: the scan made last.

    Raises:
        PhotoError: none of a target's photos can be decoded.
        Stopped: ``batch.should_stop`` said so.
    """
    found = []
    for target in batch.targets:
        low, high = last.get(batch.network, _key(batch, target), _scan(batch, target))
        found.append(max(0.0, float(high[target.unit] if target.sign > 0 else -low[target.unit])) or 1.0)
    return found


def _key(batch: "RenderBatch[PreimageParameters]", target: "Target") -> object:
    return target.layer, target.references, batch.parameters.side


def _scan(batch: "RenderBatch[PreimageParameters]", target: "Target") -> Callable[[], Extremes]:
    """Return what looks at all reference photos of a target."""

    def scan() -> Extremes:
        passes = list(_extremes(batch, target))
        if not passes:
            what = f"none of the reference photos of {target} can be decoded"
            raise PhotoError(what, "replace them with photos that can be opened")
        lows, highs = (torch.stack(each) for each in zip(*passes, strict=True))
        return lows.amin(dim=0), highs.amax(dim=0)

    return scan


@torch.no_grad()
def _extremes(batch: "RenderBatch[PreimageParameters]", target: "Target") -> Iterator[Extremes]:
    """Yield the extremes over some photos at a time."""
    side = batch.parameters.side
    size = batch.at_once((side, side))
    photos = reference_photos(reference_digests(target, batch.load_input), side, batch.load_input)
    while some := [photo for _, photo in islice(photos, size)]:
        if batch.should_stop():
            raise Stopped
        activation = activation_of(batch.network, torch.stack(some).to(batch.device), target.layer)
        units = activation.transpose(0, 1).flatten(1)  # (C, photos and positions)
        yield units.amin(dim=1).cpu(), units.amax(dim=1).cpu()
