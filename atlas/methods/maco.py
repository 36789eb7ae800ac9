"""MACO: feature visualisation with the natural Fourier magnitude held fixed (Fel et al. 2023)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from atlas.core.job import Preprocessing, Target
from atlas.methods.base import Method, MethodParameters, Paper, Rendering, Resolved, methods

if TYPE_CHECKING:
    from atlas.models.network import Network

NATURAL = "imagenet"
"""Value of ``spectrum`` that stands for the shipped ImageNet template."""


class MACOParameters(MethodParameters):
    """Parameters of MACO; the defaults are the paper's (section 4) where it gives one."""

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
    spectrum: str = Field(default=NATURAL, description='"imagenet", or a file made by `atlas spectrum`')


class MACO(Method):
    """Definition 3.1 and algorithm 1 of the paper."""

    name = "maco"
    version = 1
    title = "MACO"
    summary = "Finds the phase of a picture's Fourier spectrum that excites a unit most; the magnitude stays natural."
    paper = Paper(
        title="Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization",
        authors="Fel, Boissin, Boutin, Picard, Novello, Colin, Linsley, Rousseau, Cadene, Gardes, Serre",
        year=2023,
        url="https://arxiv.org/abs/2306.06805",
        equation="definition 3.1, algorithm 1",
    )
    kinds = frozenset({"logit", "channel", "neuron", "direction"})
    parameters = MACOParameters

    def resolve(self, parameters: Any, preprocessing: Preprocessing, folder: Path) -> Resolved:
        """See :meth:`Method.resolve`: the spectrum becomes a digest, the resolution a (height, width)."""
        from atlas.synthesis.spectrum import spectrum_bytes

        data, digest = spectrum_bytes(None if parameters.spectrum == NATURAL else folder / parameters.spectrum)
        size = parameters.resolution
        views = [size, size] if size else [preprocessing.height, preprocessing.width]
        values = parameters.model_dump() | {"spectrum": digest, "resolution": views}
        return Resolved(values, {digest: data})

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
        from atlas.synthesis.ascent import ascend
        from atlas.synthesis.evaluation import mean_over_views
        from atlas.synthesis.noise import HashedNoise
        from atlas.synthesis.objectives import TargetObjective
        from atlas.synthesis.parametrization import FourierPhase
        from atlas.synthesis.spectrum import parse_spectrum, resize_spectrum
        from atlas.synthesis.transforms import RandomCrops

        steps, side, device = parameters["steps"], parameters["image_size"], network.device
        magnitude = resize_spectrum(parse_spectrum(load_input(parameters["spectrum"])), side, side)
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        grey = network.preprocessing.channels == 1
        image = FourierPhase(magnitude, side, generators, device, grey)
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
        objective = TargetObjective(targets, device, load_input)
        evaluate = mean_over_views(network, targets[0].layer, objective, noise, crops)
        optimizer = torch.optim.NAdam(image.parameters(), lr=parameters["learning_rate"])
        decays = parameters["schedule"] == "cosine"
        result = ascend(
            image,
            evaluate,
            optimizer,
            steps,
            schedule=torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps) if decays else None,
            on_step=lambda done: on_step(done, steps),
            should_stop=should_stop,
        )
        return renderings(result)


methods.register(MACO.name, MACO())
