"""Provenance: with what a record was made."""

import platform
from datetime import datetime, timezone
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import torch

from atlas.core.record import Provenance
from atlas.version import __version__

LIBRARIES = ("torch", "torchvision", "timm", "numpy", "pillow")


@cache
def versions() -> dict[str, str]:
    """Return the versions of atlas, Python and the libraries that pictures pass through."""
    found = {"lens-atlas": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def device_name(device: torch.device) -> str:
    """Return ``cpu`` or the accelerator's own name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def made_now(device: str, seconds: float, together: int = 1, peak: int | None = None) -> Provenance:
    """Return the provenance of something that is made now."""
    return Provenance(
        versions=versions(),
        device=device,
        batch_size=together,
        seconds=round(seconds, 3),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        peak_bytes=peak,
    )
