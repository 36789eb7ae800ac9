"""What methods share that show the network random transformations of a picture, as fourier does."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from atlas.core.job import TargetKind
from atlas.methods.base import Method
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.parameters import ResizedParameters

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.synthesis.steps.evaluation import Views
    from atlas.synthesis.views.moves import Stage


class TransformedParameters(ResizedParameters):
    """What every method of this kind can be told."""

    steps: int = Field(default=512, ge=1, le=100_000, description="steps of the optimiser")
    learning_rate: float = Field(default=0.05, gt=0, description="step size of the optimiser")
    views: int = Field(
        default=1,
        ge=1,
        le=256,
        description="randomly transformed views of the picture that the network sees at each step (Lucid: 1)",
    )
    start: float = Field(
        default=0.01,
        gt=0,
        le=10,
        description="standard deviation of the random numbers that the optimisation starts from (Lucid's sd: 0.01)",
    )
    decorrelate: bool = Field(
        default=True,
        description="whether colours are optimised in a space where those of photographs are uncorrelated, rather than "
        "as red, green and blue (Olah et al. 2017, Lucid's default)",
    )


class SpectrumParameters(TransformedParameters):
    """What is told to methods of this kind that optimise a picture's Fourier spectrum."""

    decay: float = Field(
        default=1.0,
        ge=0,
        le=4,
        description="power of the frequency by which the spectrum is divided: 0 treats all frequencies alike (Lucid: "
        "1)",
    )
    standardise: bool = Field(
        default=True,
        description="whether each picture is brought to mean 0 and variance 1 before its values are squashed into the "
        "range of colours; false divides it by 4",
    )


TransformedP = TypeVar("TransformedP", bound=TransformedParameters)
SpectrumP = TypeVar("SpectrumP", bound=SpectrumParameters)


class TransformedMethod(Method[TransformedP]):
    """A picture, a sequence of random transformations and an optimiser; subclasses say which."""

    kinds = frozenset({"logit", "channel", "neuron", "direction"})
    facets = frozenset({"photos", "directions"})

    @abstractmethod
    def picture(self, batch: RenderBatch[TransformedP]) -> "nn.Module":
        """Return the parametrization of one picture per target; what is random is drawn from its generator."""

    @abstractmethod
    def transformations(self, parameters: TransformedP) -> "tuple[Sequence[Stage], float]":
        """Return the stages, and the constant that lies outside the picture, image units."""

    @abstractmethod
    def optimizer(self, parameters: TransformedP, picture: "nn.Module") -> "torch.optim.Optimizer":
        """Return the optimiser of the picture."""

    def samples(self, kind: TargetKind, parameters: TransformedP) -> int:
        """See :meth:`Method.samples`."""
        return parameters.views

    def views(self, batch: RenderBatch[TransformedP]) -> "Views":
        """Return the random views of the pictures."""
        from atlas.synthesis.views.warp import RandomViews

        given = batch.parameters
        stages, fill = self.transformations(given)
        sizes = (given.side, given.shown)
        return RandomViews(batch.generators, given.steps, given.views, stages, *sizes, fill, batch.device)

    def render(self, batch: RenderBatch[TransformedP]) -> list[Result]:
        """See :meth:`Method.render`."""
        from atlas.methods.outcome import results
        from atlas.synthesis.scores.units import TargetObjective
        from atlas.synthesis.steps.evaluation import mean_score

        picture = batch.begun(self.picture(batch))
        views = self.views(batch)
        objective = TargetObjective(batch.targets, batch.device, batch.load_input)
        score = batch.drawn(lambda shown: objective(batch.network(shown, batch.layer)))
        value = mean_score(score, None, views, at_once=batch.at_once)
        optimizer = self.optimizer(batch.parameters, picture)
        return results(batch.ascend(picture, value, optimizer, batch.parameters.steps))


def spectrum(batch: RenderBatch[SpectrumP]) -> "nn.Module":
    """Return pictures in the frequency domain."""
    from atlas.synthesis.pictures.parametrization import FourierSpectrum

    given = batch.parameters
    scaling = (given.decay, given.standardise, given.start)
    return FourierSpectrum(given.side, *scaling, batch.generators, batch.device, given.decorrelate, batch.grey)
