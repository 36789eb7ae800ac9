"""CBR: the Fourier baseline's transformations and optimiser, in pixel space (a baseline of Fel et al. 2023)."""

from typing import TYPE_CHECKING

from atlas.methods.base import Paper, methods
from atlas.methods.batch import RenderBatch
from atlas.methods.fourier import OlahMethod, OlahParameters

if TYPE_CHECKING:
    from torch import nn


class CBRParameters(OlahParameters):
    """Parameters of CBR: those of the Fourier baseline but for the spectrum's."""


class CBR(OlahMethod[CBRParameters]):
    """Pixels before a sigmoid, as Lucid's ``pixel_image``."""

    name = "cbr"
    version = 1
    title = "CBR"
    summary = "Finds the pixels of a picture that excite a unit most, with random transformations alone to tame them."
    paper = Paper(
        title="Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization",
        authors="Fel, Boissin, Boutin, Picard, Novello, Colin, Linsley, Rousseau, Cadene, Gardes, Serre",
        year=2023,
        url="https://arxiv.org/abs/2306.06805",
        equation="section 4 (baseline CBR); lucid/optvis/param/spatial.py, pixel_image",
    )
    parameters = CBRParameters

    def picture(self, batch: RenderBatch[CBRParameters]) -> "nn.Module":
        """See :meth:`TransformedMethod.picture`."""
        from atlas.synthesis.pictures.parametrization import Pixels

        given = batch.parameters
        return Pixels(given.side, given.start, batch.generators, batch.device, given.decorrelate, batch.grey)


methods.register(CBR.name, CBR())
