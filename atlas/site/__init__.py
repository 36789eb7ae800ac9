"""The site: from a store to static pages. Imports no torch."""

from atlas.site.build import BuildReport, build_site
from atlas.site.links import check_links
from atlas.site.metadata import SiteMetadata
from atlas.site.serving.serve import serve
from atlas.site.words.labels import Label, read_labels

__all__ = ["BuildReport", "Label", "SiteMetadata", "build_site", "check_links", "read_labels", "serve"]
