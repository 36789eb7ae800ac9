"""VITAL's class units: which of their photos are references, and what these are matched to.

Torch is needed to import this, so it is imported when something is rendered.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.core.job import LOGITS, Target
from atlas.errors import PhotoError
from atlas.methods.batch import RenderBatch
from atlas.methods.photos import reference_digests, reference_photos
from atlas.methods.vital.settings import ResolvedVITAL
from atlas.synthesis.scores.matching import Maps, MapsOf, mean_sorted
from atlas.synthesis.steps.ascent import Stopped
from atlas.synthesis.steps.evaluation import activation_of
from atlas.synthesis.views.shifted import resized

ASKED = 16
"""Photos whose class the model is asked for at once."""


def class_goals(batch: RenderBatch[ResolvedVITAL], maps_for: Callable[[Sequence[Target]], MapsOf]) -> Maps:
    """Return what to match of each target: layer to (B, C, P), the mean over its references.

    These are drawn, by the target's seed, of its photos that the model ranks the class first for, or of all.

    Args:
        maps_for: what is matched of views, for some targets.

    Raises:
        PhotoError: none of a target's photos can be decoded, or the model takes none for its class.
        Stopped: ``batch.should_stop`` said so, between photos.
    """
    known: dict[tuple[str | None, int, int], Maps] = {}
    each = []
    for target, seed in zip(batch.targets, batch.seeds, strict=True):
        same = (target.references, target.unit, seed)
        if same not in known:
            shown = (resized(photo[None], batch.parameters.shown)[0] for photo in _references(batch, target, seed))
            known[same] = mean_sorted(maps_for([target]), shown, batch.device, batch.at_once(batch.parameters.shown))
        each.append(known[same])
    return {layer: torch.cat([maps[layer] for maps in each]) for layer in each[0]}


def _references(batch: RenderBatch[ResolvedVITAL], target: Target, seed: int) -> Iterator[Tensor]:
    """Yield the references of a target, at most as many as are wanted; see :func:`class_goals` for what is raised."""
    given, listed = batch.parameters, reference_digests(target, batch.load_input)
    order = torch.randperm(len(listed), generator=torch.Generator().manual_seed(seed))
    drawn = reference_photos([listed[place] for place in order], given.side, batch.load_input)
    photos = (photo for _, photo in drawn)
    decoded = count = 0
    while count < given.references and (some := list(islice(photos, ASKED))):
        if batch.should_stop():
            raise Stopped
        decoded += len(some)
        if given.class_references == "recognised":
            some = _recognised(batch, target, some)
        for photo in some[: given.references - count]:
            count += 1
            yield photo
    if not decoded:
        raise PhotoError(
            f"none of the reference photos of {target} can be decoded", "replace them with photos that can be opened"
        )
    if not count:
        raise PhotoError(
            f"the model takes none of the {decoded} photos of {target} for its class",
            'add photos that it recognises, or take all of them: parameters.class_references = "all"',
        )


@torch.no_grad()
def _recognised(batch: RenderBatch[ResolvedVITAL], target: Target, photos: Sequence[Tensor]) -> list[Tensor]:
    """Return the photos (3, H, W) for which the model, shown them at its input's size, ranks the class first."""
    network = batch.network
    size = (network.preprocessing.height, network.preprocessing.width)
    whole = F.interpolate(
        torch.stack(list(photos)).to(batch.device), size=size, mode="bilinear", antialias=True, align_corners=False
    )
    first = activation_of(network, whole, LOGITS).argmax(dim=1).tolist()
    return [photo for photo, unit in zip(photos, first, strict=True) if unit == target.unit]
