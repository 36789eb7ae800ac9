"""Derived pictures: thumbnails and full views of one master, whole and masked, as WebP.

The masked view follows MACO (section 3.3): the transparency map is smoothed, clipped at a percentile and used as
opacity, so that the picture stands on whatever colour the page has. It is cropped to the square that holds the map's
mass, so that the subject fills the frame.
"""

import io
import math
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter, features
from PIL import __version__ as pillow_version

from atlas.core.canonical import digest_bytes

THUMBNAILS = (160, 224)
"""Widths of thumbnails, pixels: a grid cell is 160 CSS pixels wide, or about 112 at two to three pixels each."""
FULL = (512, 1024)
"""Widths of full views, pixels: natural textures take about 60 KB at the first; the second is for dense screens."""
ENLARGED = 1.5
"""How much larger than its pixels a picture is shown at most, in CSS pixels; above it the pixels would show. What leads
a page is shown no larger than it is."""
MINIMUM_CROP = 0.4
"""Smallest crop, share of the side."""
LEAD_CROP = 512
"""Smallest crop of a full view, pixels, where the master has so many: its place is 490 CSS pixels wide on a desktop."""
GRID = 64
"""Masks are smoothed on a grid of this side: they are smooth, so nothing is lost, and 512-pixel ones cost no more."""
SIGMA = 0.025
"""Standard deviation of the smoothing, share of the side."""
CLIP = 0.88
"""Percentile of the map that becomes fully opaque (the paper shows 80-98)."""
CLEAR = 0.25
"""Percentile of the map below which all is clear: MACO's maps carry a haze wherever a crop once fell."""
MASS = 0.82
"""Share of the mask's mass that the crop must hold; the rest is its faint rim."""
FEATHER = 0.14
"""Width of the soft edge where a crop cuts through the map, share of the crop."""
COLOUR_STEPS = 6
"""Steps per channel of the placeholder colours; the stylesheet has a class for each of the 216."""
EFFORT = 0
"""WebP's method: 1 would save 3 % of the bytes of natural textures and take 1.4 times as long."""
QUALITIES = ((THUMBNAILS[-1], 46), (384, 62), (448, 48), (FULL[0], 40))
"""WebP's quality up to each width."""
LARGEST_QUALITY = 34
"""WebP's quality of the largest views."""
OPACITIES = [255 if value >= 248 else value // 8 * 8 for value in range(256)]
"""32 levels of opacity: no rings are seen on a texture, at two thirds of the bytes and half the time of all 256."""
DETAIL = [min(255, 2 * value) for value in range(256)]
"""How much detail is kept at each opacity: nobody sees it where the picture is nearly clear, but it costs bytes."""
RECIPE = f"{digest_bytes(Path(__file__).read_bytes())[:12]} pillow {pillow_version} webp {features.version('webp')}"
"""Names how pictures are derived: this file as it is, and the libraries that encode."""


@dataclass(frozen=True)
class Derived:
    """One WebP file. ``path`` is relative to the folder of pictures, and holds a digest of the content."""

    path: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True)
class Picture:
    """All files of one master, each list by ascending width.

    Attributes:
        colour: average colour, three digits 0-5 (red, green, blue): a placeholder while the picture loads.
        raw: the whole picture, from thumbnails to the full view.
        masked: full views of the masked picture, as a rule of a crop; empty without a transparency map.
        close: thumbnails of it. Those of a crop are opaque: cut out, every tile of a grid would have the same pale rim.
    """

    colour: str
    raw: tuple[Derived, ...]
    masked: tuple[Derived, ...]
    close: tuple[Derived, ...]

    @property
    def files(self) -> tuple[Derived, ...]:
        """All of its files."""
        return self.raw + self.masked + self.close


WHOLE_QUALITY = 62
"""WebP's least quality of pictures that stand beside a photo: small differences are what they are looked at for."""


def derive(image: bytes, alpha: bytes | None, crop: bool = True) -> tuple[Picture, dict[str, bytes]]:
    """Make every file of one master.

    Args:
        image: an encoded square sRGB picture. alpha: an encoded 8-bit grey map of the same size, or None.
        crop: whether the masked view is cropped. What stands beside a photo is not, and is encoded with more detail.

    Returns:
        The picture, and path to content of its files.

    Raises:
        OSError: the bytes are no picture that Pillow reads. ValueError: the sizes differ.
    """
    files: dict[str, bytes] = {}
    master = Image.open(io.BytesIO(image)).convert("RGB")
    average = master.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    colour = "".join(str(round(channel * (COLOUR_STEPS - 1) / 255)) for channel in average)  # type: ignore[union-attr]
    quality = 0 if crop else WHOLE_QUALITY
    raw = _files(master, None, files, THUMBNAILS + FULL, quality)
    masked: tuple[Derived, ...] = ()
    close: tuple[Derived, ...] = ()
    if alpha is not None:
        grey = Image.open(io.BytesIO(alpha)).convert("L")
        if grey.size != master.size:
            raise ValueError(f"the picture is {master.size}, its transparency map {grey.size}")
        mask = smooth_mask(grey)
        if crop:
            masked = _files(*_cropped(master, mask, LEAD_CROP), files, FULL)
            close = _files(_cropped(master, mask, THUMBNAILS[-1])[0], None, files, THUMBNAILS)
        else:
            masked = _files(master, mask, files, FULL, quality)
            close = _files(master, mask, files, THUMBNAILS, quality)
    return Picture(colour, raw, masked, close), files


