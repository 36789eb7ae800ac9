"""Natural: MACO's pictures with magnitudes let go of, smooth, seen in views of mixed sizes and changing light."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from atlas.core.job import TargetKind
from atlas.methods.base import Resolved, methods
from atlas.methods.batch import RenderBatch
from atlas.methods.maco import MACO, PhaseMethod, PhaseParameters
from atlas.methods.parameters import PIXELS, SHARE, MethodParameters, Shown
from atlas.methods.presets import measured
from atlas.methods.shown import shown_size

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.optim.optimizer import ParamsT

    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.pictures.changing import ChangingPhase
    from atlas.synthesis.scores.statistics import ScaledScore
    from atlas.synthesis.steps.ascent import Penalty
    from atlas.synthesis.steps.evaluation import Noise, Score, Views

LONGEST = 128
"""Longer side of views, pixels, of networks that take it: a third of the time of 224, and pictures are no worse."""


class NaturalParameters(PhaseParameters):
    """Parameters of the method. Numbers without a source were found by search on lite0, judged by another network."""

    steps: int = Field(default=128, ge=1, le=100_000, description="steps of NAdam (MACO: 256)")
    resolution: Shown | tuple[Shown, Shown] | None = Field(
        default=None,
        description=f"side at which the network is shown views, or (height, width); unless chosen {LONGEST}, or the "
        "model's input where that is smaller or the only size that it takes",
        json_schema_extra=PIXELS,
    )
    crops: int = Field(
        default=3, ge=1, le=256, description="random crops that the network sees at each step, besides the wide ones"
    )
    crop_mean: float = Field(
        default=0.5, gt=0, le=1, description="mean side of a crop, of the picture's", json_schema_extra=SHARE
    )
    wide_crops: int = Field(
        default=1,
        ge=0,
        le=256,
        description="wide crops that the network sees at each step as well, of nearly the whole picture",
    )
    wide_mean: float = Field(
        default=0.9, gt=0, le=1, description="mean side of a wide crop, of the picture's", json_schema_extra=SHARE
    )
    wide_std: float = Field(default=0.05, ge=0, le=1, description="spread of that side", json_schema_extra=SHARE)
    flip: bool = Field(default=True, description="whether each view is mirrored one time in two")
    light_jitter: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="the contrast of each view is changed at random within plus or minus this, and its brightness "
        "within plus or minus half of it",
        json_schema_extra=SHARE,
    )
    colour_jitter: float = Field(
        default=0.15,
        ge=0,
        le=1,
        description="the gain of each colour of each view is changed at random within plus or minus this",
        json_schema_extra=SHARE,
    )
    confidence: float = Field(
        default=0.98,
        gt=0,
        le=1,
        description="of classes: the probability, among a thousand of them, at which a view is enough. The gradient "
        "fades beyond, so that a class is raised to where photos bring it; 1 raises it as far as it goes",
        json_schema_extra=SHARE,
    )
    contrast: float = Field(
        default=2.4,
        gt=0,
        le=10,
        description="standard deviation of the signal that becomes the picture; MACO's 1 gives about two thirds of the "
        "contrast of photos",
    )
    magnitudes: float = Field(
        default=1.5,
        ge=0,
        le=10,
        description="how far the natural logarithm of the strength of each frequency may go from that of photos; 0 "
        "holds it fixed, as MACO does",
    )
    magnitude_rate: float = Field(
        default=0.1, gt=0, le=10, description="step size of NAdam on these logarithms, where they are free"
    )
    blur: float = Field(
        default=0.009,
        ge=0,
        le=0.1,
        description="at each step the picture is blurred by a Gaussian of a random standard deviation up to this",
        json_schema_extra=SHARE,
    )
    coarse: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="part of the steps, from the start, in which the picture is made of its low frequencies alone, of "
        "fewer pixels and in less time",
        json_schema_extra=SHARE,
    )
    coarse_size: int = Field(
        default=256,
        ge=32,
        le=4096,
        multiple_of=2,
        description="side of the picture in these steps",
        json_schema_extra=PIXELS,
    )
    smoothness: float = Field(
        default=0.06,
        ge=0,
        le=100,
        description="how much variation from pixel to pixel and between blocks of 2 x 2 and 4 x 4 counts, in standard "
        "deviations of the activations of the unit's layer; an edge from black to white all across counts 7/3",
    )
    statistics: float = Field(
        default=5.0,
        ge=0,
        le=1e4,
        description="how much it counts that means and deviations of channels over a picture's views are those of "
        "photos, which batch norms hold, in standard deviations of the activations of the unit's layer; 0 for networks "
        "without batch norms",
    )


PRESETS = {
    "draft": measured("half of the steps", 3.9, "19 of 52 pictures", steps=64),
    "standard": measured("the steps and views that were found by search", 7.7, "25 of 52 pictures", steps=128),
    "fine": measured(
        "four times as many steps, of six views", 41, "8 of 15 pictures", steps=512, crops=4, wide_crops=2
    ),
}


class Natural(PhaseMethod[NaturalParameters]):
    """MACO's parametrization, magnitudes let go of, and its optimiser; what the network is shown differs."""

    name = "natural"
    version = 1
    title = "Natural"
    summary = (
        "Searches for a picture near the Fourier spectrum of natural photographs, smooth and nearly of their contrast, "
        "while the network sees parts and nearly all of it in changing colours."
    )
    paragraphs = (
        "As in MACO, a picture is the magnitude of its Fourier spectrum and a phase, both of which are changed along "
        "the gradient of the objective (a class's logit before the softmax, the mean of a channel over all positions, "
        "one neuron, or a direction). The magnitude starts as that of natural photographs and is moved little, within "
        "bounds: MACO holds it fixed, so that every picture has the texture of an average one.",
        "A class is raised to where photographs of it bring the network, and not as far as it goes: the gradient of a "
        "view in which the network is sure of it fades, so that what remains to be done is to look like a picture. "
        "Raised without a bound, a logit reaches far more than photographs do (13 to 20 on EfficientNet-Lite0, where "
        "photographs have 9 to 10), by parts of the thing many times over. Channels, neurons and directions have no "
        "such bound: what they want most is the question.",
        "What varies from pixel to pixel and from block to block is held down, so that surfaces come out smooth. The "
        "picture has nearly the contrast of a photograph; MACO's has about two thirds of it, and looks murky. At each "
        "step it is blurred a little, by a random width, so that shapes count and not fine grain alone.",
        "At each step the network sees some crops of about half the picture's side and some of nearly all of it, so "
        "that parts and their arrangement count alike. Each is mirrored one time in two, and its brightness, contrast "
        "and colours are changed at random: a unit cannot be pleased by one colour or one direction alone. The views "
        "are small, 128 pixels where the network takes that, which costs a third of the time.",
        "Networks with batch norms keep the mean and the deviation of each channel over the photographs of their "
        "training. Those of a picture's views are held near them, in the layers that no activation follows. Other "
        "networks are rendered without.",
        "As in MACO, the size of the gradient at each pixel, added up over all steps, is kept as a transparency map.",
    )
    limits = (
        "It is this project's own method, put together of known parts. Its settings were found by search on one "
        "convolutional network, with pictures of some classes judged by a network of another family.",
        "A class's picture shows as much of the class as the network asks of a photograph, not what it wants most; "
        "confidence = 1 shows that. A network that is never sure of its photographs is asked for more than they have.",
        "What is asked of every picture shows in every picture: little variation, and a spectrum not far from that of "
        "an average photograph. A unit that wants fine grain or a strongly periodic picture shows less of it.",
        "Since colours change from view to view, a colour that matters to a unit shows less than it might.",
        "The objective that is recorded has the distance from the statistics subtracted, but not the variation; the "
        "activation measured on the finished picture has neither.",
        "Opacity in the masked view follows the gradient during optimisation. It is no attribution of the finished "
        "picture, and what it hides is part of the picture all the same.",
    )
    paper = MACO.paper
    kinds = MACO.kinds
    parameters = NaturalParameters
    together = True
    presets = PRESETS

    def resolve(self, asked: MethodParameters, model: "VisionModel", folder: Path) -> Resolved[NaturalParameters]:
        """See :meth:`Method.resolve`: a resolution that the model takes is chosen, and no statistics that it lacks."""
        from atlas.models.vision_model import BATCH_NORM

        assert isinstance(asked, NaturalParameters)
        chosen: dict[str, object] = {} if asked.resolution else {"resolution": shown_size(model, LONGEST)}
        if BATCH_NORM not in model.offers:
            chosen["statistics"] = 0.0
        return super().resolve(asked.model_copy(update=chosen), model, folder)

    def samples(self, kind: TargetKind, parameters: NaturalParameters) -> int:
        """See :meth:`Method.samples`."""
        return parameters.crops + parameters.wide_crops

    def picture(self, batch: RenderBatch[NaturalParameters]) -> "ChangingPhase":
        """See :meth:`CroppedMethod.picture`."""
        import torch

        from atlas.synthesis.pictures.changing import ChangingPhase

        given, drawn = batch.parameters, (batch.generators, batch.device, batch.grey)
        blurs = None
        if given.blur:
            draws = [torch.rand(given.steps, generator=generator) for generator in batch.generators]
            blurs = torch.stack(draws, dim=1) * given.blur
        return ChangingPhase(self.magnitude(batch), *drawn, given.contrast, sides_of(given), blurs, given.magnitudes)

    def views(self, batch: RenderBatch[NaturalParameters]) -> "Views":
        """See :meth:`CroppedMethod.views`."""
        from atlas.synthesis.views.coloured import ColouredViews
        from atlas.synthesis.views.crops import RandomCrops, Sides
        from atlas.synthesis.views.mirrored import MirroredViews

        given, device, drawn = batch.parameters, batch.device, (batch.generators, batch.parameters.steps)
        sides = [
            Sides(given.crops, given.crop_mean, given.crop_std, given.crop_smallest),
            Sides(given.wide_crops, given.wide_mean, given.wide_std, given.crop_smallest),
        ]
        views: Views = RandomCrops(*drawn, sides, given.shown, device)
        if given.flip:
            views = MirroredViews(views, *drawn, device)
        if not given.light_jitter and not given.colour_jitter:
            return views
        return ColouredViews(views, *drawn, given.light_jitter, given.colour_jitter, device)

    def score(self, batch: RenderBatch[NaturalParameters], crops: "Views") -> "tuple[ScaledScore, Views]":
        """See :meth:`CroppedMethod.score`."""
        from atlas.synthesis.scores.statistics import ScaledScore

        return ScaledScore(
            batch.network,
            batch.targets,
            batch.parameters.statistics,
            batch.parameters.confidence,
            batch.load_input,
        ), crops

    def noise(self, batch: RenderBatch[NaturalParameters]) -> "Noise":
        """See :meth:`CroppedMethod.noise`: of pictures of the step's side."""
        sides = sides_of(batch.parameters)
        noises = {side: self.noise_at(batch, side) for side in {*sides}}
        return lambda step: noises[sides[step]](step)

    def penalty(self, batch: RenderBatch[NaturalParameters], score: "Score") -> "Penalty | None":
        """See :meth:`CroppedMethod.penalty`: variation."""
        from atlas.synthesis.scores.smoothness import Smoothness
        from atlas.synthesis.scores.statistics import ScaledScore

        assert isinstance(score, ScaledScore)
        weight = batch.parameters.smoothness
        return Smoothness(weight, score.scale) if weight else None

    def groups(self, parameters: NaturalParameters, image: "nn.Module") -> "ParamsT":
        """See :meth:`CroppedMethod.groups`: magnitudes have a rate of their own."""
        from atlas.synthesis.pictures.changing import ChangingPhase

        assert isinstance(image, ChangingPhase)
        return image.groups(parameters.learning_rate, parameters.magnitude_rate)

    def optimizer(
        self, parameters: NaturalParameters, image: "nn.Module"
    ) -> "tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler | None]":
        """See :meth:`CroppedMethod.optimizer`: its steps bring the picture to the next."""
        from atlas.synthesis.pictures.changing import ChangingPhase

        assert isinstance(image, ChangingPhase)
        optimizer, decay = super().optimizer(parameters, image)
        optimizer.register_step_post_hook(image.advance)
        return optimizer, decay


def sides_of(parameters: NaturalParameters) -> list[int]:
    """Return the side of the picture at each step, pixels."""
    coarse = round(parameters.coarse * parameters.steps)
    small = min(parameters.coarse_size, parameters.side)
    return [small if step < coarse else parameters.side for step in range(parameters.steps)]


methods.register(Natural.name, Natural())
