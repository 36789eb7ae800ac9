"""Accentuation: a photo, changed until a unit sees more of what it looks for, and still that photo (Hamblin et al.)."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from atlas.errors import ModelError
from atlas.methods.base import Paper, Resolved, methods
from atlas.methods.batch import RenderBatch
from atlas.methods.cropped import CroppedMethod, CroppedParameters
from atlas.methods.parameters import PIXELS, RANGE, SHARE, MethodParameters
from atlas.methods.presets import measured

if TYPE_CHECKING:
    from torch import nn

    from atlas.models.network.network import Network
    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.steps.evaluation import Score, Views

AUTO = "auto"
"""Value of ``layer`` that stands for the end of the first stage, or the first block of a transformer."""


PRESETS = {
    "draft": measured("few steps, four views in each", 4, steps=40, crops=4),
    "standard": measured("the default steps and views", 22, steps=100, crops=8),
    "fine": measured("twice the steps and views", 88, steps=200, crops=16),
}


class AccentuationParameters(CroppedParameters):
    """Parameters of the accentuation. Numbers without a source were chosen by eye on lite0."""

    steps: int = Field(default=100, ge=1, le=100_000, description="steps of NAdam")
    learning_rate: float = Field(
        default=0.05,
        gt=0,
        description="step size of NAdam, on phases in radians or on the spectrum's coefficients",
    )
    schedule: Literal["cosine", "constant"] = Field(
        default="cosine",
        description="how the step size falls: a cosine to 0, or constant",
    )
    image_size: int = Field(
        default=512,
        ge=32,
        le=4096,
        description="side of the picture",
        json_schema_extra=PIXELS,
    )
    crops: int = Field(
        default=8,
        ge=1,
        le=256,
        description="random crops that the network sees at each step",
    )
    crop_mean: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="mean side of a crop, of the picture's",
        json_schema_extra=SHARE,
    )
    crop_std: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="spread of that side",
        json_schema_extra=SHARE,
    )
    noise: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="uniform noise is added within plus or minus this",
        json_schema_extra=RANGE,
    )
    parametrization: Literal["phase", "spectrum"] = Field(
        default="phase",
        description='what is learned: the "phase" of the photo\'s Fourier spectrum, whose magnitude is kept, or a '
        'whole "spectrum" that is added to the photo',
    )
    decay: float = Field(
        default=1.0,
        ge=0,
        le=4,
        description="power of the frequency by which a whole spectrum is divided (Lucid: 1)",
    )
    regularisation: float = Field(
        default=10.0,
        ge=0,
        le=1e6,
        description="how much the early layer's relative squared distance from the photo counts, in standard "
        "deviations of the activations of the unit's layer",
    )
    layer: str = Field(
        default=AUTO,
        description='the early layer that should still see the photo; "auto" is the end of the first stage, or the '
        "first block of a ViT. For units of earlier layers it is their own",
    )


class Accentuation(CroppedMethod[AccentuationParameters]):
    """The objective of a unit minus the distance of an early layer's activation from the photo's.

    Both are seen in the same random crops; the start is the photo itself.
    """

    name = "accentuation"
    version = 1
    title = "Feature accentuation"
    summary = (
        "Changes the phases of a photo's Fourier spectrum until the photo excites a unit more, while an early layer "
        "still sees that photo."
    )
    paragraphs = (
        "Most renderings start from noise and show what a unit looks for in general. Accentuation starts from a "
        "photo and shows what the unit looks for in it: what it answers to already is drawn out, and what would "
        "please it is added where it fits.",
        "The photo is split into the magnitude of its Fourier spectrum, which is kept, and the phase, which is "
        "changed along the gradient of the objective (a class's logit before the softmax, the mean of a channel over "
        "all positions, one neuron, or a direction), as seen in random crops with a little noise. From the objective "
        "is subtracted how far the activation of an early layer has moved from the photo's in the same crops, so "
        "that edges and colours stay where they are.",
        "The size of the gradient at each pixel, added up over all steps, is kept as a transparency map: it shows "
        "where in the photo the change was made for.",
    )
    limits = (
        "The weight of the early layer decides how much remains of the photo. With a small one the picture is a "
        "feature visualisation with a head start; with a large one nothing happens.",
        "That a unit can be made to answer by a change of the photo does not mean that what was drawn out made it "
        "answer before.",
        "Step size, crops and the early layer were chosen for this atlas; the authors choose them for each model.",
    )
    paper = Paper(
        title="Feature Accentuation: Revealing 'What' Features Respond to in Natural Images",
        authors="Hamblin, Fel, Saha, Konkle, Alvarez",
        year=2024,
        venue="arXiv:2402.10039",
        url="https://arxiv.org/abs/2402.10039",
        equation="the regularised objective over the phases of the photo's spectrum",
    )
    kinds = frozenset({"logit", "channel", "neuron", "direction"})
    from_photo = True
    parameters = AccentuationParameters
    presets = PRESETS

    def resolve(self, asked: MethodParameters, model: "VisionModel", folder: Path) -> Resolved[AccentuationParameters]:
        """See :meth:`Method.resolve`: the early layer becomes a name.

        Raises:
            ModelError: the model has no such layer, or none with positions.
        """
        import torch

        assert isinstance(asked, AccentuationParameters)
        layer = early_layer(model.network("float32", torch.device("cpu")), asked.layer)
        return Resolved(self.filled(asked, model, layer=layer))

    def reads(self, parameters: AccentuationParameters) -> tuple[str, ...]:
        """See :meth:`Method.reads`."""
        return (parameters.layer,)

    def picture(self, batch: RenderBatch[AccentuationParameters]) -> "nn.Module":
        """See :meth:`CroppedMethod.picture`."""
        from atlas.synthesis.pictures.photo_start import PhotoPhase, PhotoSpectrum

        if batch.parameters.parametrization == "phase":
            return PhotoPhase(batch.photos, batch.grey)
        return PhotoSpectrum(batch.photos, batch.parameters.decay, batch.grey)

    def score(self, batch: RenderBatch[AccentuationParameters], crops: "Views") -> "tuple[Score, Views]":
        """See :meth:`CroppedMethod.score`."""
        from atlas.synthesis.scores.accentuation import AccentuationScore
        from atlas.synthesis.scores.photo_match import BesidePhotos
        from atlas.synthesis.views.shifted import resized

        given, network = batch.parameters, batch.network
        shown = resized(batch.photos, given.shown)
        names = [info.name for info in network.layers()]
        layer = min(early_layer(network, given.layer), batch.layer, key=names.index)
        score = AccentuationScore(network, batch.targets, layer, given.regularisation, shown, batch.load_input)
        return score, BesidePhotos(crops, batch.photos)


def early_layer(network: "Network", name: str) -> str:
    """Return the early layer of that name, or the one that :data:`AUTO` stands for.

    Raises:
        ModelError: the model has no such layer, or none with positions.
    """
    from atlas.models.anatomy.stages import stage_layers
    from atlas.models.network.examine import find_layer

    if name != AUTO:
        return find_layer(network.layers(), name).name
    try:
        return stage_layers(network)[:2][-1]
    except ModelError as error:
        raise ModelError(error.message, "name an early layer with the parameter layer") from error


methods.register(Accentuation.name, Accentuation())
