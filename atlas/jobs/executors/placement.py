"""Placement: what a worker needs of a cluster, and how many have room there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from atlas.tasks.machine import Machine

ROUNDING = 1e-6
"""Ray counts resources in ten-thousandths."""


@dataclass(frozen=True)
class Needs:
    """What one worker needs.

    Attributes:
        device: torch's name of what it computes on; its own, whatever number that has on the node.
        cpu, gpu: how many of Ray's CPUs and GPUs, or which share of one. accelerator: type of the GPU, e.g. ``A100``.
    """

    device: str
    cpu: float = 0.0
    gpu: float = 0.0
    accelerator: str | None = None

    @classmethod
    def of(cls, machine: Machine, resources: Mapping[str, float]) -> "Needs":
        """Return what a worker of a machine needs, where the configuration leaves that open by what a cluster has.

        Args:
            resources: of the whole cluster, as Ray names them.
        """
        kind = (machine.asked or machine.device).partition(":")[0]
        wants_gpu = (machine.gpu is not None and machine.gpu > 0) or machine.accelerator is not None
        if kind == "auto":
            has_gpu = wants_gpu or (machine.gpu is None and resources.get("GPU", 0) >= 1)
            kind = "cuda" if has_gpu else "cpu"
        gpu = machine.gpu if machine.gpu is not None else float(kind == "cuda" or machine.accelerator is not None)
        return cls(kind, 0.0 if gpu else 1.0, gpu, machine.accelerator)

    @property
    def options(self) -> dict[str, Any]:
        """The same, as Ray is told."""
        options: dict[str, Any] = {"num_cpus": self.cpu, "num_gpus": self.gpu}
        return options | ({"accelerator_type": self.accelerator} if self.accelerator else {})

    @property
    def words(self) -> str:
        """The same, for people."""
        if not self.gpu:
            return "a CPU"
        share = "a GPU" if self.gpu == 1 else f"{self.gpu:g} of a GPU" if self.gpu < 1 else f"{self.gpu:g} GPUs"
        return f"{share} of type {self.accelerator}" if self.accelerator else share

    def room(self, nodes: Iterable[Mapping[str, float]]) -> int:
        """Return how many workers have room on nodes of such resources, if nothing else is there."""
        return sum(map(self._room, nodes))

    def _room(self, node: Mapping[str, float]) -> int:
        if self.accelerator and f"accelerator_type:{self.accelerator}" not in node:
            return 0
        if not self.gpu:
            return int(node.get("CPU", 0) / self.cpu + ROUNDING)
        number = node.get("GPU", 0)
        # A share is of one GPU: what is left of each is of no use together.
        return int(number) * int(1 / self.gpu + ROUNDING) if self.gpu < 1 else int(number / self.gpu + ROUNDING)
