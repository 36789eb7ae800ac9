"""Picture: a rendering as a notebook shows it, with the recipe that it is made by; in a PNG both travel together."""

import base64
import io
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from atlas.core.record import AssetRole, Record, Status
from atlas.errors import PictureError
from atlas.face.html import figure, row
from atlas.face.recipe import Recipe

if TYPE_CHECKING:
    from PIL import Image

RECIPE_CHUNK = "atlas"
"""Keyword of the PNG text chunk that holds a picture's :class:`Recipe` as JSON."""
PARTS_CHUNK = "atlas-parts"
"""Keyword of the chunk that holds its other pictures: JSON from role to PNG, base64."""


class Picture:
    """One rendering.

    Args:
        recipe: what it is.
        files: role to encoded picture; empty unless it is done.
    """

    def __init__(self, recipe: Recipe, files: Mapping[str, bytes]) -> None:
        self.recipe = recipe
        self.files = dict(files)

    @property
    def name(self) -> str:
        """The class's name, or the notation of the unit, such as ``layer3.1:17``."""
        return self.recipe.name

    @property
    def status(self) -> Status:
        """``done``; ``dead``: no gradient reached the image, so there is none; ``failed``: see ``message``."""
        return self.record.status

    @property
    def message(self) -> str:
        """Why there is no picture; empty if there is one."""
        return self.recipe.message

    @property
    def record(self) -> Record:
        """The record, as the store keeps it."""
        return self.recipe.record

    @property
    def key(self) -> str:
        """The key: sha256 of everything that decides the picture, the same as ``atlas render`` gives."""
        return self.record.key

    @property
    def trace(self) -> tuple[float, ...]:
        """The objective at every step."""
        return self.record.trace

    @property
    def measurements(self) -> dict[str, float]:
        """Name to value of what was measured on the finished picture; units and meaning are in the record."""
        return {measurement.name: measurement.value for measurement in self.record.measurements}

    @property
    def top_classes(self) -> dict[str, float]:
        """Name to probability of the model's strongest classes on the picture, best first; empty without classes."""
        names = self.recipe.class_names
        return {names.get(one.index, f"class {one.index}"): one.probability for one in self.record.top_classes}

    @cached_property
    def image(self) -> "Image.Image | None":
        """The picture, RGB, 8 bits, sRGB; ``numpy.asarray`` makes (H, W, 3) uint8 of it. None unless it is done."""
        return self.part("image")

    @cached_property
    def alpha(self) -> "Image.Image | None":
        """The transparency map, 8-bit grey, same size: how much the optimisation has moved each place."""
        return self.part("alpha")

    @cached_property
    def masked(self) -> "Image.Image | None":
        """The picture, RGBA, with the smoothed transparency map as its opacity (MACO, section 3.3)."""
        from PIL import Image

        from atlas.site.pictures.picture import smooth_mask

        if self.image is None or self.alpha is None:
            return None
        masked = self.image.copy()
        masked.putalpha(smooth_mask(self.alpha).resize(self.image.size, Image.Resampling.BICUBIC))
        return masked

    def part(self, role: AssetRole) -> "Image.Image | None":
        """Return what the record keeps in a role, such as the ``photo`` that the picture is of; None without one."""
        from PIL import Image

        return Image.open(io.BytesIO(self.files[role])) if role in self.files else None

    def save(self, path: Path | str) -> Path:
        """Write the picture as a PNG that holds its recipe and its other parts, and return its path.

        Raises:
            PictureError: there is no picture, or the name is not that of a PNG, which is what carries the recipe.
            StoreError: it cannot be written.
        """
        from PIL.PngImagePlugin import PngInfo

        from atlas.store.files import write_atomic

        path = Path(path)
        if self.image is None:
            raise PictureError(f"{self.name} has no picture: {self.message}", "save those whose status is done")
        if path.suffix.lower() != ".png":
            raise PictureError(
                f"{path} is not the name of a PNG, which carries the recipe", f"{path.with_suffix('.png')}"
            )
        texts = PngInfo()
        texts.add_itxt(RECIPE_CHUNK, self.recipe.model_dump_json(exclude_none=True))
        others = {role: base64.b64encode(data).decode() for role, data in self.files.items() if role != "image"}
        texts.add_text(PARTS_CHUNK, json.dumps(others))
        buffer = io.BytesIO()
        self.image.save(buffer, "PNG", pnginfo=texts)
        write_atomic(path, buffer.getvalue())
        return path

    def __repr__(self) -> str:
        size = f"{self.image.width} x {self.image.height}" if self.image is not None else self.message
        return f"<Picture {self.name} by {self.record.job.method}: {self.status}, {size}, key {self.key[:12]}>"

    def _repr_png_(self) -> bytes | None:
        """Return the picture as a notebook shows it; None without one."""
        return self.files.get("image")

    def _repr_html_(self) -> str:
        """Return the picture with name, objective and recipe; nothing in it but markup of ours."""
        return figure(self.recipe, self.files.get("image"))


class Pictures(list[Picture]):
    """Pictures in a list, which a notebook shows side by side."""

    def __init__(self, pictures: Iterable[Picture] = ()) -> None:
        super().__init__(pictures)

    def _repr_html_(self) -> str:
        return row(picture._repr_html_() for picture in self)


def open_picture(path: Path | str) -> Picture:
    """Return a picture that :meth:`Picture.save` wrote, with its recipe.

    Raises:
        PictureError: it is no PNG, or holds no recipe that this version reads.
    """
    from PIL import Image

    try:
        data = Path(path).read_bytes()
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            opened.load()
            texts = dict(getattr(opened, "text", {}))
    except (OSError, SyntaxError, ValueError) as error:
        reason = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
        raise PictureError(f"{path} is no PNG that can be read{reason}", "name one that Picture.save wrote") from error
    if RECIPE_CHUNK not in texts:
        raise PictureError(
            f"{path} holds no recipe", "name a file that Picture.save wrote; other programs drop it when they save"
        )
    try:
        recipe = Recipe.model_validate_json(str(texts[RECIPE_CHUNK]))
        others = json.loads(texts.get(PARTS_CHUNK, "{}"))
        parts = {str(role): base64.b64decode(part) for role, part in others.items()}
    except (ValidationError, ValueError, TypeError, AttributeError) as error:
        raise PictureError(
            f"the recipe in {path} is damaged, or of another version of atlas", "render it again"
        ) from error
    return Picture(recipe, {"image": data} | parts)
