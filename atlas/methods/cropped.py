"""What methods share that show the network random crops of a noisy picture, as maco does."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import Field

from atlas.core.job import TargetKind
from atlas.methods.base import Method
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.parameters import PIXELS, RANGE, SHARE, ResizedParameters

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.optim.optimizer import ParamsT

    from atlas.synthesis.steps.ascent import Penalty
    from atlas.synthesis.steps.evaluation import Noise, Score, Views


class CroppedParameters(ResizedParameters):
    """What every method of this kind can be told; the defaults are MACO's (section 4) where its paper gives one."""

    steps: int = Field(default=256, ge=1, le=100_000, description="steps of NAdam (paper: 256)")
    learning_rate: float = Field(
        default=1.0,
        gt=0,
        description="step size of NAdam, on phases (paper: 1.0)",
        json_schema_extra={"unit": "radian"},
    )
    schedule: Literal["cosine", "constant"] = Field(
        default="cosine",
        description="how the step size falls: a cosine to 0, or constant as in the paper. With the constant rate the "
        "last steps still turn phases by up to a radian, and lite0's pictures are rarely recognised",
    )
    image_size: int = Field(
        default=512, ge=32, le=4096, description="side of the picture (paper: 512)", json_schema_extra=PIXELS
    )
    crops: int = Field(
        default=16,
        ge=1,
        le=256,
        description="random crops that the network sees at each step (authors' TensorFlow code: 32, PyTorch code: 6)",
    )
    crop_mean: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="mean side of a crop, of the picture's (paper: 0.25)",
        json_schema_extra=SHARE,
    )
    crop_std: float = Field(
        default=0.1, ge=0, le=1, description="spread of that side (paper: 0.1)", json_schema_extra=SHARE
    )
    crop_smallest: float = Field(
        default=0.05, gt=0, le=1, description="smallest side of a crop, of the picture's", json_schema_extra=SHARE
    )
    noise: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="uniform noise is added within plus or minus this (paper: 0.1)",
        json_schema_extra=RANGE,
    )


CroppedP = TypeVar("CroppedP", bound=CroppedParameters)


class CroppedMethod(Method[CroppedP]):
    """A picture and what its crops are worth, climbed by NAdam; subclasses say which."""

    @abstractmethod
    def picture(self, batch: RenderBatch[CroppedP]) -> "nn.Module":
        """Return the parametrization of one picture per target; what is random is drawn from its generator."""

    @abstractmethod
    def score(self, batch: RenderBatch[CroppedP], crops: "Views") -> "tuple[Score, Views]":
        """Return what each view is worth, and the views: the crops, or more than them."""

    def views(self, batch: RenderBatch[CroppedP]) -> "Views":
        """Return the random views of the pictures: crops, drawn from their generators."""
        from atlas.synthesis.views.crops import RandomCrops, Sides

        given = batch.parameters
        sides = Sides(given.crops, given.crop_mean, given.crop_std, given.crop_smallest)
        return RandomCrops(batch.generators, given.steps, [sides], given.shown, batch.device)

    def samples(self, kind: TargetKind, parameters: CroppedP) -> int:
        """See :meth:`Method.samples`."""
        return parameters.crops

    def groups(self, parameters: CroppedP, image: "nn.Module") -> "ParamsT":
        """Return what an optimiser moves of a picture."""
        return image.parameters()

    def optimizer(
        self, parameters: CroppedP, image: "nn.Module"
    ) -> "tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler | None]":
        """Return what moves a picture's parameters, and what moves its step size."""
        import torch

        optimizer = torch.optim.NAdam(self.groups(parameters, image), lr=parameters.learning_rate)
        if parameters.schedule == "constant":
            return optimizer, None
        return optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, parameters.steps)

    def noise(self, batch: RenderBatch[CroppedP]) -> "Noise":
        """Return the noise that is added to pictures at each step."""
        return self.noise_at(batch, batch.parameters.side)

    def noise_at(self, batch: RenderBatch[CroppedP], side: int) -> "Noise":
        """Return the noise of pictures of a side, pixels."""
        from atlas.synthesis.views.noise import HashedNoise

        given = batch.parameters
        return HashedNoise(list(batch.seeds), given.steps, (3, side, side), given.noise, batch.device)

    def penalty(self, batch: RenderBatch[CroppedP], score: "Score") -> "Penalty | None":
        """Return what is subtracted from a picture's objective, in neither trace nor alpha."""
        return None

    def render(self, batch: RenderBatch[CroppedP]) -> list[Result]:
        """See :meth:`Method.render`."""
        from atlas.methods.outcome import results
        from atlas.synthesis.steps.evaluation import mean_score

        given = batch.parameters
        image = batch.begun(self.picture(batch))
        score, views = self.score(batch, self.views(batch))
        value = mean_score(batch.drawn(score), self.noise(batch), views, self.together, batch.at_once)
        optimizer, decay = self.optimizer(given, image)
        return results(batch.ascend(image, value, optimizer, given.steps, decay, self.penalty(batch, score)))
