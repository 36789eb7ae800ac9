"""Plug-In Inversion: pictures of a class by augmentations alone, for any architecture (Ghiasi et al. 2022)."""

from typing import Literal

from pydantic import Field

from atlas.core.job import TargetKind
from atlas.methods.base import Method, Paper, methods
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.parameters import PIXELS, RANGE, ResizedParameters
from atlas.methods.presets import measured

STAGES = 7
"""Stages of growth, from 2/8 to 8/8 of the side (authors' code)."""


class PlugInInversionParameters(ResizedParameters):
    """Parameters of Plug-In Inversion; the defaults are those of its authors' code."""

    steps: int = Field(
        default=2800,
        ge=1,
        le=100_000,
        description="steps of Adam, in all seven stages together (authors: 400 in each)",
    )
    learning_rate: float = Field(
        default=0.01,
        gt=0,
        description="step size of Adam (authors: 0.01)",
        json_schema_extra=RANGE,
    )
    schedule: Literal["cosine", "constant"] = Field(
        default="cosine",
        description="how the step size falls in each stage: a cosine to 0 (authors), or constant",
    )
    views: int = Field(
        default=16,
        ge=1,
        le=256,
        description="copies of the picture, each in other colours, that the network sees at each step (authors: as "
        "many as fit a GPU, 21 for ResNet-50, 6 for ViT-B/16)",
    )
    jitter: int = Field(
        default=32,
        ge=0,
        le=4000,
        description="largest random shift of the picture, around its edges (authors: 32)",
        json_schema_extra=PIXELS,
    )
    contrast: float = Field(
        default=1.0,
        ge=0,
        le=5,
        description="each colour channel of a copy is multiplied by e to the power of a random number within plus or "
        "minus this (authors: 1)",
    )
    brightness: float = Field(
        default=1.0,
        ge=0,
        le=5,
        description="and a random number within plus or minus this is added to it (authors: 1)",
    )


PRESETS = {
    "draft": measured("20 steps in each stage, of one copy", 4, "1 of 15 classes", steps=140, views=1),
    "standard": measured("50 steps in each stage, of two copies", 17, steps=350, views=2),
    "fine": measured("half of the authors' steps, of four copies", 140, steps=1400, views=4),
}


class PlugInInversion(Method[PlugInInversionParameters]):
    """Cross-entropy alone; centring, jitter, ColorShift and an ensemble of copies take the place of regularisers.

    The picture starts as uniform noise, of which a growing middle is optimised: at each stage the picture of the last
    lies in the centre of new noise. The network sees the middle resized to its input, as transformers need it; the
    authors' code shows it to CNNs as it is.
    """

    name = "plug_in_inversion"
    version = 1
    title = "Plug-In Inversion"
    summary = (
        "Searches for the pixels of a picture that the network takes for a class, from its middle outwards, while "
        "colours change at random."
    )
    paragraphs = (
        "Most inversions of a classifier need penalties whose weights differ from network to network. Plug-In "
        "Inversion has none: cross-entropy with the class is all it minimises, and random changes of the picture do "
        "the rest, so that the same settings serve convolutional networks, transformers and others.",
        "The picture grows in seven stages. In the first only its middle, a quarter as wide, is optimised; at each "
        "further stage the result lies in the centre of a larger piece of new noise, and the whole piece is "
        "optimised on. This puts the subject in the middle.",
        "At each step the piece is shifted around its edges by up to 32 pixels, and the network looks at several "
        "copies of it, each with the contrast and brightness of every colour channel changed at random (ColorShift). "
        "What depends on particular colours does not survive, and no penalty on noise is needed.",
    )
    limits = (
        "The network sees each piece resized to its input, as transformers need it. The authors' code shows it to "
        "convolutional networks at its own small size.",
        "It renders classes only. Its objective is minus a loss, in nats, and not comparable with the objectives of "
        "other methods; the activation measured on the finished picture is.",
        "More copies per step calm the optimisation and cost time in proportion.",
    )
    paper = Paper(
        title="Plug-In Inversion: Model-Agnostic Inversion for Vision with Data Augmentations",
        authors="Ghiasi, Kazemi, Reich, Zhu, Goldblum, Goldstein",
        year=2022,
        venue="ICML",
        url="https://arxiv.org/abs/2201.12961",
        equation="centring, jitter, ColorShift, ensembling; the authors' experiment/iteration20/pii.py",
    )
    kinds = frozenset({"logit"})
    signs = frozenset({1})
    unit = "nat"
    parameters = PlugInInversionParameters
    presets = PRESETS

    def samples(self, kind: TargetKind, parameters: PlugInInversionParameters) -> int:
        """See :meth:`Method.samples`."""
        return parameters.views

    def render(self, batch: RenderBatch[PlugInInversionParameters]) -> list[Result]:
        """See :meth:`Method.render`."""
        import torch

        from atlas.methods.outcome import results
        from atlas.synthesis.pictures.parametrization import BoundedPixels
        from atlas.synthesis.scores.classes import ClassEntropy
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.steps.schedules import constant, even_parts, in_parts, warm_cosine
        from atlas.synthesis.views.rolled import GrowingViews

        given, side, generators = batch.parameters, batch.parameters.side, batch.generators
        channels = batch.network.preprocessing.channels
        start = torch.stack([torch.rand(channels, side, side, generator=generator) for generator in generators])
        picture = BoundedPixels(start.to(batch.device), (0.0,), (1.0,))
        parts = even_parts(given.steps, STAGES)
        sides = [side * (stage + 2) // 8 for stage, length in enumerate(parts) for _ in range(length)]
        changes = (given.jitter, given.contrast, given.brightness)
        views = GrowingViews(generators, sides, given.views, given.shown, *changes, batch.device)
        optimizer = torch.optim.Adam(picture.parameters(), lr=given.learning_rate, betas=(0.5, 0.99))
        optimizer.register_step_post_hook(picture.project)
        curve = warm_cosine(0) if given.schedule == "cosine" else constant
        value = mean_score(ClassEntropy(batch.network, batch.units), None, views, at_once=batch.at_once)
        return results(batch.ascend(picture, value, optimizer, given.steps, in_parts(optimizer, parts, curve)))


methods.register(PlugInInversion.name, PlugInInversion())
