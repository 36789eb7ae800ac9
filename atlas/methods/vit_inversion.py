"""ViT inversion: what a block of a vision transformer, or a layer of a CNN, holds of a photo (Shi et al. 2023)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from atlas.core.job import Preprocessing, Target
from atlas.core.model_card import LayerInfo
from atlas.errors import ConfigError, ModelError
from atlas.methods.base import Method, MethodParameters, Paper, Rendering, Resolved, methods

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.models.network.network import Network
    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.steps.evaluation import Views

ON, OFF = "on", "off"


class ViTInversionParameters(MethodParameters):
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
    image_size: int | None = Field(default=None, ge=32, le=4096, description="side of the picture; the model's input")
    resolution: int | None = Field(
        default=None, ge=16, le=4096, description="side at which the network sees it; the model's input"
    )


class ViTInversion(Method):
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

    def resolve(self, parameters: Any, preprocessing: Preprocessing, folder: Path) -> Resolved:
        """See :meth:`Method.resolve`: sizes and the largest shift become numbers.

        Raises:
            ConfigError: the shift is larger than the picture.
        """
        resolved = super().resolve(parameters, preprocessing, folder)
        side = resolved.parameters["image_size"]
        shift = math.ceil(side / 50) - 1 if parameters.shift is None else parameters.shift
        if shift >= side:
            raise ConfigError(
                [f"shift = {shift} moves a picture of {side} pixels out of sight"],
                remedy=f"choose a shift below {side}; a fiftieth of the side is usual",
            )
        return replace(resolved, parameters=resolved.parameters | {"shift": shift})

    def fitted(self, parameters: dict[str, Any], model: "VisionModel") -> dict[str, Any]:
        """See :meth:`Method.fitted`: whether attention can be matched is settled.

        Raises:
            ConfigError: it is asked for, and the model has no attention branch.
        """
        from atlas.models.network.attention import ATTENTION_BRANCH

        if ATTENTION_BRANCH in model.offers:
            return parameters
        if parameters["attention"] == ON:
            raise ConfigError(
                [
                    f'parameters.attention = "on": model "{model.card.name}" has no {ATTENTION_BRANCH}; '
                    '"auto" matches the layer alone where there is none'
                ]
            )
        return parameters | {"attention": OFF}

    def objection(self, parameters: dict[str, Any], layer: LayerInfo, model: "VisionModel") -> str:
        """See :meth:`Method.objection`: a layer whose attention is asked for must have some."""
        if parameters["attention"] != ON or model.attention_tap(layer.name, parameters["attention_reading"]):
            return ""
        return f'attention = "on": layer "{layer.name}" has no attention branch; name blocks, or write "auto"'

    def render(
        self,
        network: "Network",
        targets: Sequence[Target],
        seeds: Sequence[int],
        parameters: dict[str, Any],
        load_input: Callable[[str], bytes],
        *,
        on_step: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> list[Rendering]:
        """See :meth:`Method.render`."""
        import torch

        from atlas.methods.outcome import renderings
        from atlas.methods.photos import photos_of
        from atlas.synthesis.scores.photo_match import PhotoMatch
        from atlas.synthesis.steps.ascent import ascend
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.views.shifted import resized

        steps, device = parameters["steps"], network.device
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        picture = _picture(parameters, generators, device, network.preprocessing.channels == 1)
        photos = photos_of(targets, parameters["image_size"], load_input).to(device)
        shown = resized(photos, tuple(parameters["resolution"]))
        score = PhotoMatch(network, _weights(network, targets[0].layer, parameters), shown)
        result = ascend(
            picture,
            mean_score(score, None, views_of(parameters, generators)),
            torch.optim.Adamax(picture.parameters(), lr=parameters["learning_rate"]),
            steps,
            on_step=lambda done: on_step(done, steps),
            should_stop=should_stop,
        )
        return renderings(result)


def views_of(parameters: dict[str, Any], generators: "Sequence[torch.Generator]") -> "Views":
    """Return what the network sees: regularised views first, the bare picture after them."""
    from atlas.synthesis.views.morphology import SmoothedViews
    from atlas.synthesis.views.shifted import ShiftedViews, ViewsInTurn

    steps, shift, size = parameters["steps"], parameters["shift"], tuple(parameters["resolution"])
    moved = ShiftedViews(generators, steps, shift, size)
    smooth = SmoothedViews(moved, shift, generators, steps, parameters["morphology"])
    return ViewsInTurn(smooth, ShiftedViews(generators, steps, 0, size), round(steps * parameters["regularised"]))


def _picture(
    parameters: dict[str, Any], generators: "Sequence[torch.Generator]", device: "torch.device", grey: bool
) -> "nn.Module":
    from atlas.synthesis.pictures.parametrization import FourierSpectrum, Pixels

    side, start = parameters["image_size"], parameters["start"]
    if parameters["domain"] == "pixels":
        return Pixels(side, start, generators, device, decorrelate=False, grey=grey)
    return FourierSpectrum(side, parameters["decay"], False, start, generators, device, decorrelate=False, grey=grey)


def _weights(network: "Network", layer: str, parameters: dict[str, Any]) -> dict[str, float]:
    """Return the layers to match, and the weight of each.

    Raises:
        ModelError: the attention branch is asked for, and the layer has none.
    """
    if parameters["attention"] == OFF:
        return {layer: 1.0}
    branch = network.attention_tap(layer, parameters["attention_reading"])
    if branch is None and parameters["attention"] == ON:
        raise ModelError(
            f'layer "{layer}" has no attention branch', 'name blocks of a transformer, or write attention = "auto"'
        )
    return {layer: 1.0} if branch is None else {layer: 1.0, branch: parameters["attention_weight"]}


methods.register(ViTInversion.name, ViTInversion())
