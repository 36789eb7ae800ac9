"""Importance: how much each direction of a class matters to its logit, as far as the rest of the network says so."""

from time import perf_counter

import numpy as np
from torch import Tensor

from atlas.core.analysis import Analysis
from atlas.core.figures import bootstrap_interval
from atlas.craft.importance import share_importance, sobol_importance
from atlas.craft.reconstruct import pooled
from atlas.models.anatomy.tail import Context, Tail, tail_of
from atlas.tasks.analysis import keep_arrays
from atlas.tasks.class_bench import ClassBench, Floats

MAPS_PER_PASS = 64
"""Rebuilt maps that go through the rest of the network at once; it bounds memory."""


def measure_importance(on: ClassBench, analysis: Analysis, maps: Floats, directions: Floats) -> None:
    """Measure and store the importance of every fitted direction.

    Args:
        analysis: under which it is kept.
        maps: (p, h, w, r) coefficients on the layer's grid. directions: (r, C).
    """
    started = perf_counter()
    tail = tail_of(on.network, on.layer)
    if tail.layer.prefix_tokens:  # each photo has class tokens of its own, and goes alone
        each = [
            _importance(on, maps[photo : photo + 1], directions, tail, analysis.random_seed, photo)
            for photo in range(len(maps))
        ]
        per_photo = np.concatenate(each)
    else:
        per_photo = _importance(on, maps, directions, tail, analysis.random_seed)
    low, high = bootstrap_interval(per_photo, analysis.random_seed)
    arrays = {"per_photo": per_photo, "mean": per_photo.mean(axis=0), "low": low, "high": high}
    keep_arrays(on.bench, analysis, arrays, {}, perf_counter() - started)


def _importance(
    on: ClassBench, maps: Floats, directions: Floats, tail: Tail, seed: int, photo: int | None = None
) -> Floats:
    """Return the importance (p, r) on photos, or on the one whose class tokens are needed."""
    context = Context() if photo is None else tail.capture(on.images([on.data.photos[photo]])).context

    def logit(activations: Tensor) -> Tensor:
        return tail(activations, context.take([0] * len(activations)))[:, on.index]

    device, batch = str(on.bench.device), MAPS_PER_PASS
    reduced = pooled(maps, directions, logit, batch, device)
    if on.settings.importance == "sobol":
        designs = on.settings.designs
        found = sobol_importance(reduced, directions, logit, designs, seed, batch, device)
    else:
        found = share_importance(reduced, directions, logit, seed, batch, device)
    return found.per_photo.astype(np.float32)
