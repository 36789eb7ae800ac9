"""Peak: the most memory that a process held while something was made, for its record."""

import sys
from contextlib import suppress
from pathlib import Path

import torch

_OWN = Path("/proc/self")
_FORGET_PEAK = "5"  # proc(5), clear_refs


def begin_peak(device: torch.device) -> None:
    """Forget what was held before. Only Linux can; elsewhere a peak is of the process' whole life."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        with suppress(OSError):
            (_OWN / "clear_refs").write_text(_FORGET_PEAK)


def peak_bytes(device: torch.device) -> int | None:
    """Return the most bytes held since: on an accelerator by torch's allocator, on a CPU by the process, weights and
    libraries with it. None where there is no telling."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    with suppress(OSError):
        for line in (_OWN / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return _of_life()


def _of_life() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024
