"""VITAL's class units: what their reference photos are matched to.

Torch is needed to import this, so it is imported when something is rendered.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor

from atlas.core.job import Target
from atlas.errors import PhotoError
from atlas.methods.batch import RenderBatch
from atlas.methods.photos import reference_digests, reference_photos
from atlas.methods.vital.settings import ResolvedVITAL
from atlas.synthesis.scores.matching import Maps, MapsOf, mean_sorted
from atlas.synthesis.steps.ascent import Stopped
from atlas.synthesis.views.shifted import resized


def class_goals(batch: RenderBatch[ResolvedVITAL], maps_for: Callable[[Sequence[Target]], MapsOf]) -> Maps:
    """Return what to match of each target: layer to (B, C, P), from the first of its photos that can be decoded.

    Args:
        maps_for: what is matched of views, for some targets.

    Raises:
        PhotoError: none of a target's photos can be decoded.
        Stopped: ``batch.should_stop`` said so, between two photos.
    """
    known: dict[tuple[str | None, int], Maps] = {}
    for target in batch.targets:
        same = (target.references, target.unit)
        if same not in known:
            digests = reference_digests(target, batch.load_input)
            found = reference_photos(digests, batch.parameters.side, batch.load_input)
            shown = (resized(photo[None], batch.parameters.shown)[0] for _, photo in found)
            photos = _some(shown, batch.parameters.references, target, batch.should_stop)
            known[same] = mean_sorted(maps_for([target]), photos, batch.device)
    each = [known[target.references, target.unit] for target in batch.targets]
    return {layer: torch.cat([maps[layer] for maps in each]) for layer in each[0]}


def _some(photos: Iterator[Tensor], limit: int, target: Target, should_stop: Callable[[], bool]) -> Iterator[Tensor]:
    """Yield at most ``limit`` photos; see :func:`class_goals` for what is raised."""
    count = 0
    for photo in islice(photos, limit):
        if should_stop():
            raise Stopped
        count += 1
        yield photo
    if not count:
        raise PhotoError(
            f"none of the reference photos of {target} can be decoded", "replace them with photos that can be opened"
        )
