"""ViT inversion: what a block of a vision transformer, or a layer of a CNN, holds of a photo (Shi et al. 2023)."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from atlas.core.model_card import LayerInfo
from atlas.errors import ConfigError, ModelError
from atlas.methods.base import Method, Paper, Resolved, methods
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.parameters import MethodParameters, ResizedParameters

if TYPE_CHECKING:
    from torch import nn

    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.steps.evaluation import Views

ON, OFF = "on", "off"


class ViTInversionParameters(ResizedParameters):
    """Parameters of the inversion; where the paper gives no number, its authors' code does.

    The ablation of the paper's Table I: ``domain = "pixels"``; ``regularised = 0``; ``attention = "off"``.
    """

    steps: int = Field(default=200, ge=1, le=100_000, description="steps of Adamax (authors' code: 200)")
    learning_rate: float = Field(
        default=0.01,
        gt=0,
        description="of Adamax, constant (authors' code: 0.002, lowered where the loss of a whole batch stalls, which "
        "would let pictures depend on each other; with it 200 steps leave these pictures blurred)",
    )
    domain: Literal["frequency", "pixels"] = Field(
        default="frequency", description="what is optimised: the spectrum (section III-A), or pixels before the sigmoid"
    )
    decay: float = Field(
        default=1.9,
        ge=0,
        le=4,
        description="power of 1/frequency by which the spectrum is scaled (authors' code: 1.9; the paper's plain "
        "transform: 0)",
    )
    start: float = Field(default=0.01, gt=0, le=10, description="deviation of the normal start (Lucid's sd: 0.01)")
    regularised: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="share of the steps, from the start, in which the picture is closed, opened and shifted (paper: "
        "3/4, after which the last 50 of 200 steps do not bring all details back)",
    )
    morphology: int = Field(
        default=1, ge=0, le=8, description="times that it is closed and then opened (equation 5b: 1)"
    )
    shift: int | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="largest random shift, pixels; the greatest whole number below a fiftieth of the side (section "
        "III-B)",
    )
    attention: Literal["auto", "on", "off"] = Field(
        default="auto",
        description='match the attention branch too (equation 6): "auto" does where the layer has one, "on" refuses '
        'models that have none, "off" does not',
    )
    attention_weight: float = Field(
        default=0.3,
        gt=0,
        le=1e6,
        description="of the attention branch (paper: 1, at which the pictures of a DINOv2 ViT-S, whose attention is "
        "scaled down before it is added, are less like the photo than without it)",
    )
    attention_reading: Literal["output", "norm"] = Field(
        default="output",
        description='what is read of it: "output" of the attention (paper), or of the "norm" after it (authors\' code)',
    )


class ResolvedViTInversion(ViTInversionParameters):
    """The same for a model: the largest shift is a number."""

    shift: int


class ViTInversion(Method[ResolvedViTInversion]):
    """Section III: the relative squared error of a block's output and of its attention branch, in the frequency domain.

    Activations are whole, class token included. Convolutional networks have no attention branch, so that for them the
    second term is left out, as in the paper's comparison.
    """

    name = "vit_inversion"
    version = 1
    title = "ViT inversion"
    summary = "Finds the Fourier spectrum of a picture that leaves the same activations in a layer as a photo."
    paper = Paper(
        title="Visualization Comparison of Vision Transformers and Convolutional Neural Networks",
        authors="Shi, Li, Zhang, Yamaguchi",
        year=2023,
        url="https://bit.ly/net-vis-compare",
        equation="equations 2 to 6",
    )
    kinds = frozenset({"inversion"})
    signs = frozenset({1})
    unit = "1"
    parameters = ViTInversionParameters
    resolved = ResolvedViTInversion

    def resolve(self, asked: MethodParameters, model: "VisionModel", folder: Path) -> Resolved[ResolvedViTInversion]:
        """See :meth:`Method.resolve`: the largest shift becomes a number, whether attention can be matched is settled.

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
        return Resolved(self.filled(asked, model, shift=shift, attention=attention))

    def objection(self, parameters: ResolvedViTInversion, layer: LayerInfo, model: "VisionModel") -> str:
        """See :meth:`Method.objection`: a layer whose attention is asked for must have some."""
        if parameters.attention != ON or model.attention_tap(layer.name, parameters.attention_reading):
            return ""
        return f'attention = "on": layer "{layer.name}" has no attention branch; name blocks, or write "auto"'

    def render(self, batch: RenderBatch[ResolvedViTInversion]) -> list[Result]:
        """See :meth:`Method.render`."""
        import torch

        from atlas.methods.outcome import results
        from atlas.synthesis.scores.photo_match import PhotoMatch
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.views.shifted import resized

        picture = _picture(batch)
        score = PhotoMatch(batch.network, _weights(batch), resized(batch.photos, batch.parameters.shown))
        optimizer = torch.optim.Adamax(picture.parameters(), lr=batch.parameters.learning_rate)
        value = mean_score(score, None, views_of(batch))
        return results(batch.ascend(picture, value, optimizer, batch.parameters.steps))


def views_of(batch: RenderBatch[ResolvedViTInversion]) -> "Views":
    """Return what the network sees: regularised views first, the bare picture after them."""
    from atlas.synthesis.views.morphology import SmoothedViews
    from atlas.synthesis.views.shifted import ShiftedViews, ViewsInTurn

    given, generators = batch.parameters, batch.generators
    moved = ShiftedViews(generators, given.steps, given.shift, given.shown)
    smooth = SmoothedViews(moved, given.shift, generators, given.steps, given.morphology)
    bare = ShiftedViews(generators, given.steps, 0, given.shown)
    return ViewsInTurn(smooth, bare, round(given.steps * given.regularised))


def _picture(batch: RenderBatch[ResolvedViTInversion]) -> "nn.Module":
    from atlas.synthesis.pictures.parametrization import FourierSpectrum, Pixels

    given, common = batch.parameters, (batch.generators, batch.device)
    if given.domain == "pixels":
        return Pixels(given.side, given.start, *common, decorrelate=False, grey=batch.grey)
    return FourierSpectrum(given.side, given.decay, False, given.start, *common, decorrelate=False, grey=batch.grey)


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
