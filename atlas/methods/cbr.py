"""CBR: the Fourier baseline's transformations and optimiser, in pixel space (a baseline of Fel et al. 2023)."""

from typing import TYPE_CHECKING

from atlas.methods.base import Paper, methods
from atlas.methods.batch import RenderBatch
from atlas.methods.fourier import OlahMethod, OlahParameters
from atlas.methods.presets import measured

if TYPE_CHECKING:
    from torch import nn


class CBRParameters(OlahParameters):
    """Parameters of CBR: those of the Fourier baseline but for the spectrum's."""


PRESETS = {
    "draft": measured("a quarter of Lucid's steps", 4, "1 of 15 classes", steps=128),
    "standard": measured("Lucid's steps", 16, "1 of 15 classes", steps=512),
    "fine": measured("twice the steps, two views in each", 64, steps=1024, views=2),
}


class CBR(OlahMethod[CBRParameters]):
    """Pixels before a sigmoid, as Lucid's ``pixel_image``."""

    name = "cbr"
    version = 1
    title = "CBR"
    summary = (
        "Searches for the pixels of the picture that excites a unit most, with random transformations alone to keep "
        "noise down."
    )
    paragraphs = (
        "The plainest way to visualise a feature: change each pixel along the gradient. It shares its "
        "transformations, optimiser and colour space with the method Fourier and differs in one thing, that low "
        "frequencies are not amplified, so the two side by side show what that does.",
        "At each step the picture is padded with grey, shifted, scaled by 0.9 to 1.1, turned by up to 10 degrees and "
        "shifted again, all at random, and the network looks at the result. The gradient of the objective (a class's "
        "logit before the softmax, the mean of a channel over all positions, or one neuron) says how to change the "
        "picture. What only works at one exact place, size and angle does not survive.",
        "It serves as a baseline in the paper that introduced MACO, under this name.",
    )
    limits = (
        "Pixels fill with high-frequency patterns that excite the network and mean nothing to people. A high class "
        "probability beside such a picture is that of an adversarial example.",
        "Views are sampled from the picture once, through one combined shift, turn and scaling; Lucid resamples "
        "after each transformation.",
    )
    paper = Paper(
        title="Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization",
        authors="Fel, Boissin, Boutin, Picard, Novello, Colin, Linsley, Rousseau, Cadène, Gardes, Serre",
        year=2023,
        venue="NeurIPS",
        url="https://arxiv.org/abs/2306.06805",
        equation="section 4 (baseline CBR); lucid/optvis/param/spatial.py, pixel_image",
    )
    parameters = CBRParameters
    presets = PRESETS

    def picture(self, batch: RenderBatch[CBRParameters]) -> "nn.Module":
        """See :meth:`TransformedMethod.picture`."""
        from atlas.synthesis.pictures.parametrization import Pixels

        given = batch.parameters
        return Pixels(given.side, given.start, batch.generators, batch.device, given.decorrelate, batch.grey)


methods.register(CBR.name, CBR())
