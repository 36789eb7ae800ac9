"""Contents: all that pages are made from."""

from dataclasses import dataclass

from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.comparison import Comparisons
from atlas.site.metadata import SiteMetadata


@dataclass(frozen=True)
class Contents:
    """What a site is about: what its store holds, what of it is compared, and what its owner says."""

    catalog: Catalog
    comparisons: Comparisons
    metadata: SiteMetadata
