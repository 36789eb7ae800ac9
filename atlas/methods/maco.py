"""MACO: feature visualisation with the natural Fourier magnitude held fixed (Fel et al. 2023)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from atlas.core.job import Preprocessing, Target
from atlas.methods.base import IMAGENET_SPECTRUM, Paper, Resolved, methods
from atlas.methods.cropped import CroppedMethod, CroppedParameters

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.models.network.network import Network
    from atlas.synthesis.steps.evaluation import Score, Views

NATURAL = "imagenet"
"""Value of ``spectrum`` that stands for the shipped ImageNet template."""


class MACOParameters(CroppedParameters):
    """Parameters of MACO; the defaults are the paper's (section 4) where it gives one."""

    spectrum: str = Field(default=NATURAL, description='"imagenet", or a file made by `atlas spectrum`')


class MACO(CroppedMethod):
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
    data = IMAGENET_SPECTRUM

    def resolve(self, parameters: Any, preprocessing: Preprocessing, folder: Path) -> Resolved:
        """See :meth:`Method.resolve`: the spectrum becomes a digest, the resolution a (height, width)."""
        from atlas.synthesis.pictures.spectrum import spectrum_bytes

        data, digest = spectrum_bytes(None if parameters.spectrum == NATURAL else folder / parameters.spectrum)
        resolved = super().resolve(parameters, preprocessing, folder)
        return replace(resolved, parameters=resolved.parameters | {"spectrum": digest}, inputs={digest: data})

    def picture(
        self,
        network: "Network",
        targets: Sequence[Target],
        generators: "Sequence[torch.Generator]",
        parameters: dict[str, Any],
        load_input: Callable[[str], bytes],
    ) -> "nn.Module":
        """See :meth:`CroppedMethod.picture`."""
        from atlas.synthesis.pictures.parametrization import FourierPhase
        from atlas.synthesis.pictures.spectrum import parse_spectrum, resize_spectrum

        side = parameters["image_size"]
        magnitude = resize_spectrum(parse_spectrum(load_input(parameters["spectrum"])), side, side)
        return FourierPhase(magnitude, side, generators, network.device, network.preprocessing.channels == 1)

    def score(
        self,
        network: "Network",
        targets: Sequence[Target],
        crops: "Views",
        parameters: dict[str, Any],
        load_input: Callable[[str], bytes],
    ) -> "tuple[Score, Views]":
        """See :meth:`CroppedMethod.score`."""
        from atlas.synthesis.scores.units import TargetObjective

        objective, layer = TargetObjective(targets, network.device, load_input), targets[0].layer
        return lambda shown: objective(network(shown, layer)), crops


methods.register(MACO.name, MACO())
