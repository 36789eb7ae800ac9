"""Metrics: what is measured of every finished picture. One file for each: its card, what it applies to, its code."""

from atlas.metrics.activation import Activation
from atlas.metrics.base import METRICS, Finished, Metric, Seen, in_order, see
from atlas.metrics.cosine import Cosine
from atlas.metrics.error import Error
from atlas.metrics.exaggeration import Exaggeration
from atlas.metrics.fft2d import FFT2D
from atlas.metrics.measuring import Measured, measure
from atlas.metrics.objective import Objective
from atlas.metrics.perturbation import Perturbation
from atlas.metrics.probability import Probability
from atlas.metrics.probability_before import ProbabilityBefore
from atlas.metrics.psnr import PSNR

__all__ = [
    "FFT2D",
    "METRICS",
    "PSNR",
    "Activation",
    "Cosine",
    "Error",
    "Exaggeration",
    "Finished",
    "Measured",
    "Metric",
    "Objective",
    "Perturbation",
    "Probability",
    "ProbabilityBefore",
    "Seen",
    "in_order",
    "measure",
    "see",
]
