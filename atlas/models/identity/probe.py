"""Probe: a little of what a network computes, so that a change of its code is noticed where its modules do not tell.

Two seeded pictures go through it three times: as they are, again, and changed in their last bits; the gradient of the
dry forward is kept beside. If the second pass gives something else, the network is random. How far the third leads
away says how far another machine's rounding may.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from atlas.core.job import LOGITS, Preprocessing
from atlas.core.model_card import Computed
from atlas.core.sameness import relative_difference
from atlas.errors import ModelError
from atlas.models.network.capture import watching
from atlas.models.network.examine import DRY_BATCH, dry_input, run
from atlas.models.network.output import first_tensor, select_logits

Values = dict[str, tuple[float | None, ...]]
"""Layer to some of its values; None stands for what is not finite."""

VALUES = 8
"""Values that are kept of each layer and picture: sums of a part of it each, in which no number is left out."""
DISTURBANCE = 1e-6
"""Relative change of the third pass's input, ten times float32's rounding."""
MARGIN = 10.0
"""By which a difference must exceed that of the third pass to be another computation. Other kernels, another number of
threads and float64 take at most an eighth of that in any layer of eight networks: lite0, resnet18, densenet121,
efficientnet_b0, convnext_atto, vit_tiny, swin_tiny, mixer_s32. One GELU of twelve by its tanh approximation makes
more."""
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
    try:
        passes = _passes(module, probe_input(preprocessing), layers, output)
    except ModelError:  # it takes noise, but not these
        passes = _passes(module, dry_input(preprocessing), layers, output)
    first, again, disturbed = passes
    if max(_moved(first, again).values(), default=math.inf) > RANDOM:
        return ()
    within = {layer: max(LEAST, MARGIN * moved) for layer, moved in _moved(first, disturbed).items()}
    found = [
        Computed(layer=layer, values=first[layer], within=within[layer])
        for layer in layers
        if within.get(layer, math.inf) <= MOST
    ]
    return (*found, Computed(layer=GRADIENT, values=_sums(gradient), within=GRADIENT_TOLERANCE))


def _passes(module: nn.Module, pictures: Tensor, layers: Sequence[str], output: str | int | None) -> list[Values]:
    """Return what layers make of pictures, of the same again, and of disturbed ones."""
    noise = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(1))
    shown = (pictures, pictures, pictures * (1 + DISTURBANCE * noise))
    return [_values(module, each, set(layers), output) for each in shown]


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
    """Return layer to some values. A gradient is asked for, as in rendering: without, modules may take other ways."""
    found: Values = {}

    def note(path: str, made: Any) -> None:
        tensor = first_tensor(made)
        if path in chosen and path != LOGITS and tensor is not None:
            found[path] = _sums(tensor)

    with watching(module, note):
        made = run(module, pictures.clone().requires_grad_())
    logits = select_logits(made, output, DRY_BATCH) if LOGITS in chosen else None
    return found if logits is None else found | {LOGITS: _sums(logits)}


def _sums(tensor: Tensor) -> tuple[float | None, ...]:
    """Return sums over parts of a tensor, of each picture its own, to 7 digits; None for parts without a finite number.

    Each number has a sign of its own, so that they do not cancel, and two that change places are noticed.
    """
    rows = tensor.detach().flatten(1).double()
    rows = rows * _signs(1 << rows.shape[1].bit_length())[: rows.shape[1]]
    finite = rows.isfinite()
    parts = zip(rows.where(finite, 0).tensor_split(VALUES, 1), finite.tensor_split(VALUES, 1), strict=True)
    sums = [torch.where(known.any(1), part.sum(1), math.nan) for part, known in parts if part.shape[1]]
    values = torch.stack(sums, 1).flatten().tolist()
    return tuple(float(f"{value:.7g}") if math.isfinite(value) else None for value in values)


@lru_cache(maxsize=32)
def _signs(count: int) -> Tensor:
    """Return that many seeded signs, float32."""
    return torch.randint(2, (count,), generator=torch.Generator().manual_seed(2)).float() * 2 - 1
