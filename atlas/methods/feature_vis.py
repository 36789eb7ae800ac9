"""Feature-Vis: activation maximisation in the frequency domain, for CNNs and ViTs (Zhu and Cangelosi 2025)."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from atlas.errors import ConfigError
from atlas.methods.base import Paper, Resolved, methods
from atlas.methods.batch import RenderBatch
from atlas.methods.parameters import PIXELS, MethodParameters
from atlas.methods.presets import measured
from atlas.methods.transformed import SpectrumParameters, TransformedMethod, spectrum

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.views.moves import Stage

SCALE_STEPS = 11
"""Factors that a scale is drawn from, evenly spaced: as many as in Lucid's ``standard_transforms``."""


class FeatureVisParameters(SpectrumParameters):
    """Parameters of Algorithm 1. The paper gives the number of steps and the kinds of transformation, no other number.

    Where it is silent, Lucid's value is the default (jitter, scale, rotation, colours, start, decay).
    """

    steps: int = Field(default=1000, ge=1, le=100_000, description="steps of gradient ascent (paper: 1000)")
    learning_rate: float = Field(
        default=0.01,
        gt=0,
        description="length of a step; with normalised gradients the root mean square of a coefficient's change "
        "(paper: not given; chosen by eye on lite0)",
    )
    normalise_gradient: bool = Field(
        default=True,
        description="whether each gradient is divided by its root mean square, so that one step size fits all units; "
        "false is the paper's bare step",
    )
    decay: float = Field(
        default=1.0,
        ge=0,
        le=4,
        description="power of the frequency by which the spectrum is divided (Lucid: 1). 0 treats all alike and is "
        "Algorithm 1 to the letter: irfft2 being unitary, its steps are then those in pixel space",
    )
    standardise: bool = Field(
        default=True,
        description="whether each picture is brought to mean 0 and variance 1 before its values are squashed into the "
        "range of colours; false divides it by 4",
    )
    jitter: int = Field(
        default=8,
        ge=0,
        le=4000,
        description="largest random shift of a view, pixels of the picture (Lucid: 8)",
        json_schema_extra=PIXELS,
    )
    scale: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="views are scaled by a random factor within 1 plus or minus this (Lucid: 0.1)",
    )
    rotate: float = Field(
        default=10.0,
        ge=0,
        le=180,
        description="views are turned at random within plus or minus this (Lucid: 10)",
        json_schema_extra={"unit": "degree"},
    )


PRESETS = {
    "draft": measured("a tenth of the paper's steps", 2.4, "4 of 15 classes", steps=100),
    "standard": measured("three tenths of them", 7, "10 of 52 pictures", steps=300),
    "fine": measured("the paper's steps", 24, steps=1000),
}


class FeatureVis(TransformedMethod[FeatureVisParameters]):
    """Algorithm 1 of the paper: ``x = tau(irfft2(z))``, ``z <- z + eta * grad``.

    A logit is read before the softmax (section 4.1). A "channel" of a ViT is a hidden dimension of a block's output,
    averaged over its tokens (section 3.4); class and register tokens, which the paper's own indexing would take in,
    are left out, as they show no place of the picture.
    """

    name = "feature_vis"
    version = 1
    title = "Feature-Vis"
    summary = (
        "Climbs the plain gradient of a unit in the Fourier spectrum of a picture that is shifted, scaled and turned "
        "at random."
    )
    paragraphs = (
        "The picture is the inverse Fourier transform of a spectrum of random complex numbers. At each of many steps "
        "the picture is shifted, scaled and turned at random, the network looks at it, and the spectrum moves a "
        "little along the gradient of the objective, with no other optimiser in between.",
        "The same procedure serves convolutional networks and vision transformers, and every depth. A class is read "
        "before the softmax, since a high probability may only mean that the other classes are low. In a "
        "transformer, a hidden dimension of a block's output, averaged over the tokens, takes the place of a "
        "channel.",
        "Steps along the plain gradient leave the fine grain alone that optimisers such as Adam, which move every "
        "coefficient by about the same amount, fill in. With low frequencies amplified this gives smooth pictures.",
    )
    limits = (
        "The paper gives the number of steps and the kinds of transformation. Step size, their ranges, the "
        "amplification of low frequencies, colour space and contrast are choices made here, all of them parameters.",
        "Taken to the letter, without amplified low frequencies, the algorithm is gradient ascent on pixels: the "
        "Fourier transform alone changes nothing about plain gradient steps.",
        "Class and register tokens of a transformer are left out of the average; the paper averages over all tokens.",
    )
    paper = Paper(
        title="Representation Understanding via Activation Maximization",
        authors="Zhu, Cangelosi",
        year=2025,
        venue="arXiv:2508.07281",
        url="https://arxiv.org/abs/2508.07281",
        equation="algorithm 1, equation 2",
    )
    parameters = FeatureVisParameters
    presets = PRESETS

    def resolve(self, asked: MethodParameters, model: "VisionModel", folder: Path) -> Resolved[FeatureVisParameters]:
        """See :meth:`Method.resolve`.

        Raises:
            ConfigError: the jitter leaves nothing of the picture.
        """
        resolved = super().resolve(asked, model, folder)
        jitter, side = resolved.parameters.jitter, resolved.parameters.side
        if jitter >= side:
            raise ConfigError(
                [f"jitter = {jitter} leaves no window of a picture of {side} pixels"],
                remedy=f"choose a jitter below {side}; an eighth of the picture or less is usual",
            )
        return resolved

    def picture(self, batch: RenderBatch[FeatureVisParameters]) -> "nn.Module":
        """See :meth:`TransformedMethod.picture`."""
        return spectrum(batch)

    def transformations(self, parameters: FeatureVisParameters) -> "tuple[Sequence[Stage], float]":
        """See :meth:`TransformedMethod.transformations`; the order is that of the paper's words.

        A view is as large as the picture, so that the shift moves the picture rather than cutting its edges off.
        """
        from atlas.synthesis.views.moves import LUCID_FILL, CropOrPad, Jitter, Rotate, Scale, spaced

        jitter, scale, rotate = parameters.jitter, parameters.scale, parameters.rotate
        factors = Scale(spaced(1 - scale, 1 + scale, SCALE_STEPS))
        angles = Rotate(spaced(-rotate, rotate, 2 * math.ceil(rotate) + 1))
        return (Jitter(jitter), factors, angles, CropOrPad(parameters.side)), LUCID_FILL

    def optimizer(self, parameters: FeatureVisParameters, picture: "nn.Module") -> "torch.optim.Optimizer":
        """See :meth:`TransformedMethod.optimizer`."""
        import torch

        from atlas.synthesis.steps.gradient_step import NormalisedStep

        rule = NormalisedStep if parameters.normalise_gradient else torch.optim.SGD
        return rule(picture.parameters(), lr=parameters.learning_rate)


methods.register(FeatureVis.name, FeatureVis())
