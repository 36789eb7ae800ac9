"""Plots of scores: curves such as power over frequency, and numbers by layer, of several models and methods in one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from atlas.core.score import Score
from atlas.evaluation.rows import Row
from atlas.site.catalog.results import Results
from atlas.site.drawings.canvas import (
    INK,
    LEGEND_ROW,
    PLATE,
    SOFT,
    WIDTH,
    drawn,
    legend,
    legend_rows,
    logarithmic,
    named_ticks,
    plain,
    style,
)
from atlas.site.words.formats import number

if TYPE_CHECKING:
    from atlas.site.drawings.canvas import Axes, Figure

HEIGHT, BELOW, BELOW_NAMES = 2.4, 0.55, 1.05
"""Inches: of the axes, and of the room below for numbers, or for names of layers."""
MOST_LINES = 12
"""Lines of one plot; the CSV has all."""
WIDE_RANGE = 30
"""Values above 0 whose largest is more than so many times the smallest are drawn as logarithms."""
DEPTH = "depth: place among the layers, the first 0 and the last 1"


@dataclass(frozen=True)
class PlotLine:
    """One line with its 95 % interval; what it is of."""

    title: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class ScorePlot:
    """One number as lines. ``x_names``: of its places, where these are layers of one model."""

    number: str
    x_title: str
    lines: tuple[PlotLine, ...]
    x_names: tuple[str, ...] = ()
    unlisted: int = 0

    @property
    def words(self) -> str:
        """What the plot shows, for those who cannot see it."""
        ends = (
            f"{line.title}: {number(line.y[0])} at {self._at(line.x[0])} to {number(line.y[-1])} "
            f"at {self._at(line.x[-1])}"
            for line in self.lines
        )
        return f"Over {self.x_title}. {'; '.join(ends)}. All values are in the CSV."

    def _at(self, x: float) -> str:
        return self.x_names[round(x)] if self.x_names else number(x)


@dataclass(frozen=True)
class Drawn:
    """A plot's files, in light and in dark, none without what draws them; its size, pixels."""

    plot: ScorePlot
    files: tuple[tuple[str, bytes], ...]
    width: int
    height: int


def score_plots(results: Results, score: str, method_title: Callable[[str], str]) -> list[ScorePlot]:
    """Return what can be drawn of a score: its curves, then what it tells at several layers of the models.

    Args:
        method_title: name of a method to how people write it.
    """
    rows = [replace(row, method=method_title(row.method)) for row in results.by_score[score]]
    documents = {document.key: document for document in results.scores if document.score == score}
    several = len({row.model for row in rows}) > 1
    return [*_curves(rows, documents, several), *_by_layer(rows, several)]


def draw_score(plot: ScorePlot) -> Drawn:
    """Draw a plot in light and in dark, if matplotlib is installed."""
    below = (BELOW_NAMES if plot.x_names else BELOW) + LEGEND_ROW * legend_rows([line.title for line in plot.lines])
    height = HEIGHT + below + 0.1
    files = drawn(height, partial(_paint, plot=plot, below=below / height, tall=HEIGHT / height))
    return Drawn(plot, files, round(96 * WIDTH), round(96 * height))


def _curves(rows: Sequence[Row], documents: dict[str, Score], several: bool) -> Iterator[ScorePlot]:
    found: dict[tuple[str, str], list[PlotLine]] = {}
    for row in {row.key: row for row in rows}.values():
        for curve in documents[row.key].curves:
            lines = found.setdefault((curve.name, f"{curve.x_title}, {curve.x_unit}"), [])
            lines.append(PlotLine(_title(row, several), curve.x, curve.y, curve.low, curve.high))
    for (name, x_title), lines in found.items():
        yield ScorePlot(name, x_title, tuple(lines[:MOST_LINES]), unlisted=len(lines[MOST_LINES:]))


def _by_layer(rows: Sequence[Row], several: bool) -> Iterator[ScorePlot]:
    own = [row for row in rows if row.layer and not row.judge]
    for name in dict.fromkeys(row.measure for row in own):
        found: dict[str, list[Row]] = {}
        for row in own:
            if row.measure == name:
                found.setdefault(_title(row, several), []).append(row)
        layers = tuple(dict.fromkeys(row.layer for row in own))
        named = () if several else layers
        lines = [_line(title, line, named) for title, line in found.items() if len(line) > 1]
        if lines:
            x_title = "layers" if named else DEPTH
            yield ScorePlot(name, x_title, tuple(lines[:MOST_LINES]), named, len(lines[MOST_LINES:]))


def _line(title: str, rows: Sequence[Row], layers: Sequence[str]) -> PlotLine:
    """Return the line of a model's layers: by name, or by depth where models with other layers stand beside."""
    last = max(1, len(rows) - 1)
    places = [layers.index(row.layer) if layers else place / last for place, row in enumerate(rows)]
    ends = [(row.value if row.low is None else row.low, row.value if row.high is None else row.high) for row in rows]
    return PlotLine(
        title,
        tuple(map(float, places)),
        tuple(row.value for row in rows),
        tuple(low for low, _ in ends),
        tuple(high for _, high in ends),
    )


def _title(row: Row, several: bool) -> str:
    return ", ".join(filter(None, [row.model if several else "", row.by, row.judge]))


def _paint(figure: "Figure", plot: ScorePlot, below: float, tall: float) -> None:
    axes = figure.add_axes((0.13, below, 0.84, tall), facecolor=PLATE)
    for place, line in enumerate(plot.lines):
        colour, marker, dashes = style(place)
        axes.fill_between(line.x, line.low, line.high, color=colour, alpha=0.16, linewidth=0)
        some = max(1, len(line.x) // 8)
        axes.plot(line.x, line.y, dashes, color=colour, linewidth=1.6)
        axes.plot(line.x[::some], line.y[::some], marker, color=colour, markersize=4.5, markeredgecolor=PLATE)
    _scale(axes, plot)
    if plot.x_names:
        named_ticks(axes, plot.x_names)
    else:
        axes.set_xlabel(plot.x_title, color=SOFT, fontsize=8)
    plain(axes)
    if legend_rows([line.title for line in plot.lines]):
        legend(figure, [line.title for line in plot.lines])


def _scale(axes: "Axes", plot: ScorePlot) -> None:
    """Draw what spans orders of magnitude as logarithms, with a line at 1 if that is among the values."""
    values = [value for line in plot.lines for value in (*line.low, *line.high)]
    if min(values) > 0 and max(values) > WIDE_RANGE * min(values):
        logarithmic(axes)
        if min(values) < 1 < max(values):
            axes.axhline(1, color=INK, linewidth=0.8, linestyle=":")
