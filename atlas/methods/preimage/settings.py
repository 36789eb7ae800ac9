"""Settings of natural pre-images, with the values of their paper (Mahendran and Vedaldi 2016)."""

from typing import Literal

from pydantic import Field, field_validator

from atlas.methods.parameters import LEVELS, PIXELS, SHARE, MethodParameters
from atlas.synthesis.scores.channels import channel_numbers

PHOTOS = "photos"
"""Value of ``largest`` that stands for the unit's own on reference photos."""


class PreimageParameters(MethodParameters):
    """Parameters of natural pre-images; lengths of colours are in the paper's unit, 0 to 255."""

    steps: int = Field(default=350, ge=1, le=100_000, description="steps of Algorithm 1 (paper: 300; authors: 50 more)")
    calm: float = Field(
        default=1 / 7,
        ge=0,
        lt=1,
        description="part of an inversion's steps, at the end, in which the picture is not shifted and the step size "
        "is a tenth (authors: 50 of 350)",
        json_schema_extra=SHARE,
    )
    learning_rate: float = Field(
        default=0.01,
        gt=0,
        description="initial step size, as a share of H W B^2 / alpha, which would remove the first penalty in one "
        "step (section 3.4: 0.01; authors: 0.05)",
        json_schema_extra=SHARE,
    )
    momentum: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="rho of Algorithm 1: how much of the sums of squared gradients and of moves is kept from step to "
        "step (section 3.4: 0.9)",
    )
    image_size: int | None = Field(
        default=None,
        ge=32,
        le=4096,
        description="side of the picture, which the network sees whole; the model's input unless chosen",
        json_schema_extra=PIXELS,
    )
    weight: Literal["depth"] | float = Field(
        default="depth",
        description='C: how much the activation counts against the penalties; by "depth" 300, 100, 20 and 1 for '
        "inversions of ever later layers, 20 for HOG and DSIFT, and 1 for caricatures and units (sections 5 to 7)",
    )
    jitter: Literal["stride"] | int = Field(
        default="stride",
        description='T: number of positions, in each direction, to which the picture is shifted at random; by "stride" '
        "a quarter of the layer's (section 5.2); 1 means no shift",
        json_schema_extra=PIXELS,
    )
    alpha: float = Field(
        default=6.0,
        ge=1,
        le=100,
        description="power of the penalty on colours far from the mean (section 3.3: 6)",
    )
    beta: float = Field(
        default=2.0,
        ge=1,
        le=10,
        description="power of the penalty on differences between neighbours (section 3.3: 2)",
    )
    length: float = Field(
        default=80.0,
        gt=0,
        le=442,
        description="B: typical distance of a pixel's colour from the mean colour, where the first penalty is 1 (80)",
        json_schema_extra=LEVELS,
    )
    bound: float = Field(
        default=160.0,
        gt=0,
        le=442,
        description="B_+: largest distance of a pixel's colour from the mean colour (2 B)",
        json_schema_extra=LEVELS,
    )
    slope: float = Field(
        default=80 / 6.5,
        gt=0,
        le=442,
        description="V: typical difference between neighbouring pixels, where the second penalty is 1 for each colour "
        "(section 3.3: B / 6.5)",
        json_schema_extra=LEVELS,
    )
    channels: str = Field(
        default="all",
        description='channels of the code that an inversion or a caricature is about: "all", "first half", "second '
        'half" or ranges such as "0-15,32" (section 5.2.5)',
    )
    window: int = Field(
        default=0,
        ge=0,
        le=4096,
        description="side of the window in the middle of the layer's map that they are about, in places of the map; 0 "
        "for all of it (figure 9: 5)",
    )
    largest: Literal["photos"] | float = Field(
        default=0.0,
        description='M: largest activation of the unit on photos (section 6): "photos" looks for it on the reference '
        "photos, those of its class or, for units of layers, all; or a number; 0 estimates it without photos, as the "
        "largest of any unit of the layer in 16 pictures with the spectrum of photos and random phases",
    )
    stretch: Literal["by kind", "always", "never"] = Field(
        default="by kind",
        description="whether a finished picture's values are stretched to the whole range of colours, as the authors "
        "print theirs (vl_imsc); by kind all but inversions, whose colours are measured",
    )

    @field_validator("weight")
    @classmethod
    def _positive(cls, value: str | float) -> str | float:
        if isinstance(value, float) and value <= 0:
            raise ValueError(f'write "depth" or a number above 0, not {value:g}')
        return value

    @field_validator("largest")
    @classmethod
    def _no_less_than_0(cls, value: str | float) -> str | float:
        if isinstance(value, float) and value < 0:
            raise ValueError(f'write "photos" or a number of at least 0, not {value:g}')
        return value

    @field_validator("jitter")
    @classmethod
    def _a_shift(cls, value: str | int) -> str | int:
        if isinstance(value, int) and not 1 <= value <= 1000:
            raise ValueError(f'write "stride" or a number from 1 (no jitter) to 1000, not {value}')
        return value

    @field_validator("channels")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        channel_numbers(value, 1)
        return value
