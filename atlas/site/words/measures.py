"""Measurements in words: what each number of a record is called, what it says, and how it is written."""

from typing import NamedTuple

from atlas.core.record import Measurement
from atlas.site.catalog.shown import Shown
from atlas.site.words.formats import number, percent


class Measure(NamedTuple):
    """A measurement's name and what it says, for people."""

    title: str
    meaning: str


MEASURES = {
    "objective": Measure(
        "objective",
        "what the method itself maximised, over the views of its last step and in its own unit. Objectives of methods "
        "with different units cannot be compared",
    ),
    "activation": Measure(
        "activation", "the unit's own, on the whole stored picture: measured alike for every method, so comparable"
    ),
    "probability": Measure(
        "probability", "of the class among all classes, on the whole stored picture: measured alike for every method"
    ),
    "probability_before": Measure("probability before", "of the same class on the photo itself"),
    "cosine": Measure("cosine", "between the picture's activation and the direction; 1 is the same direction"),
    "error": Measure(
        "error",
        "distance between the layer's activation on the picture and on the photo, relative to the photo's: 0 "
        "is the same, 1 is as far as nothing at all",
    ),
    "psnr": Measure("PSNR", "peak signal-to-noise ratio of the picture against the photo: higher is nearer"),
    "fft2d": Measure(
        "FFT2D",
        "1 minus the cosine between the Fourier magnitudes of picture and photo: 0 is the same, lower is nearer",
    ),
    "perturbation": Measure("largest change", "of any pixel and colour against the photo, where black to white is 1"),
}
"""Those that pages speak of; others are shown under their own names."""


def measure_title(name: str, of_class: bool = False) -> str:
    """Return what a measurement is called; ``of_class`` calls a class's activation its logit."""
    if name == "activation" and of_class:
        return "logit"
    return MEASURES[name].title if name in MEASURES else name.replace("_", " ")


def measure_meaning(name: str) -> str:
    """Return what a measurement says; empty if nothing is known of it."""
    return MEASURES[name].meaning if name in MEASURES else ""


def written(measured: Measurement) -> str:
    """Write a measurement with its unit: of an objective whatever it counts, in brackets; an activation has none."""
    if measured.name.startswith("probability"):
        return percent(measured.value).replace(" ", "\u00a0")
    value = number(measured.value)
    if measured.unit == "1" or measured.name == "activation":
        return value
    return f"{value} ({measured.unit})" if measured.name == "objective" else f"{value} {measured.unit}"


def value_of(rendering: Shown, name: str) -> str:
    """Return a rendering's measurement as written, or a dash."""
    measured = rendering.record.measurement(name)
    return "–" if measured is None or rendering.record.status != "done" else written(measured)
