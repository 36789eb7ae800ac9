"""Renderings in JSON: the store's record, the command that makes it again, and its published pictures."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from atlas.core.record import Asset, Record
from atlas.core.score import ScoreValue
from atlas.site.catalog.judged import Judged
from atlas.site.catalog.shown import Shown
from atlas.site.documents.base import AS_STORED, Document, Sparse
from atlas.site.pictures.picture import Derived, Picture


class PictureFile(Document):
    """One file of a picture."""

    src: str
    width: int
    height: int
    bytes: int


class Pictures(Sparse):
    """The files of a rendering's pictures, each kind by ascending width."""

    raw: tuple[PictureFile, ...] = Field(description="the whole picture")
    masked: tuple[PictureFile, ...] = Field(description="only what mattered to the model, if that is known")
    close: tuple[PictureFile, ...] = Field(description="thumbnails of the masked view, close up")
    photo: tuple[PictureFile, ...] | None = Field(default=None, description="the photo that it was made from")
    perturbation: tuple[PictureFile, ...] | None = Field(default=None, description="how that photo was changed")


class JudgedData(Document):
    """What a judge says of a picture."""

    judge: str = Field(description="its name; empty of what nobody judges")
    family: str
    relation: str = Field(description="to the rendered model: other family, same family")
    values: tuple[ScoreValue, ...] = Field(description="by the names of numbers")


class RenderingData(Record):
    """A record of the store, without the store's own files."""

    assets: SkipJsonSchema[tuple[Asset, ...]] = Field(default=(), exclude=True)
    command: str = Field(description="makes it again")
    pictures: Pictures | None = Field(default=None, description="absent where there is no picture")
    judged: tuple[JudgedData, ...] | None = Field(default=None, description="what judges say of it, if any were asked")


Rendering = Annotated[RenderingData, AS_STORED]


def picture_files(files: Iterable[Derived], root: str) -> tuple[PictureFile, ...]:
    """Return the files of one view of a picture."""
    return tuple(
        PictureFile(src=f"{root}i/{file.path}", width=file.width, height=file.height, bytes=file.bytes)
        for file in files
    )


def rendering_data(shown: Shown, root: str) -> RenderingData:
    """Return a record with the command that makes it again and its published pictures."""
    pictures = None
    if shown.picture is not None:
        pictures = Pictures(
            raw=picture_files(shown.picture.raw, root),
            masked=picture_files(shown.picture.masked, root),
            close=picture_files(shown.picture.close, root),
            photo=_whole(shown.photo, root),
            perturbation=_whole(shown.perturbation, root),
        )
    command = f"atlas render --only {shown.key}"
    record = {name: getattr(shown.record, name) for name in Record.model_fields}  # checked when it was read
    judged = tuple(
        JudgedData(judge=by.judge, family=by.family, relation=by.relation, values=_values(by)) for by in shown.judged
    )
    return RenderingData.model_construct(**record, command=command, pictures=pictures, judged=judged or None)


def _values(by: Judged) -> tuple[ScoreValue, ...]:
    return tuple(ScoreValue(name=said.name, layer=said.layer, value=said.value) for said in by.numbers)


def _whole(picture: Picture | None, root: str) -> tuple[PictureFile, ...] | None:
    return None if picture is None else picture_files(picture.raw, root)
