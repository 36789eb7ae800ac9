"""Facets in JSON: which renderings they are, what each is, and how far they lie apart."""

from pydantic import Field

from atlas.core.analysis import Diversity
from atlas.site.catalog.looks import Looks
from atlas.site.documents.base import Document, Sparse


class LookData(Sparse):
    """One facet."""

    number: int
    rendering: str = Field(description="first 12 digits of the rendering's key")
    what: str
    photos: int | None = Field(default=None, description="in its cluster")
    photo: str | None = Field(default=None, description="sha256 of the photo nearest to the cluster's centre")


class DiversityData(Document):
    """How far pictures lie apart."""

    pictures: int
    diversity: float = Field(description="mean of 1 - cosine over pairs, penultimate features")
    diversity_pixels: float = Field(description="the same of few pixels")


class LooksData(Sparse):
    """The facets of one thing by one method."""

    method: str
    layer: str | None = Field(default=None, description="of the directions that tell them apart; else photos do")
    looks: tuple[LookData, ...]
    apart: DiversityData | None = None
    seeds: DiversityData | None = Field(default=None, description="of renderings that differ by their seed alone")


def looks_data(found: Looks) -> LooksData:
    """Return what the JSON says of facets."""
    each = []
    for look in found.looks:
        clusters, place = found.clusters, look.place
        of_photos = clusters is not None and place is not None
        each.append(
            LookData(
                number=look.number,
                rendering=look.rendering.key,
                what=look.words,
                photos=clusters.clusters[place].size if of_photos else None,  # type: ignore[union-attr, index]
                photo=clusters.photos[clusters.crops[place].photo].digest if of_photos else None,  # type: ignore[union-attr, index]
            )
        )
    return LooksData(
        method=found.method,
        layer=found.layer or None,
        looks=tuple(each),
        apart=_diversity(found.apart),
        seeds=_diversity(found.seeds),
    )


def _diversity(found: Diversity | None) -> DiversityData | None:
    if found is None or found.features is None or found.pixels is None:
        return None
    return DiversityData(pictures=len(found.pictures), diversity=found.features, diversity_pixels=found.pixels)
