"""Probe: a little of what a network computes, so that a change of its code is noticed where its modules do not tell.

Two seeded pictures go through it three times: as they are, again, and changed in their last bits; the gradient of the
dry forward is kept beside. If the second pass gives something else, the network is random. How far the third leads
away says how far another machine's rounding may.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from atlas.core.job import LOGITS, Preprocessing
from atlas.core.model_card import Computed
from atlas.core.sameness import relative_difference
from atlas.errors import ModelError
from atlas.models.capture import watching
from atlas.models.layers import DRY_BATCH, run
from atlas.models.output import first_tensor, select_logits

Values = dict[str, tuple[float | None, ...]]
"""Layer to some of its values; None stands for what is not finite."""

LAYERS = 16
"""Layers of which values are kept, evenly spread over the network, the last among them."""
VALUES = 64
"""Values that are kept of each."""
DISTURBANCE = 1e-6
"""Relative change of the third pass's input. On seven families of networks it moves activations two to three times as
far as other kernels, another number of threads or float64 do (3e-7 to 2e-6)."""
MARGIN = 10.0
"""By which a difference must exceed that of the third pass to be another computation. A GELU by its tanh approximation
throughout a transformer makes one 80 times as large, in one of its twelve blocks 70 times."""
LEAST, MOST = 1e-5, 0.5
"""Bounds of the tolerance: of what rounding hardly moves, and above which nothing is told apart."""
RANDOM = 1e-4
"""Relative difference of the second pass from which on a network is random."""
GRADIENT = "gradient of the image"
"""What is compared beside layers: code may change its backward alone."""
GRADIENT_TOLERANCE = 0.1
"""Of the gradient, which jumps where rounding moves an activation past a kink."""


def probe(
    module: nn.Module,
    preprocessing: Preprocessing,
    layers: Sequence[str],
    output: str | int | None,
    gradient: Tensor,
) -> tuple[Computed, ...]:
    """Return what layers make of two pictures; nothing if that is never twice the same.

    Args:
        module: frozen.
        layers: names in order of completion, the logits last if there are any.
        output: the configuration's choice among several outputs.
        gradient: of the dry forward.
    """
    last, count = len(layers) - 1, min(LAYERS, len(layers))
    chosen = {layers[last - number * last // max(1, count - 1)] for number in range(count)}
    pictures = probe_input(preprocessing)
    noise = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(1))
    try:
        first, again, disturbed = (
            _values(module, shown, chosen, output)
            for shown in (pictures, pictures, pictures * (1 + DISTURBANCE * noise))
        )
    except ModelError:  # it takes noise, but not these
        return ()
    if max(_moved(first, again).values(), default=math.inf) > RANDOM:
        return ()
    within = {layer: max(LEAST, MARGIN * moved) for layer, moved in _moved(first, disturbed).items()}
    found = [
        Computed(layer=layer, values=first[layer], within=within[layer])
        for layer in layers
        if within.get(layer, math.inf) <= MOST
    ]
    return (*found, Computed(layer=GRADIENT, values=_sample(gradient), within=GRADIENT_TOLERANCE))


def _moved(before: Values, after: Values) -> dict[str, float]:
    """Return the relative difference of each layer."""
    return {layer: relative_difference(before[layer], after.get(layer, ())) for layer in before}


def probe_input(preprocessing: Preprocessing) -> Tensor:
    """Return two seeded pictures (2, C, H, W), in normalised units: smooth, with noise; the second far beyond range.

    Smooth ones wake units that noise leaves alone; values out of range tell functions apart that only differ there.
    """
    generator = torch.Generator().manual_seed(0)
    shape = (DRY_BATCH, preprocessing.channels, preprocessing.height, preprocessing.width)
    coarse = torch.rand((*shape[:2], 5, 5), generator=generator)
    smooth = F.interpolate(coarse, size=shape[2:], mode="bilinear", align_corners=True)
    pictures = 0.7 * smooth + 0.3 * torch.rand(shape, generator=generator) - 0.5
    return pictures * torch.tensor([4.0, 32.0]).view(DRY_BATCH, 1, 1, 1)


def _values(module: nn.Module, pictures: Tensor, chosen: set[str], output: str | int | None) -> Values:
    """Return layer to some of its values."""
    found: Values = {}

    def note(path: str, made: Any) -> None:
        tensor = first_tensor(made)
        if path in chosen and path != LOGITS and tensor is not None:
            found[path] = _sample(tensor)

    with watching(module, note):
        made = run(module, pictures)
    logits = select_logits(made, output, DRY_BATCH) if LOGITS in chosen else None
    return found if logits is None else found | {LOGITS: _sample(logits)}


def _sample(tensor: Tensor) -> tuple[float | None, ...]:
    """Return values of a tensor, as many of each picture, to 7 digits; None for those that are not finite."""
    rows = tensor.detach().flatten(1)
    # An odd stride does not fall in step with rows and channels, which mostly have even lengths.
    stride = max(1, rows.shape[1] * len(rows) // VALUES) | 1
    values = rows[:, ::stride][:, : VALUES // len(rows)].flatten().tolist()
    return tuple(float(f"{value:.7g}") if math.isfinite(value) else None for value in values)
