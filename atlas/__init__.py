"""atlas: render what a vision model has learned and publish it as a static site.

::

    import atlas

    model = atlas.load("resnet18.a1_in1k")
    picture = atlas.render(model, "goldfish")

Every name is loaded when it is first asked for (PEP 562), so that importing this package costs nothing.
"""

from atlas.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from atlas.api import build, concepts, evaluate, load, render, run
    from atlas.core.job import Target
    from atlas.errors import AtlasError, AtlasWarning
    from atlas.face.interrupted import Interrupted
    from atlas.picture import Picture, Pictures, open_picture
    from atlas.store import Store

_PLACES = {
    "AtlasError": "atlas.errors",
    "AtlasWarning": "atlas.errors",
    "Interrupted": "atlas.face.interrupted",
    "Picture": "atlas.picture",
    "Pictures": "atlas.picture",
    "Store": "atlas.store",
    "Target": "atlas.core.job",
    "build": "atlas.api",
    "concepts": "atlas.api",
    "evaluate": "atlas.api",
    "load": "atlas.api",
    "open_picture": "atlas.picture",
    "render": "atlas.api",
    "run": "atlas.api",
}
"""Public name to the module that holds it."""

__all__ = [
    "AtlasError",
    "AtlasWarning",
    "Interrupted",
    "Picture",
    "Pictures",
    "Store",
    "Target",
    "__version__",
    "build",
    "concepts",
    "evaluate",
    "load",
    "open_picture",
    "render",
    "run",
]


def __getattr__(name: str) -> object:
    """Load a public name from where it lives; afterwards it is found without this."""
    if name not in _PLACES:
        raise AttributeError(f'module "atlas" has no attribute "{name}"; it has: {", ".join(__all__)}')
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return value


def __dir__() -> list[str]:
    """Return what there is to ask for, loaded or not."""
    return sorted({*globals(), *__all__} - {"TYPE_CHECKING", "_PLACES"})
