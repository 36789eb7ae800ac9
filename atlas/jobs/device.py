"""A worker's device: tested before it is used, watched while it is."""

import sys
from dataclasses import dataclass

import torch

from atlas.models.code.faults import FAULTS
from atlas.tasks.batch import Batch

SIDE = 256
"""Of the matrices that are multiplied for a test: whole numbers, so that any order of adding gives the same."""


def check_device(name: str) -> str:
    """Return what is wrong with a device, in words; empty if it is there and computes what the CPU does."""
    try:
        device = torch.device(name)
        if device.type == "cuda" and not torch.cuda.is_available():
            return "torch sees no CUDA device there"
        generator = torch.Generator().manual_seed(0)
        factors = torch.randint(-8, 9, (2, SIDE, SIDE), generator=generator).float()
        product = (factors[0].to(device) @ factors[1].to(device)).cpu()
        return "" if torch.equal(product, factors[0] @ factors[1]) else "it multiplies wrongly"
    except RuntimeError as error:
        return next((fault for fault in FAULTS if fault in str(error)), str(error).splitlines()[0][:200])


def memory_used(name: str) -> int:
    """Return the most bytes that were in use: of an accelerator what torch asked for, else of the process."""
    if torch.device(name).type == "cuda" and torch.cuda.is_initialized():
        return torch.cuda.max_memory_reserved()
    import resource  # none on Windows, where Ray's workers are not

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@dataclass
class Steps:
    """How far the batch is that a worker has in hand.

    Attributes:
        now: key of its first task, finished steps, all steps.
    """

    now: tuple[str, int, int] = ("", 0, 1)

    def begin(self, batch: Batch) -> None:
        """Begin a batch."""
        self.now = (batch.tasks[0].key, 0, 1)

    def on_step(self, done: int, steps: int) -> None:
        """Note a step."""
        self.now = (self.now[0], done, steps)
