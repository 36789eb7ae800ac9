"""The site: from a store to static pages. Imports no torch, and what builds only when it is asked for: a configuration
needs the site's metadata alone."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atlas.site.build import BuildReport, build_site
    from atlas.site.links import check_links
    from atlas.site.metadata import SiteMetadata
    from atlas.site.serving.serve import serve
    from atlas.site.words.labels import Label, read_labels

_HOMES = {
    "BuildReport": "build",
    "Label": "words.labels",
    "SiteMetadata": "metadata",
    "build_site": "build",
    "check_links": "links",
    "read_labels": "words.labels",
    "serve": "serving.serve",
}
__all__ = ["BuildReport", "Label", "SiteMetadata", "build_site", "check_links", "read_labels", "serve"]


def __getattr__(name: str) -> Any:
    """Return a public name, imported when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