def _cropped(master: Image.Image, mask: Image.Image, pixels: int) -> tuple[Image.Image, Image.Image]:
    """Return the part of the picture that holds the mask's mass, so many pixels wide if it can be, and its opacity."""
    left, top, side = crop_square(mask, max(MINIMUM_CROP, min(1.0, pixels / master.width)))
    opacity = mask.crop((left, top, left + side, top + side))
    if side < GRID:
        opacity = ImageChops.multiply(opacity, feather(side))
    x, y, width = (round(edge * master.width / GRID) for edge in (left, top, side))
    return master.crop((x, y, x + width, y + width)), opacity


def smooth_mask(alpha: Image.Image) -> Image.Image:
    """Return the opacity of the whole picture on a :data:`GRID` by :data:`GRID` grid, 8-bit."""
    small = alpha.resize((GRID, GRID), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(SIGMA * GRID))
    histogram, seen, low, high = small.histogram(), 0, 0, 255
    low_count, high_count = CLEAR * GRID * GRID, CLIP * GRID * GRID
    for value, count in enumerate(histogram):
        if seen < low_count:
            low = value
        seen += count
        if seen >= high_count:
            high = value
            break
    if high <= low:
        return Image.new("L", (GRID, GRID), 255)
    return small.point([min(255, max(0, round(255 * (value - low) / (high - low)))) for value in range(256)])


def crop_square(mask: Image.Image, least: float = MINIMUM_CROP) -> tuple[int, int, int]:
    """Return (left, top, side) of the smallest square that holds :data:`MASS` of the mask, in grid cells, all even.

    Args:
        least: smallest side, share of the picture's.

    Every place is tried on a grid of half the size, through a summed-area table; the side is found by bisection.
    """
    half = GRID // 2
    values = mask.resize((half, half), Image.Resampling.BOX).tobytes()
    table = [[0] * (half + 1)]
    for row in range(half):
        above, line = table[-1], [0, *accumulate(values[row * half : (row + 1) * half])]
        table.append([here + over for here, over in zip(line, above, strict=True)])
    wanted = MASS * table[half][half]
    low, high = math.ceil(least * half), half
    best = (0, 0, half)
    while low <= high:
        side = (low + high) // 2
        mass, left, top = _heaviest(table, side)
        if mass >= wanted:
            best, high = (left, top, side), side - 1
        else:
            low = side + 1
    return best[0] * 2, best[1] * 2, best[2] * 2


def _heaviest(table: list[list[int]], side: int) -> tuple[int, int, int]:
    """Return (mass, left, top) of the heaviest square of that side; of equal ones, the most central."""
    spare = len(table) - 1 - side
    best = (-1, 0, 0, 0)
    for top in range(spare + 1):
        upper, lower = table[top], table[top + side]
        for left in range(spare + 1):
            mass = lower[left + side] - lower[left] - upper[left + side] + upper[left]
            if mass >= best[0]:
                best = max(best, (mass, -((2 * left - spare) ** 2) - (2 * top - spare) ** 2, left, top))
    return best[0], best[2], best[3]


@cache
def feather(side: int) -> Image.Image:
    """Return a mask that is opaque inside and fades to the edges, so that no crop ends in a hard line."""
    width = max(1.0, FEATHER * side)
    ramp = [min(1.0, (min(place, side - 1 - place) + 0.5) / width) for place in range(side)]
    ramp = [share * share * (3 - 2 * share) for share in ramp]
    return Image.frombytes("L", (side, side), bytes(round(255 * down * across) for down in ramp for across in ramp))


def _files(
    picture: Image.Image,
    opacity: Image.Image | None,
    files: dict[str, bytes],
    widths: tuple[int, ...],
    least: int = 0,
) -> tuple[Derived, ...]:
    """Encode the picture at every width that it can fill, the last at most; two widths that hardly differ are one.

    Args:
        least: quality.
    """
    full = min(picture.width, widths[-1])
    widths = (*(width for width in widths if width * 1.2 < full), full)
    made = []
    for width in widths:
        scaled = picture
        if width != picture.width:
            scaled = picture.resize((width, width), Image.Resampling.HAMMING)
        if opacity is not None:
            mask = opacity.resize((width, width), Image.Resampling.BICUBIC)
            soft = scaled.resize((10, 10), Image.Resampling.BOX).resize(scaled.size, Image.Resampling.BICUBIC)
            scaled = Image.composite(scaled, soft, mask.point(DETAIL))
            scaled.putalpha(mask.point(OPACITIES))
        buffer = io.BytesIO()
        scaled.save(buffer, "WEBP", quality=max(least, _quality(width)), method=EFFORT)
        content = buffer.getvalue()
        name = digest_bytes(content)[:18]
        path = f"{name[:2]}/{name[2:]}.webp"
        files[path] = content
        made.append(Derived(path, width, width, len(content)))
    return tuple(made)


def _quality(width: int) -> int:
    """Return the WebP quality: large pictures hide more, and must stay near 60 KB, or 200 KB on dense screens."""
    return next((quality for most, quality in QUALITIES if width <= most), LARGEST_QUALITY)
