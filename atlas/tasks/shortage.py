"""Shortage of memory: told apart from other errors of a batch, for then a smaller batch may fit."""

import torch

REMEDY = "lower the method's crops or image_size, or executor.workers where several share the memory"

_SAID = ("DefaultCPUAllocator", "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUFFT_ALLOC_FAILED")
"""How torch says that a CPU, a driver or a library of it has no memory: it has a class of errors for its own alone."""


def is_shortage(error: BaseException) -> bool:
    """Tell whether an error says that memory was asked for that is not there."""
    said = isinstance(error, RuntimeError) and any(text in str(error) for text in _SAID)
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or said


def release(device: torch.device) -> None:
    """Give back what the allocator of an accelerator keeps of a batch that failed; blocks of its sizes fit no other."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
