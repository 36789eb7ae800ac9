"""Plug-In Inversion: pictures of a class by augmentations alone, for any architecture (Ghiasi et al. 2022)."""

from typing import Literal

from pydantic import Field

from atlas.methods.base import Method, Paper, methods
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.parameters import ResizedParameters

STAGES = 7
"""Stages of growth, from 2/8 to 8/8 of the side (authors' code)."""


class PlugInInversionParameters(ResizedParameters):
    """Parameters of Plug-In Inversion; the defaults are those of its authors' code."""

    steps: int = Field(
        default=2800, ge=1, le=100_000, description="steps of Adam in all seven stages (authors: 400 in each)"
    )
    learning_rate: float = Field(default=0.01, gt=0, description="of Adam, in units of the image (authors: 0.01)")
    schedule: Literal["cosine", "constant"] = Field(
        default="cosine", description="of the learning rate in each stage: a cosine to 0 (authors), or constant"
    )
    views: int = Field(
        default=16,
        ge=1,
        le=256,
        description="colour-shifted copies per step (authors: as many as fit a GPU, 21 for ResNet-50, 6 for ViT-B/16)",
    )
    jitter: int = Field(default=32, ge=0, le=4000, description="largest random shift, pixels of it (authors: 32)")
    contrast: float = Field(
        default=1.0, ge=0, le=5, description="colours are multiplied by exp of up to +- this (authors: 1)"
    )
    brightness: float = Field(default=1.0, ge=0, le=5, description="and shifted by up to +- this (authors: 1)")


class PlugInInversion(Method[PlugInInversionParameters]):
    """Cross-entropy alone; centring, jitter, ColorShift and an ensemble of copies take the place of regularisers.

    The picture starts as uniform noise, of which a growing middle is optimised: at each stage the picture of the last
    lies in the centre of new noise. The network sees the middle resized to its input, as transformers need it; the
    authors' code shows it to CNNs as it is.
    """

    name = "plug_in_inversion"
    version = 1
    title = "Plug-In Inversion"
    summary = "Finds the pixels of a picture of a class, from its middle outwards, seen in ever other colours."
    paper = Paper(
        title="Plug-In Inversion: Model-Agnostic Inversion for Vision with Data Augmentations",
        authors="Ghiasi, Kazemi, Reich, Zhu, Goldblum, Goldstein",
        year=2022,
        url="https://arxiv.org/abs/2201.12961",
        equation="centring, jitter, ColorShift, ensembling; the authors' experiment/iteration20/pii.py",
    )
    kinds = frozenset({"logit"})
    signs = frozenset({1})
    unit = "nat"
    parameters = PlugInInversionParameters

    def samples(self, parameters: PlugInInversionParameters) -> int:
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
        value = mean_score(ClassEntropy(batch.network, batch.units), None, views)
        return results(batch.ascend(picture, value, optimizer, given.steps, in_parts(optimizer, parts, curve)))


methods.register(PlugInInversion.name, PlugInInversion())
