"""One file per method. A method composes the parts of :mod:`atlas.synthesis` and holds its paper's defaults."""

from atlas.methods.accentuation import Accentuation
from atlas.methods.adversarial import Adversarial
from atlas.methods.base import AnyMethod, Method, Paper, methods
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.cbr import CBR
from atlas.methods.deep_inversion import DeepInversion
from atlas.methods.feature_vis import FeatureVis
from atlas.methods.fourier import Fourier
from atlas.methods.inversion import Inversion
from atlas.methods.maco import MACO
from atlas.methods.natural import Natural
from atlas.methods.parameters import MethodParameters
from atlas.methods.plug_in_inversion import PlugInInversion
from atlas.methods.preimage.method import Preimage
from atlas.methods.vit_inversion import ViTInversion
from atlas.methods.vit_maximization import ViTMaximization
from atlas.methods.vital.method import VITAL

__all__ = [
    "CBR",
    "MACO",
    "VITAL",
    "Accentuation",
    "Adversarial",
    "AnyMethod",
    "DeepInversion",
    "FeatureVis",
    "Fourier",
    "Inversion",
    "Method",
    "MethodParameters",
    "Natural",
    "Paper",
    "PlugInInversion",
    "Preimage",
    "RenderBatch",
    "Result",
    "ViTInversion",
    "ViTMaximization",
    "methods",
]
