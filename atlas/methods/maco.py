"""MACO: feature visualisation with the natural Fourier magnitude held fixed (Fel et al. 2023)."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from atlas.methods.base import IMAGENET_SPECTRUM, Paper, Resolved, methods
from atlas.methods.batch import RenderBatch
from atlas.methods.cropped import CroppedMethod, CroppedParameters
from atlas.methods.parameters import MethodParameters
from atlas.methods.presets import measured

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.steps.evaluation import Score, Views

NATURAL = "imagenet"
"""Value of ``spectrum`` that stands for the shipped ImageNet template."""


class PhaseParameters(CroppedParameters):
    """Parameters of methods whose pictures begin with the magnitude of natural photos."""

    spectrum: str = Field(
        default=NATURAL,
        description='the magnitude that pictures keep: "imagenet", or a file made by `atlas spectrum`; its sha256 in '
        "recipes",
    )


class MACOParameters(PhaseParameters):
    """Parameters of MACO; the defaults are the paper's (section 4) where it gives one."""

    standardise_phase: bool = Field(
        default=False,
        description="whether the phase is brought to mean 0 and standard deviation 1 over the picture at each step, "
        "and starts from normal draws: what the authors' codes do and their paper leaves out. Since the phase grows as "
        "it is moved, a constant rate then turns it less and less",
    )


PRESETS = {
    "draft": measured(
        "few steps of two views, large enough for one subject",
        4,
        "4 of 15 classes",
        steps=64,
        crops=2,
        crop_mean=0.5,
        crop_std=0.15,
    ),
    "standard": measured(
        "twice the steps and views",
        15,
        "5 of 15 classes, where views were of 160 pixels (9 s)",
        steps=128,
        crops=4,
        crop_mean=0.5,
        crop_std=0.15,
    ),
    "fine": measured("the paper's steps and half of its views", 56, steps=256, crops=8, crop_mean=0.5, crop_std=0.15),
}

PhaseP = TypeVar("PhaseP", bound=PhaseParameters)


class PhaseMethod(CroppedMethod[PhaseP]):
    """A method whose pictures are phases beside the magnitude of natural photos."""

    data = IMAGENET_SPECTRUM
    facets = frozenset({"photos", "directions"})

    def resolve(self, asked: MethodParameters, model: "VisionModel", folder: Path) -> Resolved[PhaseP]:
        """See :meth:`Method.resolve`: the spectrum becomes a digest."""
        from atlas.synthesis.pictures.spectrum import spectrum_bytes

        assert isinstance(asked, PhaseParameters)
        data, digest = spectrum_bytes(None if asked.spectrum == NATURAL else folder / asked.spectrum)
        return Resolved(self.filled(asked, model, spectrum=digest), {digest: data})

    def magnitude(self, batch: RenderBatch[PhaseP]) -> "torch.Tensor":
        """Return the magnitude that the pictures keep, (3, side, side // 2 + 1)."""
        from atlas.synthesis.pictures.spectrum import parse_spectrum, resize_spectrum

        side = batch.parameters.side
        return resize_spectrum(parse_spectrum(batch.load_input(batch.parameters.spectrum)), side, side)

    def phases(self, batch: RenderBatch[PhaseP], standardise: bool = False) -> "nn.Module":
        """Return pictures that keep the magnitude; their phases are standardised at each step or not."""
        from atlas.synthesis.pictures.parametrization import FourierPhase

        drawn = (batch.generators, batch.device, batch.grey)
        return FourierPhase(self.magnitude(batch), batch.parameters.side, *drawn, standardise=standardise)


class MACO(PhaseMethod[MACOParameters]):
    """Definition 3.1 and algorithm 1 of the paper."""

    name = "maco"
    version = 1
    title = "MACO"
    summary = (
        "Searches for the phase of a picture's Fourier spectrum that excites a unit most, while the magnitude of the "
        "spectrum stays that of natural photographs."
    )
    paragraphs = (
        "MACO splits a picture into the magnitude of its Fourier spectrum, which says how much there is of each "
        "spatial frequency, and the phase, which says where things are. The magnitude is fixed to the mean of many "
        "natural photographs; only the phase is changed.",
        "At each step the picture is cropped at random places and sizes, a little uniform noise is added, and the "
        "network looks at the crops. The gradient of the objective (a class's logit before the softmax, the mean of "
        "a channel over all positions, or one neuron) with respect to the phase says how to change it. Because the "
        "magnitude never changes, the picture cannot fill with the high frequencies that networks answer to and "
        "people cannot see.",
        "The size of the gradient at each pixel, added up over all steps, is kept as a transparency map: what never "
        "mattered to the network fades away. The masked view shows the picture through that map, smoothed, and "
        "cropped to where its mass is; the raw view shows all of it.",
    )
    limits = (
        "Unless the parameters say otherwise, the step size falls to 0 along a cosine here, where the paper keeps it "
        "constant. Its authors' codes keep it too, and have a step that the paper leaves out: at each step the phase "
        "is standardised, so that the same step size turns it less and less. With standardise_phase = true and "
        'schedule = "constant" phases move as in their codes.',
        "The fixed magnitude is an average over all photographs. A unit that wants a flat, empty or strongly "
        "periodic picture cannot get it from MACO.",
        "Opacity in the masked view follows the gradient during optimisation. It is no attribution of the finished "
        "picture, and what it hides is part of the picture all the same.",
    )
    paper = Paper(
        title="Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization",
        authors="Fel, Boissin, Boutin, Picard, Novello, Colin, Linsley, Rousseau, Cadène, Gardes, Serre",
        year=2023,
        venue="NeurIPS",
        url="https://arxiv.org/abs/2306.06805",
        equation="definition 3.1, algorithm 1",
    )
    kinds = frozenset({"logit", "channel", "neuron", "direction"})
    parameters = MACOParameters
    presets = PRESETS

    def picture(self, batch: RenderBatch[MACOParameters]) -> "nn.Module":
        """See :meth:`CroppedMethod.picture`."""
        return self.phases(batch, batch.parameters.standardise_phase)

    def score(self, batch: RenderBatch[MACOParameters], crops: "Views") -> "tuple[Score, Views]":
        """See :meth:`CroppedMethod.score`."""
        from atlas.synthesis.scores.units import TargetObjective

        objective = TargetObjective(batch.targets, batch.device, batch.load_input)
        return lambda shown: objective(batch.network(shown, batch.layer)), crops


methods.register(MACO.name, MACO())
