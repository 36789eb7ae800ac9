"""The site: from a store to static pages. Imports no torch."""

from atlas.site.build import BuildReport, build_site
from atlas.site.links import check_links
from atlas.site.metadata import SiteMetadata
from atlas.site.serve import serve

__all__ = ["BuildReport", "SiteMetadata", "build_site", "check_links", "serve"]
