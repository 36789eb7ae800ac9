"""What methods share that show the network random transformations of a picture, as fourier does."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from atlas.core.job import Target
from atlas.methods.base import Method, MethodParameters, Rendering

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.models.network.network import Network
    from atlas.synthesis.steps.evaluation import Views
    from atlas.synthesis.views.moves import Stage


class TransformedParameters(MethodParameters):
    """What every method of this kind can be told."""

    image_size: int | None = Field(
        default=None, ge=32, le=4096, description="side of the picture, pixels; the model's input (Lucid: as shown)"
    )
    views: int = Field(default=1, ge=1, le=256, description="transformed views of the picture per step (Lucid: 1)")
    resolution: int | None = Field(default=None, ge=16, le=4096, description="views' side, pixels; the model's input")
    start: float = Field(default=0.01, gt=0, le=10, description="deviation of the normal start (Lucid's sd: 0.01)")
    decorrelate: bool = Field(
        default=True, description="optimise decorrelated colours rather than RGB (Olah et al. 2017, Lucid's default)"
    )


class TransformedMethod(Method):
    """A picture, a sequence of random transformations and an optimiser; subclasses say which."""

    kinds = frozenset({"logit", "channel", "neuron", "direction"})

    @abstractmethod
    def picture(
        self, parameters: dict[str, Any], generators: "Sequence[torch.Generator]", device: "torch.device", grey: bool
    ) -> "nn.Module":
        """Return the parametrization of one picture per generator."""

    @abstractmethod
    def transformations(self, parameters: dict[str, Any]) -> "tuple[Sequence[Stage], float]":
        """Return the stages, and the constant that lies outside the picture, image units."""

    def views(
        self, parameters: dict[str, Any], generators: "Sequence[torch.Generator]", device: "torch.device"
    ) -> "Views":
        """Return the random views of the pictures."""
        from atlas.synthesis.views.warp import RandomViews

        stages, fill = self.transformations(parameters)
        steps, count, side = parameters["steps"], parameters["views"], parameters["image_size"]
        return RandomViews(generators, steps, count, stages, side, tuple(parameters["resolution"]), fill, device)

    @abstractmethod
    def optimizer(self, parameters: dict[str, Any], picture: "nn.Module") -> "torch.optim.Optimizer":
        """Return the optimiser of the picture."""

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
        from atlas.synthesis.scores.units import TargetObjective
        from atlas.synthesis.steps.ascent import ascend
        from atlas.synthesis.steps.evaluation import mean_over_views

        steps, device = parameters["steps"], network.device
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        picture = self.picture(parameters, generators, device, network.preprocessing.channels == 1)
        views = self.views(parameters, generators, device)
        objective = TargetObjective(targets, device, load_input)
        result = ascend(
            picture,
            mean_over_views(network, targets[0].layer, objective, None, views),
            self.optimizer(parameters, picture),
            steps,
            on_step=lambda done: on_step(done, steps),
            should_stop=should_stop,
        )
        return renderings(result)


def spectrum(
    parameters: dict[str, Any], generators: "Sequence[torch.Generator]", device: "torch.device", grey: bool
) -> "nn.Module":
    """Return pictures in the frequency domain, for methods with a ``decay`` and a choice to ``standardise``."""
    from atlas.synthesis.pictures.parametrization import FourierSpectrum

    return FourierSpectrum(
        parameters["image_size"],
        parameters["decay"],
        parameters["standardise"],
        parameters["start"],
        generators,
        device,
        parameters["decorrelate"],
        grey,
    )
