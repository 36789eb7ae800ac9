"""DeepInversion: pictures of a class whose activations have the statistics that batch norms hold (Yin et al. 2020)."""

from pydantic import Field

from atlas.methods.base import Method, Paper, methods
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.parameters import PIXELS, SHARE, MethodParameters, Size
from atlas.methods.presets import measured


class DeepInversionParameters(MethodParameters):
    """Parameters of DeepInversion. The defaults are those of its authors' README; VITAL's setting has another rate."""

    steps: int = Field(default=2000, ge=1, le=100_000, description="steps of Adam (authors' setting 1: 2000)")
    learning_rate: float = Field(
        default=0.25,
        gt=0,
        description="step size of Adam, in the network's normalised input (authors: 0.25, VITAL: 0.05)",
    )
    warmup: int = Field(
        default=100,
        ge=0,
        le=100_000,
        description="steps in which the step size rises, a tenth of all at most, before it falls along a cosine to 0 "
        "(authors: 100)",
    )
    image_size: int | None = Field(
        default=None,
        ge=32,
        le=4096,
        description="side of the picture, which the network sees whole; the model's input unless chosen",
        json_schema_extra=PIXELS,
    )
    half_resolution: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="part of the steps, from the start, in which the network sees the picture at half its side; then "
        "the optimiser begins anew. Authors' multi-resolution setting: 2/3 of 3000 steps",
        json_schema_extra=SHARE,
    )
    jitter: int = Field(
        default=30,
        ge=0,
        le=4000,
        description="largest random shift of the picture, around its edges (authors: 30)",
        json_schema_extra=PIXELS,
    )
    flip: bool = Field(
        default=True,
        description="whether the picture is mirrored one time in two (authors' README: yes)",
    )
    statistics: float = Field(
        default=0.01,
        ge=0,
        description="weight of the distance of activations' means and variances from those that batch norms hold, the "
        "authors' r_feature (README: 0.01)",
    )
    first_statistics: float = Field(
        default=10.0,
        ge=0,
        description="weight of the first batch norm in that distance; the others' is 1 (authors: 10)",
    )
    variation: float = Field(default=1e-4, ge=0, description="weight of total variation (authors and VITAL: 0.0001)")
    norm: float = Field(
        default=1e-5,
        ge=0,
        description="weight of the Euclidean norm of the network's input (authors and VITAL: 0.00001)",
    )


PRESETS = {
    "draft": measured(
        "few steps at VITAL's rate", 5, "1 of 15 classes", steps=100, learning_rate=0.05, statistics=0.001
    ),
    "standard": measured("a quarter of the authors' steps", 23, steps=500, learning_rate=0.05, statistics=0.001),
    "fine": measured("the authors' steps", 93, steps=2000, learning_rate=0.05, statistics=0.001),
}


class DeepInversion(Method[DeepInversionParameters]):
    """Section 3.2, without the competition with a student of section 3.3, on one picture at a time.

    Means and variances are of each picture over its positions. The authors' are over a batch of 64 to 152 pictures, so
    that its members share out what the statistics ask for and depend on each other. Here a picture is the same in any
    batch, at the price that each must show the mean of all photos' statistics by itself.
    """

    name = "deep_inversion"
    version = 1
    title = "DeepInversion"
    summary = (
        "Searches for the pixels of a picture that the network takes for a class and whose activations are "
        "distributed, in every batch norm, as those of the photographs that it was trained on."
    )
    paragraphs = (
        "Batch norm keeps the mean and the variance of each channel over the photographs of the training. They are a "
        "summary of natural images that travels with the network. DeepInversion asks for a picture whose own means "
        "and variances come near them, in all layers at once, while the network is sure of the class "
        "(cross-entropy).",
        "The picture starts as noise. At each step it is shifted around its edges by up to 30 pixels, mirrored one "
        "time in two, and changed by the optimiser Adam, whose rate rises at first and then falls along a cosine; "
        "each pixel is kept within the range of colours. Two weak terms, total variation and the norm of the "
        "picture, keep noise down. If asked for, the network sees the picture at half its size in the first part of "
        "the steps.",
        "It renders classes only, and only networks with batch norm: others hold no such statistics.",
    )
    limits = (
        "The method was made for batches of some 64 to 150 pictures, over which means and variances are taken "
        "together, so that each picture depends on the others. Here each is compared by itself, so that it is the "
        "same in any batch. A single picture cannot have the spread of all photographs, so the distance stays larger "
        "and the pictures tend towards the average photograph.",
        "Its objective is minus a loss, in nats, and not comparable with the objectives of other methods; the "
        "activation measured on the finished picture is.",
        "The competition with a student network (Adaptive DeepInversion) is not part of it.",
    )
    paper = Paper(
        title="Dreaming to Distill: Data-free Knowledge Transfer via DeepInversion",
        authors="Yin, Molchanov, Li, Alvarez, Mallya, Hoiem, Jha, Kautz",
        year=2020,
        venue="CVPR",
        url="https://arxiv.org/abs/1912.08795",
        equation="section 3.2 (R_prior and R_feature); the authors' deepinversion.py",
    )
    kinds = frozenset({"logit"})
    signs = frozenset({1})
    needs = frozenset({"batch norm"})
    unit = "nat"
    parameters = DeepInversionParameters
    presets = PRESETS

    def sizes(self, parameters: DeepInversionParameters) -> dict[str, Size]:
        """See :meth:`Method.sizes`: the whole picture, and half of it where that is asked for."""
        half, share = parameters.side // 2, parameters.half_resolution
        return super().sizes(parameters) | ({f"half_resolution = {share:g}": (half, half)} if share else {})

    def render(self, batch: RenderBatch[DeepInversionParameters]) -> list[Result]:
        """See :meth:`Method.render`."""
        import torch

        from atlas.methods.outcome import results
        from atlas.synthesis.pictures.parametrization import BoundedPixels
        from atlas.synthesis.scores.classes import DeepInversionScore
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.steps.schedules import in_parts, warm_cosine
        from atlas.synthesis.views.rolled import RolledViews

        given, known, generators = batch.parameters, batch.network.preprocessing, batch.generators
        steps, shape = given.steps, (known.channels, given.side, given.side)
        start = torch.stack([torch.randn(shape, generator=generator) for generator in generators])
        picture = BoundedPixels(start.to(batch.device), known.mean, known.std)
        halved = round(steps * given.half_resolution)
        views = RolledViews(generators, steps, given.jitter, given.flip, halved, batch.device)
        weights = (given.statistics, given.first_statistics, given.variation, given.norm)
        score = DeepInversionScore(batch.network, batch.units, *weights)
        optimizer = torch.optim.Adam(picture.parameters(), lr=given.learning_rate, betas=(0.5, 0.9))
        optimizer.register_step_post_hook(picture.project)
        schedule = in_parts(optimizer, [halved, steps - halved], warm_cosine(given.warmup))
        value = mean_score(score, None, views, at_once=batch.at_once)
        return results(batch.ascend(picture, value, optimizer, steps, schedule))


methods.register(DeepInversion.name, DeepInversion())
