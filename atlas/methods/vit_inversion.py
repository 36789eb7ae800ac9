"""ViT inversion: what a block of a vision transformer, or a layer of a CNN, holds of a photo (Shi et al. 2023)."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from atlas.core.model_card import LayerInfo
from atlas.errors import ConfigError, ModelError
from atlas.methods.base import Method, Paper, Resolved, methods
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.parameters import PIXELS, SHARE, MethodParameters, ResizedParameters
from atlas.methods.presets import measured

if TYPE_CHECKING:
    from torch import nn

    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.steps.evaluation import Views

ON, OFF = "on", "off"

RATE, PIXEL_RATE = 0.01, 0.1
"""Step sizes of a spectrum, and of pixels before a sigmoid: no step of Adamax is longer than its size, and 200 of 0.01
end at 2, where a sigmoid is 0.12 or 0.88."""


PRESETS = {
    "draft": measured("half of the authors' steps", 2.2, steps=100),
    "standard": measured(
        "the authors' steps",
        4,
        quality="at the first block of a ViT-S/14 a PSNR of 24.8 dB, the mean of 60 photos",
        steps=200,
    ),
    "fine": measured("three times their steps", 13, steps=600),
}


class ViTInversionParameters(ResizedParameters):
    """Parameters of the inversion; where the paper gives no number, its authors' code does.

    The ablation of the paper's Table I: ``domain = "pixels"``; ``regularised = 0``; ``attention = "off"``.
    """

    steps: int = Field(default=200, ge=1, le=100_000, description="steps of Adamax (authors' code: 200)")
    learning_rate: float | None = Field(
        default=None,
        gt=0,
        description="step size of Adamax, constant; unless chosen 0.01, and 0.1 for pixels before a sigmoid, which "
        "would not get far from grey with less (authors' code: 0.002, lowered where the loss of a whole batch stalls, "
        "which would let pictures depend on each other; with it 200 steps leave these pictures blurred)",
    )
    domain: Literal["frequency", "pixels"] = Field(
        default="frequency",
        description="what is optimised: the picture's Fourier spectrum (section III-A), or its pixels",
    )
    bounds: Literal["sigmoid", "clamp"] = Field(
        default="sigmoid",
        description='how colours are kept in range: by a "sigmoid", as other methods here do, or by a "clamp" to 0 and '
        "1, as the paper's equation 3 leaves them and its authors' code cuts them off (of a spectrum after they are "
        "multiplied by 0.6, as there)",
    )
    decay: float = Field(
        default=1.9,
        ge=0,
        le=4,
        description="power of the frequency by which the spectrum is divided: 0 treats all frequencies alike and is "
        "the paper's plain transform (authors' code: 1.9)",
    )
    start: float = Field(
        default=0.01,
        gt=0,
        le=10,
        description="standard deviation of the random numbers that the optimisation starts from (Lucid's sd: 0.01)",
    )
    regularised: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="part of the steps, from the start, in which the network sees the picture closed, opened and "
        "shifted (paper: 3/4, after which the last 50 of 200 steps do not bring all details back)",
        json_schema_extra=SHARE,
    )
    morphology: int = Field(
        default=1,
        ge=0,
        le=8,
        description="how many times the picture is closed and then opened by a random element of 3 by 3 pixels "
        "(equation 5b: 1)",
    )
    shift: int | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="largest random shift; the greatest whole number below a fiftieth of the side unless chosen "
        "(section III-B)",
        json_schema_extra=PIXELS,
    )
    attention: Literal["auto", "on", "off"] = Field(
        default="auto",
        description='whether the attention branch of a block is compared too (equation 6): "auto" does where the layer '
        'has one, "on" refuses models that have none, "off" does not',
    )
    attention_weight: float = Field(
        default=0.3,
        gt=0,
        le=1e6,
        description="how much the attention branch counts beside the block's output (paper: 1, at which the pictures "
        "of a DINOv2 ViT-S, whose attention is scaled down before it is added, are less like the photo than without "
        'it where the reading is the "output"; the authors\' pair is 1 and the "norm")',
    )
    attention_reading: Literal["output", "norm"] = Field(
        default="output",
        description='what of the attention branch is compared: its "output" (paper), or that of the "norm" after it '
        "(authors' code)",
    )


class ResolvedViTInversion(ViTInversionParameters):
    """The same for a model: the step size and the largest shift are numbers."""

    learning_rate: float
    shift: int


class ViTInversion(Method[ResolvedViTInversion]):
    """Section III: the relative squared error of a block's output and of its attention branch, in the frequency domain.

    Activations are whole, class token included. Convolutional networks have no attention branch, so that for them the
    second term is left out, as in the paper's comparison.
    """

    name = "vit_inversion"
    version = 1
    title = "ViT inversion"
    summary = (
        "Searches for the Fourier spectrum of a picture that gives the same activations in a layer as a photo, in "
        "views whose textures are smoothed at random."
    )
    paragraphs = (
        "An inversion shows what a layer holds of a photo: a picture whose activation there is as near to the "
        "photo's as the search came; its error says how near. This method was made for vision transformers, whose "
        "inversions otherwise fall apart into patches, and serves convolutional networks as well, so that the two "
        "kinds can be compared.",
        "The picture is described by its Fourier spectrum, divided by a power of the frequency, so that every number "
        "of the description changes the picture as a whole. What is lowered is the squared distance of the layer's "
        "whole activation, class token included, from the photo's, relative to the photo's own; for a block of a "
        "transformer the same distance of its attention's output is added with a weight.",
        "In the first part of the steps, half of them unless the parameters say otherwise, the network sees the "
        "picture closed and opened, two operations of mathematical morphology that remove dark and bright details "
        "smaller than a random element of 3 by 3 pixels, and shifted by a few pixels, its mirror image filling the "
        "edge. After that it sees the picture as it is.",
    )
    limits = (
        "The authors lower the step size when the loss of a whole batch stalls. Here it is constant, so that "
        "pictures do not depend on their batch, and larger than theirs from the start, as two hundred steps of "
        "theirs leave these pictures blurred; for the same reason the picture is smoothed in half of the steps "
        "rather than in three quarters of them.",
        "The paper takes the inverse Fourier transform itself for the picture, and its authors' code multiplies it by "
        '0.6 and cuts it off at 0 and 1: bounds = "clamp". Here a sigmoid brings colours into range unless the '
        "parameters say otherwise. The authors' code keeps the picture of the lowest loss, here it is the last one.",
        "The paper adds the attention's distance with weight 1. Here it counts for less unless the parameters say "
        "otherwise, because the attention of some transformers (DINOv2's) is scaled down before it is added, and "
        "weight 1 then makes the pictures less like the photo.",
        "The paper compares the output of the attention block, its authors' code that of the norm behind it. Here it "
        'is the first unless the parameters say otherwise: attention_reading = "norm" and attention_weight = 1 are '
        "the authors' pair.",
        "Layers that are no block of a transformer, those of convolutional networks among them, have no attention "
        "branch: only their activation is compared.",
    )
    paper = Paper(
        title="Visualization Comparison of Vision Transformers and Convolutional Neural Networks",
        authors="Shi, Li, Zhang, Yamaguchi",
        year=2023,
        venue="IEEE Transactions on Multimedia",
        url="https://bit.ly/net-vis-compare",
        equation="equations 2 to 6",
    )
    kinds = frozenset({"inversion"})
    signs = frozenset({1})
    unit = "1"
    parameters = ViTInversionParameters
    presets = PRESETS
    resolved = ResolvedViTInversion

    def resolve(self, asked: MethodParameters, model: "VisionModel", folder: Path) -> Resolved[ResolvedViTInversion]:
        """See :meth:`Method.resolve`: step size and shift become numbers, whether attention can be matched is settled.

        Raises:
            ConfigError: the shift is larger than the picture, or attention is asked for of a model that has none.
        """
        from atlas.models.network.attention import ATTENTION_BRANCH

        assert isinstance(asked, ViTInversionParameters)
        side = asked.sized(model.card.identity.preprocessing).side
        shift = math.ceil(side / 50) - 1 if asked.shift is None else asked.shift
        if shift >= side:
            raise ConfigError(
                [f"shift = {shift} moves a picture of {side} pixels out of sight"],
                remedy=f"choose a shift below {side}; a fiftieth of the side is usual",
            )
        has_attention = ATTENTION_BRANCH in model.offers
        if asked.attention == ON and not has_attention:
            raise ConfigError(
                [
                    f'parameters.attention = "on": model "{model.card.name}" has no {ATTENTION_BRANCH}; '
                    '"auto" matches the layer alone where there is none'
                ]
            )
        attention = asked.attention if has_attention else OFF
        far = asked.domain == "pixels" and asked.bounds == "sigmoid"
        rate = asked.learning_rate or (PIXEL_RATE if far else RATE)
        return Resolved(self.filled(asked, model, learning_rate=rate, shift=shift, attention=attention))

    def objection(self, parameters: ResolvedViTInversion, layer: LayerInfo, model: "VisionModel") -> str:
        """See :meth:`Method.objection`: a layer whose attention is asked for must have some."""
        if parameters.attention != ON or model.attention_tap(layer.name, parameters.attention_reading):
            return ""
        return f'attention = "on": layer "{layer.name}" has no attention branch; name blocks, or write "auto"'

    def render(self, batch: RenderBatch[ResolvedViTInversion]) -> list[Result]:
        """See :meth:`Method.render`."""
        import torch

        from atlas.methods.outcome import results
        from atlas.synthesis.pictures.parametrization import BoundedPixels
        from atlas.synthesis.scores.photo_match import PhotoMatch
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.views.shifted import resized

        picture = picture_of(batch)
        score = PhotoMatch(batch.network, _weights(batch), resized(batch.photos, batch.parameters.shown))
        optimizer = torch.optim.Adamax(picture.parameters(), lr=batch.parameters.learning_rate)
        if isinstance(picture, BoundedPixels):
            optimizer.register_step_post_hook(picture.project)
        value = mean_score(score, None, views_of(batch), at_once=batch.at_once)
        return results(batch.ascend(picture, value, optimizer, batch.parameters.steps))


def views_of(batch: RenderBatch[ResolvedViTInversion]) -> "Views":
    """Return what the network sees: regularised views first, the bare picture after them."""
    from atlas.synthesis.views.morphology import SmoothedViews
    from atlas.synthesis.views.shifted import ShiftedViews, ViewsInTurn

    given, generators = batch.parameters, batch.generators
    moved = ShiftedViews(generators, given.steps, given.shift, given.shown, batch.device)
    smooth = SmoothedViews(moved, given.shift, generators, given.steps, given.morphology, batch.device)
    bare = ShiftedViews(generators, given.steps, 0, given.shown, batch.device)
    return ViewsInTurn(smooth, bare, round(given.steps * given.regularised))


def picture_of(batch: RenderBatch[ResolvedViTInversion]) -> "nn.Module":
    """Return the parametrization of one picture per target."""
    import torch

    from atlas.synthesis.pictures.parametrization import BoundedPixels, ClampedSpectrum, FourierSpectrum, Pixels

    given, common = batch.parameters, (batch.generators, batch.device)
    if given.domain == "frequency":
        spectrum = ClampedSpectrum if given.bounds == "clamp" else FourierSpectrum
        return spectrum(given.side, given.decay, False, given.start, *common, decorrelate=False, grey=batch.grey)
    if given.bounds == "sigmoid":
        return Pixels(given.side, given.start, *common, decorrelate=False, grey=batch.grey)
    shape = (1 if batch.grey else 3, given.side, given.side)
    start = torch.stack([torch.randn(shape, generator=one) for one in batch.generators]) * given.start
    return BoundedPixels(start.to(batch.device), [0.5] * shape[0], [1.0] * shape[0])


def _weights(batch: RenderBatch[ResolvedViTInversion]) -> dict[str, float]:
    """Return the layers to match, and the weight of each.

    Raises:
        ModelError: the attention branch is asked for, and the layer has none.
    """
    given, layer = batch.parameters, batch.layer
    if given.attention == OFF:
        return {layer: 1.0}
    branch = batch.network.attention_tap(layer, given.attention_reading)
    if branch is None and given.attention == ON:
        raise ModelError(
            f'layer "{layer}" has no attention branch', 'name blocks of a transformer, or write attention = "auto"'
        )
    return {layer: 1.0} if branch is None else {layer: 1.0, branch: given.attention_weight}


methods.register(ViTInversion.name, ViTInversion())
