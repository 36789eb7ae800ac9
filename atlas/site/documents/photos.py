"""Photos in JSON: whom each is owed to, and sprites of their parts."""

from collections.abc import Iterable, Sequence

from pydantic import Field

from atlas.core.analysis import Crop, PhotoCredit, Sprite
from atlas.site.catalog.credits import Credits
from atlas.site.documents.base import Document, Sparse
from atlas.site.documents.rendering import PictureFile
from atlas.site.drawings.sheets import sprite_path


class PhotoData(Sparse):
    """A photo's name, and whom it is owed to."""

    digest: str = Field(description="sha256 of the photo's file")
    name: str
    author: str
    licence: str
    source: str
    href: str | None = Field(default=None, description="its entry among the credits")


class CellData(Document):
    """One cell of a sprite: part of a photo."""

    photo: PhotoData
    box: tuple[float, float, float, float] = Field(
        description="left, top, right and bottom, as shares of the photo's central square"
    )
    value: float


class SpriteData(Sparse):
    """Small pictures in one file, cell by cell, row by row."""

    src: str
    width: int
    height: int
    cell: int = Field(description="side of a cell, pixels")
    columns: int
    pictures: tuple[CellData, ...]
    heat: PictureFile | None = Field(default=None, description="an overlay of the same cells; its opacity is the heat")


def photo_data(photo: PhotoCredit, credits: Credits | None, root: str) -> PhotoData:
    """Return a photo's name, and whom it is owed to."""
    return PhotoData(
        digest=photo.digest,
        name=photo.name,
        author=photo.author,
        licence=photo.licence,
        source=photo.source,
        href=root + credits.address_of(photo.digest) if credits else None,
    )


def sprite_data(
    sprite: Sprite,
    crops: Iterable[Crop],
    photos: Sequence[PhotoCredit],
    credits: Credits | None,
    root: str,
    heat: PictureFile | None = None,
) -> SpriteData:
    """Return a sprite: its file and what its cells show."""
    return SpriteData(
        src=f"{root}i/{sprite_path(sprite)}",
        width=sprite.width,
        height=sprite.height,
        cell=sprite.cell,
        columns=sprite.columns,
        pictures=tuple(
            CellData(photo=photo_data(photos[crop.photo], credits, root), box=crop.box, value=crop.value)
            for crop in crops
        ),
        heat=heat,
    )
