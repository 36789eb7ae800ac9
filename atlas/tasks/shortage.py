"""Shortage of memory: told apart from other errors of a batch, for then a smaller batch may fit."""

import torch

REMEDY = "lower the method's crops or image_size, or executor.workers where several share the memory"

_CPU = "DefaultCPUAllocator"
"""How torch names what has no memory on a CPU; it has no class of errors for that."""


def is_shortage(error: BaseException) -> bool:
    """Tell whether an error says that memory was asked for that is not there."""
    of_cpu = isinstance(error, RuntimeError) and _CPU in str(error)
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or of_cpu


def release(device: torch.device) -> None:
    """Give back what the allocator of an accelerator keeps of a batch that failed; blocks of its sizes fit no other."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
