"""What every method's parameters are: a frozen model, whose dump is part of the keys of the pictures made with it."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, ValidatorFunctionWrapHandler, field_validator
from pydantic.config import JsonDict

from atlas.core.job import Preprocessing

Size = tuple[int, int]
"""(height, width), pixels."""

PIXELS: JsonDict = {"unit": "px"}
SHARE: JsonDict = {"unit": "share"}
RANGE: JsonDict = {"unit": "of the range of colours"}
LEVELS: JsonDict = {"unit": "of 255 levels"}
"""Units of parameters: what ``json_schema_extra`` of their fields is."""

Given = TypeVar("Given", bound="MethodParameters")
GivenResized = TypeVar("GivenResized", bound="ResizedParameters")

CHOSEN = "chosen"
"""Context of validation for parameters that are resolved: nobody asks for them any more."""

Shown = Annotated[int, Field(ge=16, le=4096)]
"""A side at which a network is shown something, pixels."""


class MethodParameters(BaseModel):
    """Base of every method's parameters: immutable, unknown names refused, the paper's values as defaults.

    Each field's ``description`` says what it means, ``json_schema_extra`` its unit: pages and tables are made of them.
    What a default leaves open (None), :meth:`atlas.methods.base.Method.resolve` chooses for the model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    image_size: int | None = Field(
        default=None,
        ge=32,
        le=4096,
        description="side of the picture; the model's input unless chosen",
        json_schema_extra=PIXELS,
    )

    @field_validator("image_size", "resolution", mode="wrap", check_fields=False)
    @classmethod
    def _size(cls, value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
        """Bound what may be asked for; a size that was chosen for a model is the model's own, however small."""
        if info.context == CHOSEN:
            return tuple(value) if isinstance(value, list) else value
        return handler(value)

    @property
    def side(self) -> int:
        """Side of the picture, pixels; resolved parameters have one."""
        assert self.image_size is not None
        return self.image_size

    @property
    def shown(self) -> Size:
        """What the network is shown of it, by resolved parameters: the whole picture as it is."""
        return self.side, self.side

    def sized(self: Given, preprocessing: Preprocessing) -> Given:
        """Return the parameters with a size wherever one is left open: that of the model's input."""
        side = self.image_size or max(preprocessing.height, preprocessing.width)
        return self.model_copy(update={"image_size": side})


class ResizedParameters(MethodParameters):
    """Parameters of methods that resize what the network is shown."""

    resolution: Shown | tuple[Shown, Shown] | None = Field(
        default=None,
        description="side at which the network is shown views, or (height, width); the model's input unless chosen",
        json_schema_extra=PIXELS,
    )

    @property
    def shown(self) -> Size:
        """What the network is shown, by resolved parameters."""
        assert isinstance(self.resolution, tuple)
        return self.resolution

    def sized(self: GivenResized, preprocessing: Preprocessing) -> GivenResized:
        """See :meth:`MethodParameters.sized`; the resolution becomes (height, width)."""
        given = self.resolution or (preprocessing.height, preprocessing.width)
        size = given if isinstance(given, tuple) else (given, given)
        return super().sized(preprocessing).model_copy(update={"resolution": size})
