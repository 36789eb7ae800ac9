"""Fourier: feature visualisation by the whole spectrum of a picture (Olah, Mordvintsev and Schubert 2017)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import Field

from atlas.methods.base import Paper, methods
from atlas.methods.batch import RenderBatch
from atlas.methods.transformed import SpectrumParameters, TransformedMethod, TransformedParameters, spectrum

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.synthesis.views.moves import Stage

Transformations = Literal["lucid", "xplique", "none"]


class OlahParameters(TransformedParameters):
    """Parameters that the Fourier baseline and its twin in pixel space share; Lucid's are the defaults."""

    steps: int = Field(default=512, ge=1, le=100_000, description="steps of Adam (Lucid: 512, Xplique: 256)")
    learning_rate: float = Field(default=0.05, gt=0, description="of Adam (Lucid and Xplique: 0.05)")
    transformations: Transformations = Field(
        default="lucid",
        description='"lucid": pad, jitter, scale, rotate, jitter; "xplique": the same without rotation but far larger, '
        'with blur and flip, so that a view shows a third of the picture; "none"',
    )


class FourierParameters(OlahParameters, SpectrumParameters):
    """Parameters of the Fourier baseline."""

    decay: float = Field(
        default=1.0, ge=0, le=4, description="power of 1/frequency (Lucid: 1, Xplique: 0.85, Horama: 1.5)"
    )
    standardise: bool = Field(
        default=True,
        description="bring each picture to mean 0 and variance 1 before the sigmoid, as Horama does; false divides it "
        "by 4, as Lucid does, and colours saturate with a large decay",
    )


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
    summary = "Finds the Fourier spectrum, low frequencies amplified, of a picture that excites a unit most."
    paper = Paper(
        title="Feature Visualization",
        authors="Olah, Mordvintsev, Schubert",
        year=2017,
        url="https://distill.pub/2017/feature-visualization",
        equation='section "Preconditioning and Parameterization"; lucid/optvis/param/spatial.py, fft_image',
    )
    parameters = FourierParameters

    def picture(self, batch: RenderBatch[FourierParameters]) -> "nn.Module":
        """See :meth:`TransformedMethod.picture`."""
        return spectrum(batch)


methods.register(Fourier.name, Fourier())
