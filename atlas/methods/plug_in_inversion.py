"""Plug-In Inversion: pictures of a class by augmentations alone, for any architecture (Ghiasi et al. 2022)."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from atlas.core.job import Target
from atlas.methods.base import Method, MethodParameters, Paper, Rendering, methods

if TYPE_CHECKING:
    from atlas.models.network.network import Network

STAGES = 7
"""Stages of growth, from 2/8 to 8/8 of the side (authors' code)."""


class PlugInInversionParameters(MethodParameters):
    """Parameters of Plug-In Inversion; the defaults are those of its authors' code."""

    steps: int = Field(
        default=2800, ge=1, le=100_000, description="steps of Adam in all seven stages (authors: 400 in each)"
    )
    learning_rate: float = Field(default=0.01, gt=0, description="of Adam, in units of the image (authors: 0.01)")
    schedule: Literal["cosine", "constant"] = Field(
        default="cosine", description="of the learning rate in each stage: a cosine to 0 (authors), or constant"
    )
    image_size: int | None = Field(default=None, ge=32, le=4096, description="side of the picture; the model's input")
    views: int = Field(
        default=16,
        ge=1,
        le=256,
        description="colour-shifted copies per step (authors: as many as fit a GPU, 21 for ResNet-50, 6 for ViT-B/16)",
    )
    resolution: int | None = Field(default=None, ge=16, le=4096, description="views' side, pixels; the model's input")
    jitter: int = Field(default=32, ge=0, le=4000, description="largest random shift, pixels of it (authors: 32)")
    contrast: float = Field(
        default=1.0, ge=0, le=5, description="colours are multiplied by exp of up to +- this (authors: 1)"
    )
    brightness: float = Field(default=1.0, ge=0, le=5, description="and shifted by up to +- this (authors: 1)")


class PlugInInversion(Method):
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
        from atlas.synthesis.pictures.parametrization import BoundedPixels
        from atlas.synthesis.scores.classes import ClassEntropy
        from atlas.synthesis.steps.ascent import ascend
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.steps.schedules import constant, even_parts, in_parts, warm_cosine
        from atlas.synthesis.views.rolled import GrowingViews

        steps, side, device = parameters["steps"], parameters["image_size"], network.device
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        channels = network.preprocessing.channels
        start = torch.stack([torch.rand(channels, side, side, generator=one) for one in generators])
        picture = BoundedPixels(start.to(device), (0.0,), (1.0,))
        parts = even_parts(steps, STAGES)
        sides = [side * (stage + 2) // 8 for stage, length in enumerate(parts) for _ in range(length)]
        size, reach = tuple(parameters["resolution"]), (parameters["contrast"], parameters["brightness"])
        views = GrowingViews(generators, sides, parameters["views"], size, parameters["jitter"], *reach, device)
        optimizer = torch.optim.Adam(picture.parameters(), lr=parameters["learning_rate"], betas=(0.5, 0.99))
        optimizer.register_step_post_hook(picture.project)
        curve = warm_cosine(0) if parameters["schedule"] == "cosine" else constant
        result = ascend(
            picture,
            mean_score(ClassEntropy(network, [target.unit for target in targets]), None, views),
            optimizer,
            steps,
            schedule=in_parts(optimizer, parts, curve),
            on_step=lambda done: on_step(done, steps),
            should_stop=should_stop,
        )
        return renderings(result)


methods.register(PlugInInversion.name, PlugInInversion())
