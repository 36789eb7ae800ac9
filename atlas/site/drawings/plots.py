"""Plots: how well each layer keeps a photo, as SVG in light and dark; the one file that knows matplotlib.

Each plot is drawn once, in light colours; the dark one is the same drawing in the dark pair of each colour. Nothing in
a file depends on the day or the machine, so the same numbers give the same bytes.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from atlas.core.canonical import digest_bytes
from atlas.extras import has
from atlas.site.catalog.studies import Strip, Study
from atlas.site.words.glossary import Glossary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOTTED = ("error", "psnr", "fft2d")
"""Measurements that are plotted."""
COLOURS = {
    "#fffefb": "#1a1917",
    "#1b1a17": "#ece7dc",
    "#67625a": "#a29b8f",
    "#ddd6c8": "#3a372f",
    "#b83a0b": "#ff8f54",
    "#1f6f8b": "#6cc3de",
    "#6b4f9e": "#b9a2ec",
    "#3f7d3a": "#8fce88",
    "#a1720a": "#e3b54a",
    "#9b2c5e": "#ee8db8",
}
"""Light colours and their dark pairs: of the page, the ink, soft ink and hairlines, then of the lines."""
PLATE, INK, SOFT, HAIRLINE, *LINES = COLOURS
MARKERS = "os^Dvp"
DASHES: tuple[Literal["-", "--", ":"], ...] = ("-", "--", ":")
WIDE_RANGE = 30
"""Errors whose largest is more than so many times the smallest are drawn on a logarithmic axis."""
LONGEST_NAME = 20
"""Letters of a layer's name on an axis."""
WIDTH, HEIGHT, BELOW, LEGEND_ROW = 4.2, 2.2, 1.05, 0.2
"""Inches: of the drawing, of its axes, of the room for names of layers, and of one row of the legend."""
LONGEST_TITLE = 30
"""Letters of a method's name in the legend."""


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


def style(number: int) -> tuple[str, str, Literal["-", "--", ":"]]:
    """Return colour, marker and dashes of curve ``number``: no two of the first hundred look alike."""
    dashes = DASHES[number // len(LINES) % len(DASHES)]
    return LINES[number % len(LINES)], MARKERS[(number + number // len(LINES)) % len(MARKERS)], dashes


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
    if not can_draw():
        return Drawing(plot)
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "atlas",
        "font.family": "DejaVu Sans",  # comes with matplotlib, so that places do not depend on the machine
        "font.size": 9.0,
        "text.parse_math": False,  # names of layers are names, whatever they hold
    }
    rows = -(-len(plot.curves) // 2) if len(plot.curves) > 1 else 0
    height = HEIGHT + BELOW + LEGEND_ROW * rows + 0.1
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # and not what the reader of these lines has in a matplotlibrc
        matplotlib.rcParams.update(settings)
        figure = Figure(figsize=(WIDTH, height), facecolor=PLATE)
        FigureCanvasSVG(figure)
        below = (BELOW + LEGEND_ROW * rows) / height
        _draw(figure.add_axes((0.13, below, 0.84, HEIGHT / height), facecolor=PLATE), plot)
        if rows:
            _legend(figure, plot)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Type", "Format")))
    light = buffer.getvalue().replace(b"'DejaVu Sans'", b"system-ui, 'DejaVu Sans', sans-serif")
    files = tuple((_path(svg), svg) for svg in (light, in_dark(light)))
    return Drawing(plot, files, round(96 * WIDTH), round(96 * height))


def can_draw() -> bool:
    """Tell whether what draws plots is installed; the base installation lacks it."""
    return has("matplotlib")


def _path(svg: bytes) -> str:
    name = digest_bytes(svg)[:18]
    return f"{name[:2]}/{name[2:]}.svg"


def in_dark(svg: bytes) -> bytes:
    """Return a drawing with each of :data:`COLOURS` replaced by its dark pair."""
    for light, dark in COLOURS.items():
        svg = svg.replace(light.encode(), dark.encode())
    return svg


def _draw(axes: "Axes", plot: Plot) -> None:
    for number, curve in enumerate(plot.curves):
        colour, marker, dashes = style(number)
        places = sorted(curve.values)
        axes.plot(places, [curve.mean(place) or 0.0 for place in places], dashes, color=colour, linewidth=1.6)
        dots = [(place, value) for place in places for value in curve.values[place]]
        across, up = [place for place, _ in dots], [value for _, value in dots]
        axes.plot(across, up, marker, color=colour, markersize=4.5, markeredgecolor=PLATE)
    _scale(axes, plot)
    step = math.ceil(len(plot.layers) / 14)
    axes.set_xticks(range(0, len(plot.layers), step), [_short(name) for name in plot.layers[::step]])
    axes.tick_params(axis="x", labelrotation=45, labelsize=8)
    for label in axes.get_xticklabels():
        label.set(ha="right", rotation_mode="anchor")
    axes.tick_params(axis="both", which="both", colors=SOFT, length=3)
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(SOFT)
    axes.margins(x=0.05)


def _scale(axes: "Axes", plot: Plot) -> None:
    """Let shares begin at 0; errors of several orders of magnitude are drawn as logarithms."""
    values = [value for curve in plot.curves for group in curve.values.values() for value in group]
    if plot.name == "error" and min(values) > 0 and max(values) > WIDE_RANGE * min(values):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(lambda value, _: "")
    elif plot.name in ("error", "fft2d"):
        axes.set_ylim(0, 1.08 * max(values) or 1.0)


def _legend(figure: "Figure", plot: Plot) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for number, curve in enumerate(plot.curves):
        colour, marker, dashes = style(number)
        title = curve.title if len(curve.title) <= LONGEST_TITLE else curve.title[: LONGEST_TITLE - 1] + "…"
        handles.append(Line2D([], [], color=colour, marker=marker, linestyle=dashes, markersize=4.5, label=title))
    legend = figure.legend(handles=handles, loc="lower left", ncols=2, frameon=False, fontsize=8, borderaxespad=0.1)
    for text in legend.get_texts():
        text.set_color(INK)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]
