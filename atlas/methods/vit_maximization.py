"""ViT maximisation: channels of vision transformers and CNNs, in the frequency domain (Shi et al. 2023)."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from atlas.methods.base import Paper, methods
from atlas.methods.batch import RenderBatch
from atlas.methods.presets import measured
from atlas.methods.transformed import SpectrumParameters, TransformedMethod

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.synthesis.steps.evaluation import Views
    from atlas.synthesis.views.moves import Stage

WIDEST = (math.cos(math.pi / 15) + math.sin(math.pi / 15)) / 0.8 / 2 - 0.5
"""How far a view at scale 0.80, turned by 12 degrees, reaches beyond the picture; share of its side."""

FARTHEST = 7
"""Pixels by which shifts, at scale 0.80, move it further."""


class ViTMaximizationParameters(SpectrumParameters):
    """Parameters of the maximisation; where the paper gives no number, its authors' code does."""

    steps: int = Field(default=100, ge=1, le=100_000, description="steps of Adamax (authors' code: 100)")
    learning_rate: float = Field(
        default=0.02,
        gt=0,
        description="step size of Adamax (authors' code: 0.02, lowered by a tenth where the loss of a whole batch "
        "stalls for 45 steps, which would let pictures depend on each other; here it is constant)",
    )
    decay: float = Field(
        default=1.5,
        ge=0,
        le=4,
        description="power of the frequency by which the spectrum is divided: 0 treats all frequencies alike (authors' "
        "code: 1.5)",
    )
    standardise: bool = Field(
        default=False,
        description="whether each picture is brought to mean 0 and variance 1 before its values are squashed into the "
        "range of colours; false divides it by 4, as the authors' code does",
    )
    decorrelate: bool = Field(
        default=True,
        description="whether colours are optimised along the axes of the Karhunen-Loeve transform (section IV-B) "
        "rather than as red, green and blue",
    )
    transformations: Literal["deep", "shallow", "none"] = Field(
        default="deep",
        description='which random moves views make: "deep": reflect, shift by up to 5 pixels, scale by 0.80 to 1.19, '
        'rotate by up to 12 degrees; "shallow", which the authors use for the first two blocks: scale by 0.85 to 0.99, '
        'rotate by up to 2; "none"',
    )
    morphology: int = Field(
        default=1,
        ge=0,
        le=8,
        description="how many times each view is closed and then opened by a random element of 3 by 3 pixels (equation "
        "5b: 1, authors' code: 2)",
    )


PRESETS = {
    "draft": measured("half of the authors' steps", 2.1, "1 of 15 classes", steps=50),
    "standard": measured("the authors' steps", 4.2, "2 of 15 classes", steps=100),
    "fine": measured("four times their steps", 17, steps=400),
}


class ViTMaximization(TransformedMethod[ViTMaximizationParameters]):
    """Section IV: the mean of a channel over patch tokens (equation 7), which on a CNN are positions.

    Negative targets are a channel's negative visualisation, apart from its positive one as in the paper. The authors'
    order is reflect, shift, scale, close and open, rotate, close and open, shift; here the picture is sampled once
    through all its moves and closed and opened after them.
    """

    name = "vit_maximization"
    version = 2
    title = "ViT maximisation"
    summary = (
        "Searches for the Fourier spectrum of a picture that excites a channel most, in views whose textures are "
        "smoothed at random."
    )
    paragraphs = (
        "Vision transformers read a picture patch by patch, and pictures optimised for them tend to fall apart into "
        "patches. This method was made against that, and serves convolutional networks as well, so that the two "
        "kinds can be compared.",
        "The picture is described by its Fourier spectrum, divided by a power of the frequency, so that every number "
        "of the description changes the picture as a whole. Its colours are described along the axes of the "
        "Karhunen-Loeve transform of photographs: in the first all channels rise together, in the others they differ "
        "less and less.",
        "At each step the picture, continued by its mirror image, is shifted, scaled by 0.80 to 1.19 and turned at "
        "random; then the network sees it closed and opened, two operations of mathematical morphology that remove "
        "dark and bright details smaller than a random element of 3 by 3 pixels and leave the outlines of larger "
        "things. A channel's value is its mean over all patches or positions. What raises it and what lowers it are "
        "two pictures.",
    )
    limits = (
        "Closing and opening come after shifts, scaling and rotation here, where the authors' code has them in "
        "between and twice; a parameter repeats them.",
        "The authors lower the step size when the loss of a whole batch stalls. Here it is constant, so that "
        "pictures do not depend on their batch.",
        "A hundred steps are few: colours and shapes are less settled than those of longer methods.",
    )
    paper = Paper(
        title="Visualization Comparison of Vision Transformers and Convolutional Neural Networks",
        authors="Shi, Li, Zhang, Yamaguchi",
        year=2023,
        venue="IEEE Transactions on Multimedia",
        url="https://bit.ly/net-vis-compare",
        equation="equations 3, 5b, 7 and 8",
    )
    parameters = ViTMaximizationParameters
    presets = PRESETS

    def picture(self, batch: RenderBatch[ViTMaximizationParameters]) -> "nn.Module":
        """See :meth:`TransformedMethod.picture`."""
        from atlas.synthesis.pictures.parametrization import FourierSpectrum, KLTSpectrum

        given = batch.parameters
        kind = KLTSpectrum if given.decorrelate else FourierSpectrum
        scaling = (given.decay, given.standardise, given.start)
        return kind(given.side, *scaling, batch.generators, batch.device, decorrelate=False, grey=batch.grey)

    def transformations(self, parameters: ViTMaximizationParameters) -> "tuple[Sequence[Stage], float]":
        """See :meth:`TransformedMethod.transformations`; the canvas that they begin with has a border around it."""
        from atlas.synthesis.views.moves import LUCID_FILL, CropOrPad, Jitter, Rotate, Scale

        side = parameters.side
        last: tuple[Stage, ...]
        if parameters.transformations == "deep":
            angles = (*range(-12, 12), *range(-6, 6), *(5 * tuple(range(-2, 2))))
            factors = tuple(percent / 100 for percent in range(80, 120))
            first, last = (CropOrPad(side + 24), Jitter(8)), (Jitter(2),)
        elif parameters.transformations == "shallow":
            angles = tuple(range(-2, 2))
            factors = tuple(percent / 100 for percent in range(85, 100))
            first, last = (CropOrPad(side + 20), Jitter(6)), (Jitter(2), Jitter(1))
        else:
            return (CropOrPad(side),), LUCID_FILL
        return (*first, Scale(factors), Rotate(tuple(map(float, angles))), *last, CropOrPad(side)), LUCID_FILL

    def views(self, batch: RenderBatch[ViTMaximizationParameters]) -> "Views":
        """See :meth:`TransformedMethod.views`."""
        from atlas.synthesis.views.morphology import SmoothedViews
        from atlas.synthesis.views.warp import RandomViews

        given, generators = batch.parameters, batch.generators
        stages, fill = self.transformations(given)
        border = min(math.ceil(WIDEST * given.side) + FARTHEST, given.side - 1)
        sizes = (given.side + 2 * border, given.shown)
        views = RandomViews(generators, given.steps, given.views, stages, *sizes, fill, batch.device)
        return SmoothedViews(views, border, generators, given.steps, given.morphology, batch.device)

    def optimizer(self, parameters: ViTMaximizationParameters, picture: "nn.Module") -> "torch.optim.Optimizer":
        """See :meth:`TransformedMethod.optimizer`."""
        import torch

        return torch.optim.Adamax(picture.parameters(), lr=parameters.learning_rate)


methods.register(ViTMaximization.name, ViTMaximization())
