"""One file per method. A method composes the parts of :mod:`atlas.synthesis` and holds its paper's defaults."""

from atlas.methods.base import Method, MethodParameters, Paper, Rendering, methods
from atlas.methods.cbr import CBR
from atlas.methods.feature_vis import FeatureVis
from atlas.methods.fourier import Fourier
from atlas.methods.maco import MACO

__all__ = ["CBR", "MACO", "FeatureVis", "Fourier", "Method", "MethodParameters", "Paper", "Rendering", "methods"]
