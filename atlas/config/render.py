"""RenderBlock: one ``[[render]]`` table, which units of which models to render and how."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from atlas.config.problems import ABSENT, WHOLE
from atlas.config.seeds import Facets, Seeds, listed
from atlas.core.job import DEFAULT_METHOD, PHOTO_KINDS, Precision

Given = TypeVar("Given")

UNITS = 'must be "all", numbers such as [1, 2], ranges such as "0-15" or "0-3,7", or { sample = 8, seed = 0 }'


class UnitSample(BaseModel):
    """``units = { sample = 8, seed = 0 }``: some of a layer's units, or photos, the same ones every time.

    Attributes:
        sample: how many. seed: which; with the same seed a larger sample holds the smaller one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sample: int = Field(ge=1)
    seed: int = Field(default=0, ge=0)


UnitRanges = tuple[tuple[int, int], ...]
"""First and last unit of each range, both included."""


def _parse_units(value: object) -> object:
    if value == "all" or isinstance(value, Mapping | UnitSample):
        return value
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    ranges = tuple(_parse_range(part) for part in parts)
    if not ranges:
        raise ValueError(UNITS)
    return ranges


def _parse_range(part: object) -> tuple[int, int]:
    """Return first and last of ``7``, ``"7"``, ``"0-3"`` or ``(0, 3)``."""
    if isinstance(part, int) and not isinstance(part, bool) and part >= 0:
        return part, part
    if isinstance(part, tuple) and len(part) == 2:
        part = f"{part[0]}-{part[1]}"
    match = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part, re.ASCII) if isinstance(part, str) else None
    if match is None:
        raise ValueError(UNITS)
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise ValueError(f'the range "{first}-{last}" runs backwards; write "{last}-{first}"')
    return first, last


def _class_selector(value: object) -> object:
    if (isinstance(value, str) and value.strip()) or (
        isinstance(value, int) and not isinstance(value, bool) and value >= 0
    ):
        return value
    raise ValueError("must be a class's name, id or index, or a glob such as *shark*")


def _photo_selectors(value: object) -> object:
    return value if isinstance(value, Mapping | UnitSample) else listed(value)


Text = Annotated[str, Field(min_length=1)]
ClassSelector = Annotated[int | str, BeforeValidator(_class_selector)]
Place = Annotated[int, Field(ge=0)]
LayerSet = Literal["blocks", "stages", "convolutions"]
"""Words for layers of any network: see :data:`atlas.models.anatomy.stages.LAYER_SETS`."""


def _form(value: object) -> str:
    return "set" if isinstance(value, str) and value in get_args(LayerSet) else "globs"


Layers = Annotated[
    Annotated[tuple[Text, ...], BeforeValidator(listed), Tag("globs")] | Annotated[LayerSet, Tag("set")],
    Discriminator(_form),
]
"""Globs of layers, or one of those words."""


class RenderBlock(BaseModel):
    """One ``[[render]]`` table. Whether models have these classes, layers and units shows only when they are planned.

    Attributes:
        model: names of models; empty means the only one.
        classes: names, ids, indices or globs of classes to render the logits of, ``"all"`` for all of them.
        layers: globs of layers to render channels of; or one word that says which, of whatever network: ``"blocks"``,
            ``"stages"`` (the stem, and where up to four stages end) or ``"convolutions"``. In a list they are names.
        units: which of each layer's channels.
        kind: ``channel`` (mean over positions), ``neuron`` (one position), ``inversion`` or ``caricature`` (of photos,
            by what a layer holds of them); unless given, what the method most likely means: ``inversion`` of photos,
            else ``channel``.
        position: (row, column) of a neuron; the central one unless given.
        photos: names, globs or folders of reference photos, or a sample of them: one rendering for each.
        sign: ``positive`` renders what raises a unit, ``negative`` what lowers it.
        method: how. preset: of the method's, such as ``draft``: fills the parameters that are not given, and leaves no
            trace in keys. parameters: of the method; checked against its own model.
        seeds: one rendering of each target for each; or ``"facets:4"``, four that are to show different looks of it.
        precision: of the network's arithmetic; ``tf32`` and ``bfloat16`` are for GPUs that are fast at them, and make
            other pictures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model: Annotated[tuple[Text, ...], BeforeValidator(listed)] = ()
    classes: Annotated[tuple[ClassSelector, ...], BeforeValidator(listed)] = ()
    layers: Layers = Field(default=(), validate_default=True)
    kind: Literal["channel", "neuron", "inversion", "caricature"] | None = None
    units: Annotated[Literal["all"] | UnitRanges | UnitSample, BeforeValidator(_parse_units)] = "all"
    photos: Annotated[tuple[Text, ...] | UnitSample, BeforeValidator(_photo_selectors)] = ()
    position: tuple[Place, Place] | None = None
    sign: Literal["positive", "negative", "both"] = "positive"
    method: str = DEFAULT_METHOD
    preset: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    seeds: Seeds = (0,)
    precision: Precision = "float32"

    @field_validator("layers")
    @classmethod
    def _something_to_render(
        cls, layers: tuple[str, ...] | LayerSet, info: ValidationInfo
    ) -> tuple[str, ...] | LayerSet:
        if "classes" not in info.data:  # they are wrong themselves
            return layers
        if layers and info.data["classes"]:
            raise PydanticCustomError(WHOLE, "has both classes and layers; put them into two [[render]] blocks")
        if not layers and not info.data["classes"]:
            raise PydanticCustomError(
                ABSENT, 'says nothing to render; give classes = ["goldfish"] or layers = ["blocks.*"]'
            )
        return layers

    @field_validator("kind", "units", "position", "sign")
    @classmethod
    def _goes_with_the_others(cls, value: Given, info: ValidationInfo) -> Given:
        """Refuse what does not go with the fields before it; those that are wrong themselves are not there."""
        key, kind = info.field_name, info.data.get("kind")
        if value is None or "layers" not in info.data or "classes" not in info.data:
            return value
        if info.data["classes"]:
            if key != "sign":
                raise ValueError(f"{key} goes with layers, not with classes; leave it out")
        elif key != "kind" and kind in PHOTO_KINDS:
            raise ValueError(f"{key} goes with a unit, and this kind is of all of a layer's; leave it out")
        elif key == "position" and "kind" in info.data and kind != "neuron":
            raise ValueError('a position is for kind = "neuron"; a channel is a mean over all positions')
        return value

    @field_validator("model", "seeds")
    @classmethod
    def _each_once(cls, values: tuple[Given, ...] | Facets, info: ValidationInfo) -> tuple[Given, ...] | Facets:
        if isinstance(values, tuple) and len(set(values)) < len(values):
            raise ValueError(f"{info.field_name} names one twice; name each once")
        return values

    @property
    def signs(self) -> tuple[Literal[-1, 1], ...]:
        """The signs to render, in order."""
        return {"positive": (1,), "negative": (-1,), "both": (1, -1)}[self.sign]  # type: ignore[return-value]
