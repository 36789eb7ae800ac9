"""DeepInversion: pictures of a class whose activations have the statistics that batch norms hold (Yin et al. 2020)."""

from pydantic import Field

from atlas.methods.base import Method, Paper, methods
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.parameters import MethodParameters, Size


class DeepInversionParameters(MethodParameters):
    """Parameters of DeepInversion. The defaults are those of its authors' README; VITAL's setting has another rate."""

    steps: int = Field(default=2000, ge=1, le=100_000, description="steps of Adam (authors' setting 1: 2000)")
    learning_rate: float = Field(
        default=0.25, gt=0, description="of Adam, in the model's normalised input (authors: 0.25, VITAL: 0.05)"
    )
    warmup: int = Field(
        default=100,
        ge=0,
        le=100_000,
        description="steps in which the rate rises, a tenth of all at most, before its cosine to 0 (authors: 100)",
    )
    image_size: int | None = Field(
        default=None, ge=32, le=4096, description="side of the picture, which the network sees whole; the model's input"
    )
    half_resolution: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of the steps, from the start, in which the network sees the picture at half its side; then "
        "the optimiser begins anew. Authors' multi-resolution setting: 2/3 of 3000 steps",
    )
    jitter: int = Field(default=30, ge=0, le=4000, description="largest random shift, pixels of it (authors: 30)")
    flip: bool = Field(default=True, description="mirror the picture one time in two (authors' README: yes)")
    statistics: float = Field(
        default=0.01,
        ge=0,
        description="weight of the distance from batch norms' statistics, the authors' r_feature (README: 0.01)",
    )
    first_statistics: float = Field(
        default=10.0, ge=0, description="weight of the first batch norm among them (authors: 10)"
    )
    variation: float = Field(default=1e-4, ge=0, description="weight of total variation (authors and VITAL: 0.0001)")
    norm: float = Field(
        default=1e-5, ge=0, description="weight of the input's Euclidean norm (authors and VITAL: 0.00001)"
    )


class DeepInversion(Method[DeepInversionParameters]):
    """Section 3.2, without the competition with a student of section 3.3, on one picture at a time.

    Means and variances are of each picture over its positions. The authors' are over a batch of 64 to 152 pictures, so
    that its members share out what the statistics ask for and depend on each other. Here a picture is the same in any
    batch, at the price that each must show the mean of all photos' statistics by itself.
    """

    name = "deep_inversion"
    version = 1
    title = "DeepInversion"
    summary = "Finds the pixels of a picture of a class whose activations are distributed as those of photos."
    paper = Paper(
        title="Dreaming to Distill: Data-free Knowledge Transfer via DeepInversion",
        authors="Yin, Molchanov, Li, Alvarez, Mallya, Hoiem, Jha, Kautz",
        year=2020,
        url="https://arxiv.org/abs/1912.08795",
        equation="section 3.2 (R_prior and R_feature); the authors' deepinversion.py",
    )
    kinds = frozenset({"logit"})
    signs = frozenset({1})
    needs = frozenset({"batch norm"})
    unit = "nat"
    parameters = DeepInversionParameters

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
        views = RolledViews(generators, steps, given.jitter, given.flip, halved)
        weights = (given.statistics, given.first_statistics, given.variation, given.norm)
        score = DeepInversionScore(batch.network, batch.units, *weights)
        optimizer = torch.optim.Adam(picture.parameters(), lr=given.learning_rate, betas=(0.5, 0.9))
        optimizer.register_step_post_hook(picture.project)
        schedule = in_parts(optimizer, [halved, steps - halved], warm_cosine(given.warmup))
        return results(batch.ascend(picture, mean_score(score, None, views), optimizer, steps, schedule))


methods.register(DeepInversion.name, DeepInversion())
