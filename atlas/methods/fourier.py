"""Fourier: feature visualisation by the whole spectrum of a picture (Olah, Mordvintsev and Schubert 2017)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import Field

from atlas.methods.base import Paper, methods
from atlas.methods.batch import RenderBatch
from atlas.methods.presets import measured
from atlas.methods.transformed import SpectrumParameters, TransformedMethod, TransformedParameters, spectrum

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.synthesis.views.moves import Stage

Transformations = Literal["lucid", "xplique", "none"]


class OlahParameters(TransformedParameters):
    """Parameters that the Fourier baseline and its twin in pixel space share; Lucid's are the defaults."""

    steps: int = Field(
        default=512,
        ge=1,
        le=100_000,
        description="steps of Adam (Lucid: 512, Xplique: 256)",
    )
    learning_rate: float = Field(
        default=0.05,
        gt=0,
        description="step size of Adam (Lucid and Xplique: 0.05)",
    )
    transformations: Transformations = Field(
        default="lucid",
        description='which sequence of random transformations views pass through: "lucid": pad, jitter, scale, rotate, '
        'jitter; "xplique": the same without rotation but far larger, with blur and flip, so that a view shows a third '
        'of the picture; "none"',
    )


class FourierParameters(OlahParameters, SpectrumParameters):
    """Parameters of the Fourier baseline."""

    decay: float = Field(
        default=1.0,
        ge=0,
        le=4,
        description="power of the frequency by which the spectrum is divided: 0 treats all frequencies alike (Lucid: "
        "1, Xplique: 0.85, Horama: 1.5)",
    )
    standardise: bool = Field(
        default=True,
        description="whether each picture is brought to mean 0 and variance 1 before its values are squashed into the "
        "range of colours, as Horama does; false divides it by 4, as Lucid does, and colours saturate with a large "
        "decay",
    )


PRESETS = {
    "draft": measured("a quarter of Lucid's steps", 3.2, "3 of 15 classes", steps=128),
    "standard": measured("Lucid's steps", 13, "4 of 15 classes", steps=512),
    "fine": measured("twice the steps, two views in each", 50, steps=1024, views=2),
}


OlahP = TypeVar("OlahP", bound=OlahParameters)


class OlahMethod(TransformedMethod[OlahP]):
    """Lucid's optimiser and transformations."""

    def transformations(self, parameters: OlahP) -> "tuple[Sequence[Stage], float]":
        """See :meth:`TransformedMethod.transformations`."""
        from atlas.synthesis.views.moves import LUCID_FILL, XPLIQUE_FILL, lucid, xplique

        side = parameters.side
        return {"lucid": (lucid(side), LUCID_FILL), "xplique": (xplique(side), XPLIQUE_FILL), "none": ((), LUCID_FILL)}[
            parameters.transformations
        ]

    def optimizer(self, parameters: OlahP, picture: "nn.Module") -> "torch.optim.Optimizer":
        """See :meth:`TransformedMethod.optimizer`."""
        import torch

        return torch.optim.Adam(picture.parameters(), lr=parameters.learning_rate)


class Fourier(OlahMethod[FourierParameters]):
    """The article's preconditioning section, with the constants of its code, Lucid."""

    name = "fourier"
    version = 1
    title = "Fourier"
    summary = (
        "Searches for the Fourier spectrum, with low frequencies amplified, of the picture that excites a unit most."
    )
    paragraphs = (
        "The picture is described by the complex numbers of its Fourier spectrum rather than by its pixels. Each is "
        "divided by its frequency, so that the same step of the optimiser changes broad shapes more than fine grain, "
        "as in photographs, where energy falls with frequency in about that way. Colours are described in a space "
        "where those of photographs are uncorrelated.",
        "At each step the picture is padded with grey, shifted, scaled by 0.9 to 1.1, turned by up to 10 degrees and "
        "shifted again, all at random, and the network looks at the result. The gradient of the objective (a class's "
        "logit before the softmax, the mean of a channel over all positions, or one neuron) says how to change the "
        "picture. What only works at one exact place, size and angle does not survive.",
        "This is the method of the article that named feature visualisation, with the constants of its code, Lucid. "
        "MACO, which came later, fixes the strength of each frequency and changes the phase alone.",
    )
    limits = (
        "Low frequencies are favoured, not imposed: nothing keeps the spectrum from filling with high ones, and on "
        "modern networks it does.",
        "Unless the parameters say otherwise, each picture is brought to the same contrast before it is shown, as in "
        "a later library, Horama. Lucid does not, and its colours saturate sooner.",
        "Views are sampled from the picture once, through one combined shift, turn and scaling. Lucid resamples "
        "after each transformation, which blurs a little, and shows black rather than grey where a rotation uncovers "
        "a corner.",
    )
    paper = Paper(
        title="Feature Visualization",
        authors="Olah, Mordvintsev, Schubert",
        year=2017,
        venue="Distill",
        url="https://distill.pub/2017/feature-visualization",
        equation='section "Preconditioning and Parameterization"; lucid/optvis/param/spatial.py, fft_image',
    )
    parameters = FourierParameters
    presets = PRESETS

    def picture(self, batch: RenderBatch[FourierParameters]) -> "nn.Module":
        """See :meth:`TransformedMethod.picture`."""
        return spectrum(batch)


methods.register(Fourier.name, Fourier())
