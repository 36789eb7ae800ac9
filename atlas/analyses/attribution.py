"""Channel attribution: which channels of a layer make a class's logit, and where on the photo (Shi et al. 2023, V-C).

Aumann-Shapley values of the layer's activation, summed over positions. Memory holds a few times the activation.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.attribution.aumann_shapley import aumann_shapley
from atlas.core.figures import Figure, interval_of, mean, resampled, share
from atlas.core.metric_card import MetricCard
from atlas.core.sources import VIT_AND_CNN
from atlas.errors import ScoreError

Logits = Callable[[Tensor, Tensor | None], Tensor]
"""The rest of a network: activation (N, C, ...) and class or register tokens (N, P, C), or None, to logits (N, K)."""

STEPS = 32
"""Points on the way from the baseline, at first."""

MOST_STEPS = 256
"""Points on the way, at most."""

EXACT = 0.01
"""Largest gap between the values' sum and the logit's change, in proportion to the sum of the values' magnitudes."""

CARD = MetricCard(
    name="attribution",
    title="attribution",
    about="models",
    summary="what a channel contributes to a class's logit, summed over positions",
    meaning=(
        "Above 0: the channel speaks for the class on this photo; below 0: against it. All channels together make up "
        "the change of the logit from the baseline, so a value is also a part of something.",
        "Its share is its magnitude over the sum of all channels' magnitudes. Where it lies on the photo, the heat map "
        "tells; the channel's picture shows what it answers to, drawn on the side to which its activation moved.",
    ),
    definition="The Aumann-Shapley values of the layer's activation (integrated gradients from a baseline), summed "
    "over positions, class and register tokens among them. Values sum to the logit's change; the gap is given.",
    unit="logit",
    n="one value of a photo, or the mean over n photos with the bootstrap's interval over photos",
    paper=VIT_AND_CNN,
    limits=(
        "Values depend on the baseline: what stands for the channel's absence.",
        "Behind a layer that norms its input, as in transformers, nothing is a poor baseline, for the norm answers the "
        "same to an activation and to a thousandth of it: the mean over photos is a better one.",
    ),
)

SHARE = MetricCard(
    name="attribution_share",
    title="share of a channel",
    about="models",
    summary="how much of all that a layer's channels contribute to a class's logit is one channel's",
    meaning=("All channels' shares sum to 1, whether they speak for the class or against it.",),
    definition="The magnitude of the channel's mean value over photos, over the sum of those of all channels.",
    lowest=0,
    highest=1,
    form="percent",
    n="of the mean over n photos, with the bootstrap's interval over photos",
    paper=VIT_AND_CNN,
    limits=("A channel that speaks for the class on one photo and against it on another has a small share.",),
)

RISE = MetricCard(
    name="attribution_rise",
    title="logit above the baseline",
    about="models",
    summary="by how much a class's logit rises from the baseline to its photos: what the channels' values sum to",
    definition="The mean over photos of the logit minus what the network says from the baseline on.",
    unit="logit",
    n="mean over n photos, with the bootstrap's interval over photos",
    paper=VIT_AND_CNN,
)

GAP = MetricCard(
    name="attribution_gap",
    title="gap of the attribution",
    about="models",
    summary="by how much the channels' values miss the logit's change, in proportion to what they amount to",
    meaning=(
        f"Steps are doubled until it is below {EXACT:.0%}, up to {MOST_STEPS}; photos that stay above are counted.",
    ),
    definition="The mean over photos of the magnitude of the change less the sum of values, over the sum of their "
    "magnitudes.",
    lowest=0,
    better="lower",
    form="percent",
    n="mean over n photos, with the bootstrap's interval over photos",
    paper=VIT_AND_CNN,
)
CARDS = (CARD, SHARE, RISE, GAP)


@dataclass(frozen=True)
class Attribution:
    """What the channels of a layer contribute to one logit of each of N photos.

    Attributes:
        values: (N, C) float64; > 0 raises the logit.
        moved: (N, C) float64: the sum over positions by which the activation differs from the baseline; its sign says
            on which side of it the channel's picture is to be drawn.
        maps: (N, C, ...) as the activation: values by position. Class and register tokens are in ``values`` alone.
        rise: (N,) float64: the change of the logit from the baseline.
        steps: (N,) points on the way that were needed.
    """

    values: Tensor
    moved: Tensor
    maps: Tensor
    rise: Tensor
    steps: Tensor

    @property
    def gap(self) -> Tensor:
        """(N,): by how much the values miss the logit's change."""
        return self.rise - self.values.sum(dim=1)

    @property
    def is_exact(self) -> Tensor:
        """(N,): whether that is within :data:`EXACT` of what values amount to; never where something is NaN."""
        return self.gap.abs() <= EXACT * self.values.abs().sum(dim=1)


