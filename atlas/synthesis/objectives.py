"""Objectives: one value per view of the activation that a target is about. Always maximised."""

from collections.abc import Sequence

import torch
from torch import Tensor

from atlas.core.job import Target


class TargetObjective:
    """The mean over positions of a channel, a single neuron, or a logit, with its sign (Olah et al. 2017).

    Args:
        targets: B targets of one kind on one layer.
    """

    def __init__(self, targets: Sequence[Target], device: torch.device) -> None:
        self._kind = targets[0].kind
        self._targets = targets
        self._units = torch.tensor([target.unit for target in targets], device=device)
        self._signs = torch.tensor([float(target.sign) for target in targets], device=device)

    def __call__(self, activation: Tensor) -> Tensor:
        """Return the objective of every view.

        Args:
            activation: (B * n, C, h, w) or (B * n, C), all n views of the first target first.
        Returns:
            (B, n), in the activation's own unit, larger is better.
        """
        batch = len(self._targets)
        grouped = activation.unflatten(0, (batch, -1))  # (B, n, C, ...)
        unit = grouped[torch.arange(batch, device=activation.device), :, self._units]  # (B, n, ...)
        if self._kind == "neuron":
            unit = self._neurons(unit)
        values = unit.flatten(2).mean(dim=2) if unit.dim() > 2 else unit
        return values.float() * self._signs[:, None]

    def _neurons(self, maps: Tensor) -> Tensor:
        """Return (B, n): each target's position of its (B, n, h, w) maps, the central one if it names none."""
        centre = (maps.shape[2] // 2, maps.shape[3] // 2)
        places = torch.tensor([target.position or centre for target in self._targets], device=maps.device)
        return maps[torch.arange(len(places), device=maps.device), :, places[:, 0], places[:, 1]]
