"""Maps of pictures among photos: which places a page shows, and the sprite of the pictures that stand there."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from PIL import Image

from atlas.core.canonical import digest_bytes
from atlas.core.finding import Finding, MapPoint
from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.model import Model, Unit
from atlas.site.catalog.shown import Shown

MOST_PICTURES, MOST_PHOTOS = 36, 56
"""Places that a page shows, of all classes and methods alike, two more photos for each picture that there is not; the
CSV has all."""
CELL, COLUMNS = 64, 8
"""Side of a picture in the sprite, pixels, and pictures in a row."""
QUALITY = 60
"""WebP quality of the sprite."""
RIM = 32
"""One part in so many of a cell is not shown at its edges, where lossy files mix in its neighbours."""
PLANE, MARGIN = 1000, 40
"""Side of the map and the room at its edges, in its own units."""


@dataclass(frozen=True)
class MapPlace:
    """One picture or photo on a map.

    Attributes:
        x, y: on the map, from its upper left corner. cell: left, top and side of it in its sprite, pixels.
        name: what it is, in words. class_name, method: of it; no method of a photo. address: where it leads, or empty.
    """

    x: int
    y: int
    cell: tuple[int, int, int]
    name: str
    class_name: str
    method: str = ""
    address: str = ""


@dataclass(frozen=True)
class MapPicture:
    """A picture on a map, before there is a sprite."""

    point: MapPoint
    unit: Unit
    shown: Shown


def shown_pictures(finding: Finding, catalog: Catalog) -> list[MapPicture]:
    """Return the pictures that the page of a map shows: those of each class and method in turn."""
    wanted = {point.picture for point in finding.points if point.picture}
    fingerprint = finding.models[0].fingerprint
    units = [unit for it in catalog.models if it.card.identity.fingerprint == fingerprint for unit in it.units()]
    known = {
        each.record.key: (unit, each)
        for unit in units
        for each in unit.renderings
        if each.record.key in wanted and each.picture is not None and each.picture.raw
    }
    points = [point for point in finding.points if point.picture in known]
    return [MapPicture(point, *known[point.picture or ""]) for point in _in_turn(points)[:MOST_PICTURES]]


def picture_places(pictures: Sequence[MapPicture], methods: Sequence[str]) -> list[MapPlace]:
    """Return the places of pictures; ``methods`` are the titles of theirs."""
    return [
        MapPlace(
            *_on_plane(it.point),
            _inside(place, COLUMNS, CELL),
            f"{it.unit.title}, {method}",
            it.unit.title,
            method,
            it.unit.address,
        )
        for place, (it, method) in enumerate(zip(pictures, methods, strict=True))
    ]


def photo_places(finding: Finding, model: Model | None, pictures: int) -> list[MapPlace]:
    """Return the places of the photos that the page of a map shows: those of each class in turn.

    Args:
        model: the first of the finding, if the site has it; its photo set says where photos' entries are.
        pictures: how many pictures there are.
    """
    sprite = finding.photo_sprite
    if sprite is None:
        return []
    points = [point for point in finding.points if point.photo is not None and point.photo < sprite.count]
    places = []
    for point in _in_turn(points)[: MOST_PHOTOS + 2 * (MOST_PICTURES - pictures)]:
        name = model.label(point.class_index) if model else f"class {point.class_index}"
        digest = finding.photos[point.photo or 0].digest
        known = model is not None and model.photos is not None and digest in model.photos.places
        address = model.photos.address_of(digest) if known and model and model.photos else ""
        cell = _inside(point.photo or 0, sprite.columns, sprite.cell)
        places.append(MapPlace(*_on_plane(point), cell, f"photo of {name}", name, address=address))
    return places


def picture_sprite(files: Iterable[bytes]) -> tuple[str, bytes, int, int]:
    """Return a sprite of thumbnails: its path among the site's pictures, its content, width and height."""
    cells = [
        Image.open(io.BytesIO(file)).convert("RGB").resize((CELL, CELL), Image.Resampling.LANCZOS) for file in files
    ]
    sprite = Image.new("RGB", (COLUMNS * CELL, -(-len(cells) // COLUMNS) * CELL))
    for place, cell in enumerate(cells):
        sprite.paste(cell, (place % COLUMNS * CELL, place // COLUMNS * CELL))
    buffer = io.BytesIO()
    sprite.save(buffer, "WEBP", quality=QUALITY, method=2)
    content = buffer.getvalue()
    name = digest_bytes(content)[:18]
    return f"{name[:2]}/{name[2:]}.webp", content, sprite.width, sprite.height


def _in_turn(points: Iterable[MapPoint]) -> list[MapPoint]:
    """Return points so that the first of them are of as many classes and methods as there are."""
    groups: dict[tuple[int, str], list[MapPoint]] = {}
    for point in points:
        groups.setdefault((point.class_index, point.method), []).append(point)
    rounds = zip_longest(*(groups[which] for which in sorted(groups)))
    return [point for point in chain.from_iterable(rounds) if point is not None]


def _inside(place: int, columns: int, side: int) -> tuple[int, int, int]:
    """Return left, top and side of what is shown of a cell, pixels."""
    row, column = divmod(place, columns)
    rim = side // RIM
    return column * side + rim, row * side + rim, side - 2 * rim


def _on_plane(point: MapPoint) -> tuple[int, int]:
    """Return a place in the map's own units; upwards is up."""
    reach = PLANE / 2 - MARGIN
    return round(PLANE / 2 + point.x * reach), round(PLANE / 2 - point.y * reach)
