"""PhotosSpec: the ``[photos]`` table of the configuration; and the readers that can list what it names.

Free of numpy and Pillow, as a configuration must be.
"""

import os
import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from atlas.core.registry import Registry
from atlas.photos.digest_cache import DigestCache
from atlas.photos.readers.base import Listing, OnPhoto

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

ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/+(.*)", re.DOTALL)
"""An address such as ``zoo://cats``, of which a path keeps one slash. A drive has one letter."""


def address_of(path: Path) -> str:
    """Return the address that a path stands for, such as ``zoo://cats``; empty for the path of a file or folder."""
    match = ADDRESS.fullmatch(path.as_posix())
    return f"{match[1]}://{match[2]}" if match else ""


class PhotosSpec(BaseModel):
    """``[photos]``: the reference photos.

    Attributes:
        path: a folder with a folder of photos for each class; a folder of photos; a tar, or a folder, glob or brace
            list (``train-{000..012}.tar``) of them, WebDataset shards or not; a Hugging Face dataset saved on disk;
            or what a reader of another package reads, which may be an address.
        reader: ``auto`` chooses by what is there; else the name of one of :data:`READERS`.
        classes: file that says which class a folder or label stands for where names differ: CSV rows ``folder,class``,
            or a TOML or JSON table from folder to class name, id or index. An empty class leaves the folder out.
        attribution: file that says whom photos are owed to; unless given, ``SOURCES``, ``ATTRIBUTION`` or ``CREDITS``
            (csv, json, toml, md or txt) beside the photos.
        max_megapixels: a larger photo is refused from its header.
        cache: folder for what can be computed again: digests, activations. Deleting it is safe.
        patch_size: side of a patch in pixels at the model's input size; 64 of 224, in proportion, unless given.
        stride: from one patch to the next, as a share of its side.
        statistics: measure the rendered units on these photos.
        top: photo patches shown of each unit.
        split: of a Hugging Face dataset that has several.
        image_column: of a Hugging Face dataset; unless given, the only one that holds images.
        label_column: of a Hugging Face dataset, or the key in a WebDataset sample's JSON; found unless given.
        demonstration: too few photos to conclude anything from; the pages say so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    path: Path
    reader: str = "auto"
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

    @field_validator("reader")
    @classmethod
    def _known_reader(cls, value: str) -> str:
        return value if value == "auto" else READERS.check(value)

    @property
    def address(self) -> str:
        """The path as an address, if it is one; else empty."""
        return address_of(self.path)

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
        is_folder = self.place == self.path and not os.path.isfile(self.path) and not self.address
        return is_folder and self.reader != "tar"


class Reader(ABC):
    """Lists the photos of one kind of place. Subclass, and name an instance in the entry-point group ``atlas.readers``.

    Attributes:
        title, summary: for people; the summary is a sentence or two.
        schemes: of the addresses that it reads: ``zoo`` for ``zoo://cats``. suffixes: of the files, as ``.zip``.
        generality: of several readers that could read a place, the least general does. Ours have 1 to 3.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    schemes: ClassVar[frozenset[str]] = frozenset()
    suffixes: ClassVar[frozenset[str]] = frozenset()
    generality: ClassVar[int] = 0

    def reads(self, spec: PhotosSpec) -> bool:
        """Tell whether what is at the spec's path is for this reader: by the scheme or the suffix, unless it looks."""
        if spec.address:
            return spec.address.partition(":")[0] in self.schemes
        return spec.path.suffix.lower() in self.suffixes and os.path.isfile(spec.path)

    @abstractmethod
    def listing(self, spec: PhotosSpec, cache: DigestCache, on_photo: OnPhoto) -> Listing:
        """Return the photos without decoding any; those that the cache knows are not read either.

        Args:
            spec: with an absolute path, or an address.
            cache: of what is known of files that have not changed.
            on_photo: told how many photos have been seen, and of how many; may raise to stop.

        Raises:
            PhotoError: the place cannot be used.
        """


READERS: Registry[Reader] = Registry(
    "photo reader",
    "atlas.readers",
    Reader,
    {
        "folder": "atlas.photos.readers.folder:FOLDER",
        "huggingface": "atlas.photos.readers.huggingface:HUGGINGFACE",
        "tar": "atlas.photos.readers.tar:TAR",
    },
)
"""All readers."""
