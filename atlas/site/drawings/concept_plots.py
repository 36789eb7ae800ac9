"""Plots of the deletion and insertion of concepts: the mean over a model's classes, a line for each order."""

from collections.abc import Iterable, Sequence

import numpy as np

from atlas.core.figures import mean
from atlas.core.finding import Finding
from atlas.core.score import ScoreCurve
from atlas.site.drawings.score_plots import PlotLine, ScorePlot

FLAT = 1e-6
"""A logit that concepts change by less than this cannot be scaled."""


def concept_plots(findings: Iterable[Finding]) -> list[tuple[str, int, ScorePlot]]:
    """Return the plots of findings of single classes: what a plot is of, of how many classes, and its lines.

    A curve is scaled as areas are: 1 with all of the class's concepts, 0 with none.
    """
    models: dict[tuple[str, tuple[str, ...]], list[Finding]] = {}
    for finding in findings:
        if finding.curves and finding.figures:
            models.setdefault((finding.models[0].name, finding.analysis.layers), []).append(finding)
    plots = [
        (f"{of} of concepts of {name}", len(documents), _plot(of, documents))
        for (name, _), documents in models.items()
        for of in dict.fromkeys(_of(curve) for document in documents for curve in document.curves)
    ]
    return [(title, count, plot) for title, count, plot in plots if plot.lines]


def scaled(curve: ScoreCurve) -> np.ndarray | None:
    """Return a curve's logits as shares of what the concepts make up; None where that is nothing."""
    start, end = curve.y[0], curve.y[-1]
    everything, nothing = (start, end) if _of(curve) == "deletion" else (end, start)
    if abs(everything - nothing) < FLAT:
        return None
    return (np.array(curve.y) - nothing) / (everything - nothing)


def _of(curve: ScoreCurve) -> str:
    return curve.name.partition(", ")[0]


def _plot(of: str, documents: Sequence[Finding]) -> ScorePlot:
    curves = [curve for document in documents for curve in document.curves if _of(curve) == of]
    names = dict.fromkeys(curve.name for curve in curves)
    x = max((curve.x for curve in curves), key=len)
    lines = [_line(name.partition(", ")[2] or name, x, [it for it in curves if it.name == name]) for name in names]
    title = f"{curves[0].x_title}, {curves[0].x_unit}"
    return ScorePlot(documents[0].figures[0].name, title, tuple(line for line in lines if line is not None))


def _line(title: str, x: Sequence[float], curves: Iterable[ScoreCurve]) -> PlotLine | None:
    """Return the mean over classes with its interval over them; classes may differ in how many concepts they have."""
    found = [np.interp(x, curve.x, shares) for curve in curves if (shares := scaled(curve)) is not None]
    if not found:
        return None
    figures = [mean([float(shares[place]) for shares in found]) for place in range(len(x))]
    return PlotLine(
        title,
        tuple(x),
        tuple(figure.value for figure in figures),
        tuple(figure.low for figure in figures),
        tuple(figure.high for figure in figures),
    )
