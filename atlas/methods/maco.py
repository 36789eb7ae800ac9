"""MACO: feature visualisation with the natural Fourier magnitude held fixed (Fel et al. 2023)."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from atlas.methods.base import IMAGENET_SPECTRUM, Paper, Resolved, methods
from atlas.methods.batch import RenderBatch
from atlas.methods.cropped import CroppedMethod, CroppedParameters
from atlas.methods.parameters import MethodParameters

if TYPE_CHECKING:
    from torch import nn

    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.steps.evaluation import Score, Views

NATURAL = "imagenet"
"""Value of ``spectrum`` that stands for the shipped ImageNet template."""


class MACOParameters(CroppedParameters):
    """Parameters of MACO; the defaults are the paper's (section 4) where it gives one."""

    spectrum: str = Field(default=NATURAL, description='"imagenet", or a file made by `atlas spectrum`')


PhaseP = TypeVar("PhaseP", bound=MACOParameters)


class PhaseMethod(CroppedMethod[PhaseP]):
    """A method whose pictures are phases beside the magnitude of natural photos."""

    data = IMAGENET_SPECTRUM

    def resolve(self, asked: MethodParameters, model: "VisionModel", folder: Path) -> Resolved[PhaseP]:
        """See :meth:`Method.resolve`: the spectrum becomes a digest."""
        from atlas.synthesis.pictures.spectrum import spectrum_bytes

        assert isinstance(asked, MACOParameters)
        data, digest = spectrum_bytes(None if asked.spectrum == NATURAL else folder / asked.spectrum)
        return Resolved(self.filled(asked, model, spectrum=digest), {digest: data})

    def picture(self, batch: RenderBatch[PhaseP]) -> "nn.Module":
        """See :meth:`CroppedMethod.picture`."""
        from atlas.synthesis.pictures.parametrization import FourierPhase
        from atlas.synthesis.pictures.spectrum import parse_spectrum, resize_spectrum

        side = batch.parameters.side
        magnitude = resize_spectrum(parse_spectrum(batch.load_input(batch.parameters.spectrum)), side, side)
        return FourierPhase(magnitude, side, batch.generators, batch.device, batch.grey)


class MACO(PhaseMethod[MACOParameters]):
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

    def score(self, batch: RenderBatch[MACOParameters], crops: "Views") -> "tuple[Score, Views]":
        """See :meth:`CroppedMethod.score`."""
        from atlas.synthesis.scores.units import TargetObjective

        objective = TargetObjective(batch.targets, batch.device, batch.load_input)
        return lambda shown: objective(batch.network(shown, batch.layer)), crops


methods.register(MACO.name, MACO())
