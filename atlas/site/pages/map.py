"""The pages of maps: pictures of a model's classes among photos of these, placed by what a model sees of them."""

from collections.abc import Iterator
from functools import partial

from pydantic import Field

from atlas.core.analysis import PhotoCredit
from atlas.core.finding import Finding, FindingFigure, MapPoint
from atlas.site.catalog.addresses import unique_slugs
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.drawings.picture_map import PLANE, photo_places, picture_places, picture_sprite, shown_pictures
from atlas.site.drawings.sheets import sprite_path
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind, SearchEntry

ANALYSES_ADDRESS = "results/analyses.html"
CSV = "analysis-embedding-points.csv"
"""All places, beside the pages."""


class MapData(Document):
    """Pictures among photos, in two dimensions."""

    model: str = Field(description="whose classes and pictures these are")
    seen_by: str = Field(description="the model that looks")
    figures: tuple[FindingFigure, ...] = Field(description="what is known of the map")
    points: tuple[MapPoint, ...] = Field(description="every place, also those that the page does not show")
    photos: tuple[PhotoCredit, ...] = Field(description="the photos of these places, and whom they are owed to")


class MapKind(PageKind):
    """The pages of maps."""

    name = "map"
    data = MapData
    header = "Results"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield a page for each map that was found."""
        for finding, address in maps(contents):
            yield Placed(address, partial(map_page, contents, finding, address))

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for each map."""
        for finding, address in maps(contents):
            yield SearchEntry(map_title(finding), "results", address, "embedding map photos")


MAP = MapKind()


def maps(contents: Contents) -> list[tuple[Finding, str]]:
    """Return the maps that were found, each with the address of its page."""
    found = [document for document in contents.catalog.analyses.documents if document.points]
    slugs = unique_slugs((it.key, f"map-{it.models[0].name}-{it.models[-1].name}") for it in found)
    return [(document, f"results/{slugs[document.key]}.html") for document in found]


def map_title(finding: Finding) -> str:
    """Return what a map is called."""
    return f"Pictures of {finding.models[0].name} as {finding.models[-1].name} sees them"


def map_page(contents: Contents, finding: Finding, address: str) -> Page:
    """Return the page of a map.

    Raises:
        StoreError: the sprite of its photos is missing or damaged.
    """
    catalog, sprite = contents.catalog, finding.photo_sprite
    chosen = shown_pictures(finding, catalog)
    pictures = picture_places(chosen, [catalog.method_cards.title(it.point.method) for it in chosen])
    model = next((it for it in catalog.models if it.card.identity.fingerprint == finding.models[0].fingerprint), None)
    photos = photo_places(finding, model, len(pictures))
    sheets = {}
    if chosen:
        thumbnails = [it.shown.picture.raw[0] for it in chosen if it.shown.picture is not None]
        path, content, *size = picture_sprite(map(contents.pictures.content, thumbnails))
        contents.pictures.drawing(path, content)
        sheets["pictures"] = (path, *size)
    if sprite is not None and photos:
        contents.pictures.sprite(finding.key, sprite)
        sheets["photos"] = (sprite_path(sprite), sprite.width, sprite.height)
    owed = dict.fromkeys((it.author, it.licence, it.source) for it in finding.photos if it.author or it.licence)
    return Page(
        address,
        map_title(finding),
        f"{map_title(finding)}: a map of pictures among photos of the same classes."[:300],
        MapData(
            model=finding.models[0].name,
            seen_by=finding.models[-1].name,
            figures=finding.figures,
            points=finding.points,
            photos=finding.photos,
        ),
        {
            "finding": finding,
            "map_pictures": pictures,
            "map_photos": photos,
            "sheets": sheets,
            "plane": PLANE,
            "csv": CSV,
            "owed": list(owed),
            "unlisted": len(finding.points) - len(pictures) - len(photos),
        },
        crumbs=[Link("Results"), Link("Analyses", ANALYSES_ADDRESS), Link("Map")],
        view="raw",
    )
