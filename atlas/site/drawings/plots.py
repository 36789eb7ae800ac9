"""Plots of how well each layer keeps a photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from atlas.site.catalog.studies import Strip, Study
from atlas.site.drawings.canvas import (
    LEGEND_ROW,
    PLATE,
    WIDTH,
    drawn,
    legend,
    legend_rows,
    logarithmic,
    named_ticks,
    plain,
    style,
)
from atlas.site.words.glossary import Glossary

if TYPE_CHECKING:
    from atlas.site.drawings.canvas import Axes, Figure

PLOTTED = ("error", "psnr", "fft2d")
"""Measurements that are plotted."""
WIDE_RANGE = 30
"""Errors whose largest is more than so many times the smallest are drawn on a logarithmic axis."""
HEIGHT, BELOW = 2.2, 1.05
"""Inches: of the axes, and of the room for names of layers."""


@dataclass(frozen=True)
class Curve:
    """One method's values: for each layer (its place among those plotted) the values of its seeds."""

    title: str
    values: dict[int, tuple[float, ...]]

    def mean(self, layer: int) -> float | None:
        """Return the mean over seeds, or None if there is none."""
        found = self.values.get(layer)
        return sum(found) / len(found) if found else None


@dataclass(frozen=True)
class Plot:
    """One number over layers: its name, and its title and what it says, for people."""

    name: str
    layers: tuple[str, ...]
    curves: tuple[Curve, ...]
    title: str = ""
    meaning: str = ""

    @cached_property
    def words(self) -> str:
        """What the plot shows, for those who cannot see it."""
        lines = []
        for curve in self.curves:
            places = sorted(curve.values)
            first, last = curve.mean(places[0]), curve.mean(places[-1])
            if first is not None and last is not None:
                ends = f"{first:.3g} at {self.layers[places[0]]}"
                if len(places) > 1:
                    ends += f" to {last:.3g} at {self.layers[places[-1]]}"
                lines.append(f"{curve.title}: {ends}")
        return f"{self.title or self.name} over layers. {'; '.join(lines)}. All values are in the table."


def make_plots(study: Study, glossary: Glossary) -> list[Plot]:
    """Return the plots of a study's inversions; none unless two layers were inverted."""
    strips = [strip for strip in study.strips if strip.family == "inversion"]
    shown = {it.record.job.target.layer for strip in strips for it in strip.renderings if it.record.status == "done"}
    layers = tuple(sorted(shown, key=study.positions.__getitem__))
    if len(layers) < 2:
        return []
    plots = []
    for name in PLOTTED:
        curves = tuple(curve for strip in strips if (curve := _curve(strip, name, layers)).values)
        if curves:
            title = glossary.title(name)
            plots.append(Plot(name, layers, curves, title[:1].upper() + title[1:], glossary.meaning(name)))
    return plots


def _curve(strip: Strip, name: str, layers: Sequence[str]) -> Curve:
    values: dict[int, tuple[float, ...]] = {}
    for rendering in strip.renderings:
        value = rendering.measured(name)
        if value is not None and rendering.record.status == "done":
            place = layers.index(rendering.record.job.target.layer)
            values[place] = (*values.get(place, ()), value)
    return Curve(strip.title, values)


@dataclass(frozen=True)
class Drawing:
    """A plot's files, in light and in dark: their paths among the site's pictures and their content; its size, pixels.

    There are none where the library that draws is not installed: the numbers are in the table all the same.
    """

    plot: Plot
    files: tuple[tuple[str, bytes], ...] = ()
    width: int = 0
    height: int = 0


def draw(plot: Plot) -> Drawing:
    """Draw a plot in light and in dark, if matplotlib is installed."""
    rows = legend_rows([curve.title for curve in plot.curves])
    height = HEIGHT + BELOW + LEGEND_ROW * rows + 0.1
    files = drawn(height, partial(_paint, plot=plot, below=(BELOW + LEGEND_ROW * rows) / height, tall=HEIGHT / height))
    return Drawing(plot, files, round(96 * WIDTH), round(96 * height)) if files else Drawing(plot)


def _paint(figure: "Figure", plot: Plot, below: float, tall: float) -> None:
    _draw(figure.add_axes((0.13, below, 0.84, tall), facecolor=PLATE), plot)
    if legend_rows([curve.title for curve in plot.curves]):
        legend(figure, [curve.title for curve in plot.curves])


def _draw(axes: "Axes", plot: Plot) -> None:
    for number, curve in enumerate(plot.curves):
        colour, marker, dashes = style(number)
        places = sorted(curve.values)
        axes.plot(places, [curve.mean(place) or 0.0 for place in places], dashes, color=colour, linewidth=1.6)
        dots = [(place, value) for place in places for value in curve.values[place]]
        across, up = [place for place, _ in dots], [value for _, value in dots]
        axes.plot(across, up, marker, color=colour, markersize=4.5, markeredgecolor=PLATE)
    _scale(axes, plot)
    named_ticks(axes, plot.layers)
    plain(axes)


def _scale(axes: "Axes", plot: Plot) -> None:
    """Let shares begin at 0; errors of several orders of magnitude are drawn as logarithms."""
    values = [value for curve in plot.curves for group in curve.values.values() for value in group]
    if plot.name == "error" and min(values) > 0 and max(values) > WIDE_RANGE * min(values):
        logarithmic(axes)
    elif plot.name in ("error", "fft2d"):
        axes.set_ylim(0, 1.08 * max(values) or 1.0)
