"""Inversion: MACO's picture with the activations of a photo, and where it mattered (Fel et al. 2023)."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from atlas.methods.base import methods
from atlas.methods.batch import RenderBatch
from atlas.methods.maco import MACO, PhaseMethod, PhaseParameters
from atlas.methods.parameters import SHARE
from atlas.methods.presets import measured

if TYPE_CHECKING:
    from torch import nn

    from atlas.synthesis.steps.evaluation import Score, Views


PRESETS = {
    "draft": measured("few steps, four views in each", 7, steps=64, crops=4),
    "standard": measured("half of MACO's steps and views", 28, steps=128, crops=8),
    "fine": measured("MACO's steps and views", 110, steps=256, crops=16),
}


class InversionParameters(PhaseParameters):
    """MACO's parameters, with larger crops, and what these are compared with."""

    crop_mean: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="mean side of a crop, of the picture's (MACO: 0.25; chosen by eye on lite0, whose late layers then "
        "see things as large as in the whole photo)",
        json_schema_extra=SHARE,
    )
    crop_std: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="spread of that side (MACO: 0.1)",
        json_schema_extra=SHARE,
    )
    reference: Literal["crop", "photo"] = Field(
        default="crop",
        description='what crops of the picture are compared with: the same "crop" of the photo, or the whole "photo" '
        "(the paper does not say which)",
    )


class Inversion(PhaseMethod[InversionParameters]):
    """Section 5, "Feature inversion", and figure 5: the similarity to the photo's activations is maximised.

    The similarity, which the paper does not define, is minus the relative squared error of Mahendran and Vedaldi, as in
    the other inversions, of the layer's whole activation.
    """

    name = "inversion"
    version = 1
    title = "Inversion by MACO"
    summary = (
        "Searches for the phase of a natural Fourier spectrum that gives a picture the same activations in a layer "
        "as a photo."
    )
    paragraphs = (
        "An inversion shows what a layer holds of a photo: a picture whose activation there is as near to the "
        "photo's as the search came; its error says how near. What the picture has in common with the photo has come "
        "through to the layer; what differs, the network has discarded before it, or the search did not find.",
        "The picture is MACO's: the magnitude of its Fourier spectrum is the mean of many natural photographs and "
        "never changes; only the phase does. At each step random crops of the picture, with a little noise, are "
        "compared with the same crops of the photo: the squared distance of the layer's whole activation, class "
        "token included, relative to the photo's own. It is lowered.",
        "The size of the gradient at each pixel, added up over all steps, is kept as a transparency map: where the "
        "picture mattered least to the comparison it fades away.",
    )
    limits = (
        "The paper does not say how it measures similarity, nor whether a crop of the picture is compared with the "
        "whole photo or with a crop of it. Unless the parameters say otherwise, it is the same crop here, so that "
        "things are found at their places.",
        "Crops are larger than in other renderings with MACO, unless the parameters say otherwise: half the "
        "picture's side on average rather than a quarter.",
        "The magnitude of the spectrum is not the photo's. Its contrast, colours and sharpness are those of "
        "photographs in general, also where the layer has kept the photo's.",
        "A layer often cannot tell many different pictures apart. Other seeds show others.",
    )
    paper = MACO.paper.model_copy(update={"equation": "section 5, figure 5"})
    facets = frozenset()
    kinds = frozenset({"inversion"})
    signs = frozenset({1})
    unit = "1"
    parameters = InversionParameters
    presets = PRESETS

    def picture(self, batch: RenderBatch[InversionParameters]) -> "nn.Module":
        """See :meth:`CroppedMethod.picture`."""
        return self.phases(batch)

    def score(self, batch: RenderBatch[InversionParameters], crops: "Views") -> "tuple[Score, Views]":
        """See :meth:`CroppedMethod.score`."""
        from atlas.synthesis.scores.photo_match import BesidePhotos, PhotoMatch, SideBySideMatch
        from atlas.synthesis.views.shifted import resized

        weights = {batch.layer: 1.0}
        if batch.parameters.reference == "crop":
            return SideBySideMatch(batch.network, weights, len(batch.targets)), BesidePhotos(crops, batch.photos)
        return PhotoMatch(batch.network, weights, resized(batch.photos, batch.parameters.shown)), crops


methods.register(Inversion.name, Inversion())
