"""What methods share that show the network random crops of a noisy picture, as maco does."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from atlas.core.job import Target
from atlas.methods.base import Method, MethodParameters, Rendering

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.models.network.network import Network
    from atlas.synthesis.steps.evaluation import Score, Views

    LoadInput = Callable[[str], bytes]


class CroppedParameters(MethodParameters):
    """What every method of this kind can be told; the defaults are MACO's (section 4) where its paper gives one."""

    steps: int = Field(default=256, ge=1, le=100_000, description="steps of NAdam (paper: 256)")
    learning_rate: float = Field(default=1.0, gt=0, description="of NAdam, on phases in radians (paper: 1.0)")
    schedule: Literal["cosine", "constant"] = Field(
        default="cosine",
        description="of the learning rate: a cosine to 0, or constant as in the paper. With the constant rate the last "
        "steps still turn phases by up to a radian, and lite0's pictures are rarely recognised (benchmarks/RESULTS.md)",
    )
    image_size: int = Field(default=512, ge=32, le=4096, description="side of the picture, pixels (paper: 512)")
    crops: int = Field(
        default=16, ge=1, le=256, description="random crops per step (authors' TensorFlow code: 32, PyTorch code: 6)"
    )
    crop_mean: float = Field(default=0.25, gt=0, le=1, description="mean side of a crop, share (paper: 0.25)")
    crop_std: float = Field(default=0.1, ge=0, le=1, description="spread of the side, share (paper: 0.1)")
    crop_smallest: float = Field(default=0.05, gt=0, le=1, description="smallest side of a crop, share")
    noise: float = Field(default=0.1, ge=0, le=1, description="uniform noise within +-this, image units (paper: 0.1)")
    resolution: int | None = Field(default=None, ge=16, le=4096, description="crops' side, pixels; the model's input")


class CroppedMethod(Method):
    """A picture and what its crops are worth, climbed by NAdam; subclasses say which."""

    @abstractmethod
    def picture(
        self,
        network: "Network",
        targets: Sequence[Target],
        generators: "Sequence[torch.Generator]",
        parameters: dict[str, Any],
        load_input: "LoadInput",
    ) -> "nn.Module":
        """Return the parametrization of one picture per target; what is random is drawn from its generator."""

    @abstractmethod
    def score(
        self,
        network: "Network",
        targets: Sequence[Target],
        crops: "Views",
        parameters: dict[str, Any],
        load_input: "LoadInput",
    ) -> "tuple[Score, Views]":
        """Return what each view is worth, and the views: the crops, or more than them."""

    def render(
        self,
        network: "Network",
        targets: Sequence[Target],
        seeds: Sequence[int],
        parameters: dict[str, Any],
        load_input: "LoadInput",
        *,
        on_step: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> list[Rendering]:
        """See :meth:`Method.render`."""
        import torch

        from atlas.methods.outcome import renderings
        from atlas.synthesis.steps.ascent import ascend
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.views.crops import RandomCrops
        from atlas.synthesis.views.noise import HashedNoise

        steps, side, device = parameters["steps"], parameters["image_size"], network.device
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        image = self.picture(network, targets, generators, parameters, load_input)
        crops = RandomCrops(
            generators,
            steps,
            parameters["crops"],
            parameters["crop_mean"],
            parameters["crop_std"],
            parameters["crop_smallest"],
            tuple(parameters["resolution"]),
            device,
        )
        noise = HashedNoise(list(seeds), steps, (3, side, side), parameters["noise"], device)
        score, views = self.score(network, targets, crops, parameters, load_input)
        optimizer = torch.optim.NAdam(image.parameters(), lr=parameters["learning_rate"])
        decays = parameters["schedule"] == "cosine"
        result = ascend(
            image,
            mean_score(score, noise, views),
            optimizer,
            steps,
            schedule=torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps) if decays else None,
            on_step=lambda done: on_step(done, steps),
            should_stop=should_stop,
        )
        return renderings(result)
