"""PhotosSpec: the ``[photos]`` table of the configuration. Free of numpy and Pillow, as a config must be."""

import os
import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

MAX_MEGAPIXELS = 64.0
"""Largest photo that is decoded unless told otherwise: more than most cameras make, 192 MB as RGB."""

LARGEST_MEGAPIXELS = 178.0
"""Largest limit that can be set: Pillow itself refuses twice its own of 89 megapixels."""

BYTES_PER_PIXEL = 8
"""No encoding that is read takes more: four channels of 16 bits, uncompressed."""

MAX_METADATA = 16_000_000
"""Bytes that a file may hold besides its pixels: previews, profiles."""

LARGEST_FILE = round(LARGEST_MEGAPIXELS * 1e6) * BYTES_PER_PIXEL + MAX_METADATA
"""Bytes of the largest file that any limit allows."""

WILDCARD = re.compile(r"[*?\[{]")
"""What makes a path that does not exist a pattern of several."""


class PhotosSpec(BaseModel):
    """``[photos]``: the reference photos.

    Attributes:
        path: a folder with a folder of photos for each class; a folder of photos; a tar, or a folder, glob or brace
            list (``train-{000..012}.tar``) of them, WebDataset shards or not; a Hugging Face dataset saved on disk.
        reader: ``auto`` chooses by what is there.
        classes: file that says which class a folder or label stands for where names differ: CSV rows ``folder,class``,
            or a TOML or JSON table from folder to class name, id or index. An empty class leaves the folder out.
        attribution: file that says whom photos are owed to; None takes ``SOURCES``, ``ATTRIBUTION`` or ``CREDITS``
            (csv, json, toml, md or txt) beside the photos.
        max_megapixels: a larger photo is refused from its header.
        cache: folder for what can be computed again: digests, activations. Deleting it is safe.
        patch_size: side of a patch in pixels at the model's input size; None is 64 of 224, in proportion.
        stride: from one patch to the next, as a share of its side.
        statistics: measure the rendered units on these photos.
        top: photo patches shown of each unit.
        split: of a Hugging Face dataset that has several.
        image_column: of a Hugging Face dataset; None is the only one that holds images.
        label_column: of a Hugging Face dataset, or the key in a WebDataset sample's JSON; None finds it.
        demonstration: too few photos to conclude anything from; the pages say so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    path: Path
    reader: Literal["auto", "folder", "tar", "huggingface"] = "auto"
    classes: Path | None = None
    attribution: Path | None = None
    max_megapixels: float = Field(default=MAX_MEGAPIXELS, ge=0.01, le=LARGEST_MEGAPIXELS, allow_inf_nan=False)
    cache: Path = Path("build/cache")
    patch_size: int | None = Field(default=None, ge=8, le=8192)
    stride: float = Field(default=0.8, gt=0, le=1, allow_inf_nan=False)
    statistics: bool = True
    top: int = Field(default=9, ge=1, le=100)
    split: str | None = Field(default=None, min_length=1)
    image_column: str | None = Field(default=None, min_length=1)
    label_column: str | None = Field(default=None, min_length=1)
    demonstration: bool = False

    @field_validator("path", "cache", "classes", "attribution", mode="before")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        if isinstance(value, str) and (not value.strip() or "\0" in value):
            raise ValueError("must be a path")
        return value

    @property
    def max_pixels(self) -> int:
        """Largest photo that is decoded, pixels."""
        return round(self.max_megapixels * 1e6)

    @property
    def max_bytes(self) -> int:
        """Largest file that can hold such a photo, bytes."""
        return self.max_pixels * BYTES_PER_PIXEL + MAX_METADATA

    @property
    def place(self) -> Path:
        """The file or folder that holds the photos; of a glob or brace list, the folder that it starts from."""
        if os.path.exists(self.path):  # unlike Path.exists, false for a name that is too long
            return self.path
        fixed = Path(self.path.anchor)
        for part in self.path.relative_to(self.path.anchor).parts:
            if WILDCARD.search(part):
                return fixed
            fixed /= part
        return self.path

    @property
    def is_searched(self) -> bool:
        """Whether all that lies below :attr:`place` is looked through. Archives are told by their names: those of a
        brace list may lie beside the configuration, and the store and the site below it."""
        return self.reader != "tar" and self.place == self.path and not os.path.isfile(self.path)