def attribute(
    logits: Logits,
    activation: Tensor,
    classes: Tensor,
    prefix: Tensor | None = None,
    baseline: Tensor | None = None,
    prefix_baseline: Tensor | None = None,
    steps: int = STEPS,
    most_steps: int = MOST_STEPS,
) -> Attribution:
    """Return what each channel contributes to the logit of each photo's class.

    Steps are doubled for a photo until its values sum to the logit's change (:data:`EXACT`), or there are enough. No
    photo's values depend on another's.

    Args:
        logits: from the layer on, for any number of photos; no photo depends on another.
        activation: (N, C, h, w), (N, C, n, 1) or (N, C).
        classes: (N,), whose logit; long.
        prefix: (N, P, C) class and register tokens, which are part of the layer and have values like positions.
        baseline, prefix_baseline: of one photo, or one for each; None is 0. See the card's limits.
    """
    positions = activation.shape[2:]
    count = positions.numel()
    joint = _joined(activation, prefix)
    start = _joined(_start(activation, baseline), None if prefix is None else _start(prefix, prefix_baseline))

    def logit(chosen: Tensor) -> Callable[[Tensor], Tensor]:
        def function(points: Tensor) -> Tensor:
            tokens = None if prefix is None else points[:, :, count:].transpose(1, 2)
            there = points[:, :, :count].reshape(*points.shape[:2], *positions)
            return logits(there, tokens).gather(1, classes[chosen][:, None])[:, 0]

        return function

    everyone = torch.arange(len(joint), device=joint.device)
    with torch.no_grad():
        rise = (logit(everyone)(joint) - logit(everyone)(start)).double()
    values = torch.zeros_like(joint)
    taken = torch.zeros(len(joint), dtype=torch.long, device=joint.device)
    waiting = everyone[rise.isfinite()]
    values[~rise.isfinite()] = torch.nan
    while len(waiting):
        values[waiting] = aumann_shapley(logit(waiting), joint[waiting], steps, start[waiting])
        taken[waiting] = steps
        found = values[waiting].double().sum(dim=2)
        enough = (rise[waiting] - found.sum(dim=1)).abs() <= EXACT * found.abs().sum(dim=1)
        waiting, steps = waiting[~enough], 2 * steps
        if steps > most_steps:
            break
    maps = values[:, :, :count].reshape(activation.shape)
    return Attribution(values.double().sum(dim=2), (joint - start).double().sum(dim=2), maps, rise, taken)


def _start(activation: Tensor, baseline: Tensor | None) -> Tensor:
    return torch.zeros_like(activation) if baseline is None else baseline.to(activation).expand_as(activation)


def _joined(activation: Tensor, prefix: Tensor | None) -> Tensor:
    """Return positions and tokens in one row, (N, C, positions + P), detached."""
    flat = activation.detach().reshape(*activation.shape[:2], -1)
    return flat if prefix is None else torch.cat([flat, prefix.detach().transpose(1, 2)], dim=2)


def heat_maps(maps: Tensor, channels: list[int], size: tuple[int, int]) -> Tensor:
    """Return where channels of one photo contribute, (k, H, W), signed as the values, brought to the photo's size.

    Args:
        maps: (C, h, w), of a layer whose positions form a grid.

    Raises:
        ScoreError: the layer has no positions.
    """
    if maps.dim() != 3:
        raise ScoreError("a layer without positions has no heat maps", "take an earlier layer")
    chosen = maps[channels][:, None].float()
    return F.interpolate(chosen, size=size, mode="bilinear", align_corners=False)[:, 0]


@dataclass(frozen=True)
class Channel:
    """A channel that speaks for a class, or against it.

    Attributes:
        index: of the channel.
        value: its contribution to the logit; of several photos their mean, with its interval.
        share: its magnitude over the sum of all channels' magnitudes, with its interval over photos.
        side: 1 or -1: whether its activation moved up or down, and with it which side of it a picture should show.
        leads: the share of photos on which it is among the leading channels.
    """

    index: int
    value: Figure
    share: Figure
    side: int
    leads: Figure


def leading(values: np.ndarray, moved: np.ndarray, count: int, against: bool = False) -> list[Channel]:
    """Return the channels that contribute most to a class, on one photo or on the mean over several.

    Args:
        values, moved: (N, C) of photos of the class, see :class:`Attribution`.
        count: channels wanted, at most.
        against: those that lower the logit most instead.

    Returns:
        The strongest first; none whose value is on the other side of 0, or 0.

    Raises:
        ScoreError: no photos, or a value is NaN or infinite.
    """
    if not len(values) or not np.isfinite(values).all():
        raise ScoreError("channels of no photo, or of NaN, have no order", "leave such photos out, and say so")
    sign = -1.0 if against else 1.0
    first = _first(sign * values, count)
    total = values.mean(axis=0)
    drawn = np.abs(resampled(len(values)) @ values)
    drawn /= np.maximum(drawn.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    shares = np.abs(total) / max(float(np.abs(total).sum()), float(np.finfo(np.float64).tiny))
    return [
        Channel(
            index=index,
            value=mean(values[:, index].tolist()),
            share=_figure(float(shares[index]), drawn[:, index], len(values)),
            side=1 if moved[:, index].mean() >= 0 else -1,
            leads=share(first[:, index].tolist()),
        )
        for index in np.argsort(-sign * total, kind="stable")[:count].tolist()
        if sign * total[index] > 0
    ]


def _figure(value: float, drawn: np.ndarray, count: int) -> Figure:
    low, high = map(float, interval_of(drawn))
    return Figure(value, low, high, count)


def _first(values: np.ndarray, count: int) -> np.ndarray:
    """Return whether each channel is among the ``count`` largest above 0 of each photo, (N, C)."""
    order = np.argsort(-values, axis=1, kind="stable")[:, :count]
    chosen = np.zeros(values.shape, dtype=bool)
    np.put_along_axis(chosen, order, True, axis=1)
    return chosen & (values > 0)
