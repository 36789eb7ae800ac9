"""One file per method. A method composes the parts of :mod:`atlas.synthesis` and holds its paper's defaults."""

from atlas.methods.base import Method, MethodParameters, Paper, Rendering, methods
from atlas.methods.maco import MACO

__all__ = ["MACO", "Method", "MethodParameters", "Paper", "Rendering", "methods"]
