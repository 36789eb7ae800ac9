"""VITAL's class units: what their reference photos are matched to.

Torch is needed to import this, so it is imported when something is rendered.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from atlas.core.job import Target
from atlas.errors import PhotoError
from atlas.methods.photos import reference_digests, reference_photos
from atlas.synthesis.scores.matching import Maps, MapsOf, mean_sorted
from atlas.synthesis.steps.ascent import Stopped

if TYPE_CHECKING:
    from atlas.methods.photos import LoadInput


def class_goals(
    targets: Sequence[Target],
    maps_for: Callable[[Sequence[Target]], MapsOf],
    parameters: dict[str, Any],
    device: torch.device,
    load_input: "LoadInput",
    should_stop: Callable[[], bool],
) -> Maps:
    """Return what to match of each target: layer to (B, C, P), from the first of its photos that can be decoded.

    Args:
        maps_for: what is matched of views, for some targets.
        parameters: of VITAL, fitted.

    Raises:
        PhotoError: none of a target's photos can be decoded.
        Stopped: ``should_stop`` said so, between two photos.
    """
    known: dict[tuple[str | None, int], Maps] = {}
    for target in targets:
        same = (target.references, target.unit)
        if same not in known:
            found = reference_photos(reference_digests(target, load_input), parameters["image_size"], load_input)
            photos = _some(found, parameters["references"], target, should_stop)
            known[same] = mean_sorted(maps_for([target]), photos, device)
    each = [known[target.references, target.unit] for target in targets]
    return {layer: torch.cat([maps[layer] for maps in each]) for layer in each[0]}


def _some(
    photos: Iterator[tuple[str, Tensor]], limit: int, target: Target, should_stop: Callable[[], bool]
) -> Iterator[Tensor]:
    """Yield at most ``limit`` photos; see :func:`class_goals` for what is raised."""
    count = 0
    for _, photo in islice(photos, limit):
        if should_stop():
            raise Stopped
        count += 1
        yield photo
    if not count:
        raise PhotoError(
            f"none of the reference photos of {target} can be decoded", "replace them with photos that can be opened"
        )
