"""Evaluation: image -> noise -> views -> network -> objective, and the gradient back, in passes that fit the memory."""

from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.models.network.network import Network
from atlas.models.network.passes import ITEMS_PER_THREAD, never_alone, views_per_pass
from atlas.synthesis.scores.units import TargetObjective
from atlas.synthesis.steps.ascent import Evaluate

VIEWS_PER_CUT = 512
"""Views that are cut out of the images at once, all by one operation; it bounds memory (300 MB at 224 px)."""


class Views(Protocol):
    """Random views of pictures, the same number of each item at each step.

    Attributes:
        count: views per item and step.
    """

    count: int

    def __call__(self, images: Tensor, step: int, part: slice, /) -> Tensor:
        """Return the views (B * n, 3, h, w) in ``part`` of images (B, 3, H, W), all n of the first item first."""
        ...


Noise = Callable[[int], Tensor]
"""Step -> what is added to the images, (B, 3, H, W), of their size at that step."""

Score = Callable[[Tensor], Tensor]
"""Views (B * n, 3, h, w), all n of the first item first and never a lone one -> what each is worth, (B, n)."""


AtOnce = Callable[[tuple[int, int]], int]
"""(height, width) of views -> how many of them one pass takes."""


def mean_over_views(
    network: Network, layer: str, objective: TargetObjective, noise: Noise | None, views: Views
) -> Evaluate:
    """Return the evaluation of a batch: the mean of the objective over each item's views of its image.

    Args:
        noise: added to the images before views are taken of them; None adds none.
    """
    at_once: AtOnce = lambda size: network.views_at_once([layer], size)  # noqa: E731
    return mean_score(lambda shown: objective(network(shown, layer)), noise, views, at_once=at_once)


def mean_score(
    score: Score, noise: Noise | None, views: Views, together: bool = False, at_once: AtOnce | None = None
) -> Evaluate:
    """Return the evaluation of a batch: the mean of a score over each item's views of its image.

    The network sees the views in passes, so its memory depends neither on the number of views nor, past one pass, on
    the batch.

    Args:
        noise: added to the images before views are taken of them; None adds none.
        together: show all views in one pass, for a score that looks at all of an item's views at once; memory then
            grows with views and batch.
        at_once: of the batch, see :meth:`atlas.methods.batch.RenderBatch.at_once`; None takes a number that small
            networks' views fit.
    """

    def evaluate(images: Tensor, step: int) -> Tensor:
        shown = images if noise is None else images + noise(step)
        total = torch.zeros(len(images), device=images.device)
        per_cut = views.count if together else max(1, VIEWS_PER_CUT // max(ITEMS_PER_THREAD, len(images)))
        for start in range(0, views.count, per_cut):
            cut = views(shown, step, slice(start, start + per_cut))
            most = views_per_pass(images.device) if at_once is None else at_once((cut.shape[2], cut.shape[3]))
            per_pass = per_cut if together else max(1, most // len(images))
            values, gradient = _in_passes(score, cut, len(images), per_pass)
            cut.backward(gradient / views.count)
            total += values / views.count
        return total

    return evaluate


def penalised(evaluate: Evaluate, penalty: Evaluate) -> Evaluate:
    """Return an evaluation less a penalty.

    Args:
        penalty: (images (B, 3, H, W), step) -> (B,), non-negative, differentiable; calls no backward itself.
    """

    def less(images: Tensor, step: int) -> Tensor:
        values = evaluate(images, step)
        cost = penalty(images, step)
        if cost.requires_grad:
            cost.neg().sum().backward()
        return values - cost.detach()

    return less


class WholeView:
    """The one view of a picture that is the whole of it, resized.

    On an accelerator by a matrix for each axis, since the gradient of ``interpolate`` adds up in any order there.

    Args:
        size: (height, width) of the views, pixels.
    """

    count = 1

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._matrices: list[Tensor] = []

    def __call__(self, images: Tensor, step: int, part: slice, /) -> Tensor:
        """Return the views: see :class:`Views`."""
        if tuple(images.shape[2:]) == self._size:
            return images.clone()
        if images.device.type == "cpu":
            return _resized(images, self._size)
        if not self._matrices:  # copied in the first step
            sides = zip(images.shape[2:], self._size, strict=True)
            self._matrices = [_resized(torch.eye(of)[None, None], (to, of))[0, 0].to(images.device) for of, to in sides]
        rows, columns = self._matrices
        return rows @ images @ columns.T


def _resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(images, size=size, mode="bilinear", antialias=True, align_corners=False)


def _in_passes(score: Score, views: Tensor, batch: int, per_pass: int) -> tuple[Tensor, Tensor]:
    """Return the sum of the score over each item's views (B,), and its gradient to the views (B * n, 3, h, w).

    Args:
        per_pass: views of each item that the network sees at once.
    """
    grouped = views.detach().unflatten(0, (batch, -1))  # (B, n, 3, h, w)
    gradient = torch.empty_like(grouped)
    found = []
    for start in range(0, grouped.shape[1], per_pass):
        part = slice(start, start + per_pass)
        leaf = grouped[:, part].flatten(0, 1).requires_grad_()
        values = score(never_alone(leaf))[:, : len(leaf) // batch]
        if values.requires_grad:
            values.sum().backward()
        gradient[:, part] = 0 if leaf.grad is None else leaf.grad.unflatten(0, (batch, -1))
        found.append(values.detach())
    return torch.cat(found, dim=1).sum(dim=1), gradient.flatten(0, 1)  # one sum, whatever passes they came in


def activation_of(network: Network, views: Tensor, layer: str) -> Tensor:
    """Return the activation of views (N, 3, h, w) at a layer, the first dimension N, as it is in a larger batch."""
    return network(never_alone(views), layer)[: len(views)]
