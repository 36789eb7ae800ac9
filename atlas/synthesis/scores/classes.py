"""Inversion of a classifier: the score of DeepInversion and Plug-In Inversion, cross-entropy and priors, per view."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from atlas.core.job import LOGITS
from atlas.models.network.network import Network
from atlas.models.network.norms import norm_inputs


class ClassEntropy:
    """Minus the cross-entropy of each target's class, in nats: 0 where the network is certain of it.

    Args:
        classes: B classes.
    """

    def __init__(self, network: Network, classes: Sequence[int]) -> None:
        self._network = network
        self._classes = torch.tensor(classes, device=network.device)

    def __call__(self, views: Tensor) -> Tensor:
        """Return the score of every view, (B, n), of views (B * n, 3, h, w), all n of the first target first."""
        return -self._entropy(self._network(views, LOGITS))

    def _entropy(self, logits: Tensor) -> Tensor:
        count = len(logits) // len(self._classes)
        labels = self._classes.repeat_interleave(count)
        return F.cross_entropy(logits, labels, reduction="none").view(-1, count)


class DeepInversionScore(ClassEntropy):
    """Minus DeepInversion's loss (Yin et al. 2020, section 3.2), of each view on its own.

    Total variation and norm are those of the network's normalised input.

    Args:
        statistics: weight of the distance of batch norms' inputs from the statistics that they hold.
        first: weight of the first batch norm among them.
        variation, norm: weights of total variation and Euclidean norm.
    """

    def __init__(
        self,
        network: Network,
        classes: Sequence[int],
        statistics: float,
        first: float,
        variation: float,
        norm: float,
    ) -> None:
        super().__init__(network, classes)
        self._statistics, self._first, self._variation, self._norm = statistics, first, variation, norm

    def __call__(self, views: Tensor) -> Tensor:
        """Return the score of every view: see :class:`ClassEntropy`."""
        inputs = self._network.inputs(views)
        with norm_inputs(self._network.module) as seen:
            entropy = self._entropy(self._network.logits(inputs))
        penalty = self._statistics * statistics_distance(seen, self._first)
        penalty = penalty + self._variation * total_variation(inputs) + self._norm * _norm(inputs)
        return -entropy - penalty.view(entropy.shape)


def statistics_distance(seen: Mapping[nn.Module, Tensor], first: float) -> Tensor:
    """Return how far images are from what batch norms saw in training (Yin et al. 2020, section 3.2), (N,).

    The sum over norms of ``||mean - running mean|| + ||variance - running variance||``. Means and variances (biased)
    are of each image over its positions. The paper's are over a batch of images too, so that its pictures depend on
    each other; a single image's statistics scatter around those of training, and the sum is larger.

    Args:
        seen: norms, and the maps (N, C, h, w) that went into them.
        first: weight of the first norm; that of the others is 1.
    """
    total: Tensor | None = None
    for norm, maps in seen.items():
        mean, variance = moments(maps.float().flatten(2))
        held = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
        distance = _norm(mean - held[0]) + _norm(variance - held[1])
        total = first * distance if total is None else total + distance
    if total is None:
        raise ValueError("no batch norm was reached")
    return total


class Moments(torch.autograd.Function):
    """Mean and biased variance of each row, with the gradient in closed form: ``gm / P + 2 gv (x - mean) / P``.

    ``torch.var_mean`` takes seven times as long on a CPU, and its gradient twice as long.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the variance (N, C) of maps (N, C, P)."""
        mean = maps.mean(dim=2)
        ctx.save_for_backward(maps, mean)
        centred = maps - mean[:, :, None]  # the difference of two sums of squares would lose digits
        return mean, torch.linalg.vector_norm(centred, dim=2).square_().div_(maps.shape[2])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the gradient to the maps."""
        (maps, mean), (to_mean, to_variance) = ctx.saved_tensors, gradients
        slope = to_variance * (2 / maps.shape[2])
        level = to_mean / maps.shape[2] - slope * mean
        return torch.addcmul(level[:, :, None], maps, slope[:, :, None])


def moments(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and the biased variance of each channel of maps (N, C, P), (N, C) each."""
    found: tuple[Tensor, Tensor] = Moments.apply(maps)  # type: ignore[no-untyped-call]
    return found


def total_variation(images: Tensor) -> Tensor:
    """Return the sum of the norms of differences along rows, columns and both diagonals (authors' code), (N,)."""
    here, right = images[..., :-1], images[..., 1:]
    down, across = images[..., 1:, :] - images[..., :-1, :], right - here
    falling = images[..., 1:, 1:] - images[..., :-1, :-1]
    rising = images[..., 1:, :-1] - images[..., :-1, 1:]
    return sum((_norm(one) for one in (down, falling, rising)), _norm(across))


def _norm(values: Tensor) -> Tensor:
    """Return the Euclidean norm of each item, (N,); its gradient is 0 where it is 0."""
    return torch.linalg.vector_norm(values.flatten(1), dim=1)
