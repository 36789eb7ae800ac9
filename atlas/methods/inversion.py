"""Inversion: MACO's picture with the activations of a photo, and where it mattered (Fel et al. 2023)."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from atlas.methods.base import methods
from atlas.methods.batch import RenderBatch
from atlas.methods.maco import MACO, MACOParameters, PhaseMethod

if TYPE_CHECKING:
    from atlas.synthesis.steps.evaluation import Score, Views


class InversionParameters(MACOParameters):
    """MACO's parameters, with larger crops, and what these are compared with."""

    crop_mean: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="mean side of a crop, share (MACO: 0.25; chosen by eye on lite0, whose late layers then see things "
        "as large as in the whole photo)",
    )
    crop_std: float = Field(default=0.2, ge=0, le=1, description="spread of the side, share (MACO: 0.1)")
    reference: Literal["crop", "photo"] = Field(
        default="crop",
        description='"crop": each crop of the picture should look to the layer as the same crop of the photo does; '
        '"photo": as the whole photo does (the paper does not say which)',
    )


class Inversion(PhaseMethod[InversionParameters]):
    """Section 5, "Feature inversion", and figure 5: the similarity to the photo's activations is maximised.

    The similarity, which the paper does not define, is minus the relative squared error of Mahendran and Vedaldi, as in
    the other inversions, of the layer's whole activation.
    """

    name = "inversion"
    version = 1
    title = "Inversion by MACO"
    summary = "Finds the phase of a natural Fourier spectrum that leaves the same activations in a layer as a photo."
    paper = MACO.paper
    kinds = frozenset({"inversion"})
    signs = frozenset({1})
    unit = "1"
    parameters = InversionParameters

    def score(self, batch: RenderBatch[InversionParameters], crops: "Views") -> "tuple[Score, Views]":
        """See :meth:`CroppedMethod.score`."""
        from atlas.synthesis.scores.photo_match import BesidePhotos, PhotoMatch, SideBySideMatch
        from atlas.synthesis.views.shifted import resized

        weights = {batch.layer: 1.0}
        if batch.parameters.reference == "crop":
            return SideBySideMatch(batch.network, weights, len(batch.targets)), BesidePhotos(crops, batch.photos)
        return PhotoMatch(batch.network, weights, resized(batch.photos, batch.parameters.shown)), crops


methods.register(Inversion.name, Inversion())
