"""Objectives: one value per view of the activation that a target is about. Always maximised."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from atlas.core.job import Target, TargetKind
from atlas.errors import ModelError

LEAST_COSINE = 0.1
"""Floor of the cosine in a direction's objective (Lucid's ``direction_cossim`` and ``dot_compare``): below it the dot
product alone turns the picture towards the direction, so that there is a gradient wherever one starts."""

EPSILON = 1e-8
"""Smallest norm that a cosine divides by: an activation of all zeros has cosine 0 and a finite gradient."""

FARTHEST = 20.0
"""Interquartile ranges from the median beyond which a unit is no part of its layer's scale."""


class TargetObjective:
    """The mean over positions of a channel, a single neuron, a logit or a direction, with its sign (Olah et al. 2017).

    Attributes:
        units, signs: (B,), of the targets.

    Args:
        targets: B targets of one kind on one layer.
        load_input: sha256 to bytes; needed where the targets are directions.

    Raises:
        ModelError: a direction is no direction.
    """

    def __init__(
        self, targets: Sequence[Target], device: torch.device, load_input: Callable[[str], bytes] | None = None
    ) -> None:
        self._kind = targets[0].kind
        self._targets = targets
        self.units = torch.tensor([target.unit for target in targets], device=device)
        self.signs = torch.tensor([float(target.sign) for target in targets], device=device)
        self._places = torch.tensor([target.position or (-1, -1) for target in targets], device=device)
        self._directions: Directions | None = None
        if self._kind == "direction":
            if load_input is None:
                raise ValueError("directions are inputs; pass load_input")
            self._directions = Directions(targets, device, load_input)

    def __call__(self, activation: Tensor) -> Tensor:
        """Return the objective of every view.

        Args:
            activation: (B * n, C, h, w) or (B * n, C), all n views of the first target first.
        Returns:
            (B, n), in the activation's own unit, larger is better.

        Raises:
            ModelError: a direction has another number of values than the layer has units.
        """
        if self._directions is not None:
            return self._directions.objective(activation, self.signs)
        batch = len(self._targets)
        grouped = activation.unflatten(0, (batch, -1))  # (B, n, C, ...)
        unit = grouped[torch.arange(batch, device=activation.device), :, self.units]  # (B, n, ...)
        if self._kind == "neuron":
            unit = self._neurons(unit)
        values = unit.flatten(2).mean(dim=2) if unit.dim() > 2 else unit
        return values.float() * self.signs[:, None]

    def _neurons(self, maps: Tensor) -> Tensor:
        """Return (B, n): each target's position of its (B, n, h, w) maps, the central one if it names none."""
        lengths = maps.shape[2:]
        rows, columns = (
            torch.where(one < 0, length // 2, one) for one, length in zip(self._places.T, lengths, strict=True)
        )
        return maps[torch.arange(len(maps), device=maps.device), :, rows, columns]


class Directions:
    """Directions in the space of a layer's units: how far an activation goes along them, and how straight.

    Args:
        targets: B targets of kind ``direction`` on one layer.
        load_input: sha256 to the bytes of a vector, little-endian float32.

    Raises:
        ModelError: a vector is empty, of length 0, or not finite.
    """

    def __init__(self, targets: Sequence[Target], device: torch.device, load_input: Callable[[str], bytes]) -> None:
        self._targets = targets
        vectors = [_unit_vector(target, load_input) for target in targets]
        self._lengths = [len(vector) for vector in vectors]
        self._vectors = pad_sequence(vectors, batch_first=True).to(device)  # (B, the longest)
        self._powers = torch.tensor([[target.cosine_power or 0.0] for target in targets], device=device)

    def vectors(self, units: int) -> Tensor:
        """Return the directions, each of length 1, (B, C).

        Raises:
            ModelError: one has another number of values than the layer has units.
        """
        self._check(units)
        return self._vectors

    def objective(self, activation: Tensor, signs: Tensor) -> Tensor:
        """Return (B, n): ``(a . v) * max(cos(a, v), 0.1) ** cosine_power`` (Fel et al. 2023, MACO, section 5).

        A negative target is the objective of the opposite direction.

        Args:
            activation: (B * n, C, h, w) or (B * n, C), all n views of the first target first.
            signs: (B,), 1 or -1.
        """
        dots, cosines = self.project(activation)
        straight = (cosines * signs[:, None]).clamp(min=LEAST_COSINE)
        return dots * signs[:, None] * straight**self._powers

    def project(self, activation: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``a . v`` and ``cos(a, v)``, each (B, n), with a the mean over positions and v of length 1.

        Raises:
            ModelError: a direction has another number of values than the layer has units.
        """
        pooled = activation.flatten(2).mean(dim=2) if activation.dim() > 2 else activation
        vectors = self.vectors(pooled.shape[1])[:, None]  # (B, 1, C)
        grouped = pooled.float().unflatten(0, (len(self._targets), -1))  # (B, n, C)
        return (grouped * vectors).sum(dim=2), F.cosine_similarity(grouped, vectors, dim=2, eps=EPSILON)

    def _check(self, units: int) -> None:
        for target, length in zip(self._targets, self._lengths, strict=True):
            if length != units:
                raise ModelError(
                    f'{target} has {length} values, but layer "{target.layer}" has {units} units',
                    "find the concepts again, with this model and layer",
                )


def _unit_vector(target: Target, load_input: Callable[[str], bytes]) -> Tensor:
    """Return a target's vector with length 1."""
    data = load_input(target.direction or "")
    whole = len(data) % 4 == 0 and len(data) > 0
    vector = torch.from_numpy(np.frombuffer(data, dtype="<f4").astype(np.float64)) if whole else torch.zeros(1)
    length = float(vector.norm())
    if not (np.isfinite(length) and length > 0):
        raise ModelError(
            f"{target} is no direction: {len(data)} bytes that are all 0, not finite or no float32 values",
            "find the concepts again",
        )
    return (vector / length).float()


def spread_of_units(activation: Tensor, kind: TargetKind) -> Tensor:
    """Return the standard deviation of an activation over units, of means over positions or, for neurons, at each.

    A unit far outside the others, as one that explodes, counts as :data:`FARTHEST`, so that it does not set the scale
    of all.

    Args:
        activation: (N, C, h, w) or (N, C).
    Returns:
        (N,), the scale by which what is subtracted from objectives of a layer is weighed.
    """
    pooled = activation.dim() > 2 and kind != "neuron"
    values = activation.flatten(2).mean(dim=2) if pooled else activation.flatten(1)
    ordered, count = values.sort(dim=1).values, values.shape[1]
    low, middle, high = (ordered[:, count * quarter // 4] for quarter in (1, 2, 3))
    farthest = FARTHEST * (high - low)
    bounded = values.clamp((middle - farthest)[:, None], (middle + farthest)[:, None])
    return torch.where(farthest[:, None] > 0, bounded, values).std(dim=1, correction=0)


def reached(images: Tensor, values: Tensor) -> Tensor:
    """Return 1 for each item that a gradient of its values (B, n) reaches in its images (B * n, 3, h, w), else 0."""
    (gradients,) = torch.autograd.grad(values.sum(), images, retain_graph=True)
    return (gradients.unflatten(0, (len(values), -1)).flatten(1).abs().amax(dim=1) != 0).float()
