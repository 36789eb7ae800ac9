"""Plots of numbers of changed photos, such as texture bias: a row for each change, models beside each other, a mark for
each class, in light and dark."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from atlas.analyses.rows import FindingRow
from atlas.site.drawings.canvas import (
    HAIRLINE,
    INK,
    LEGEND_ROW,
    PLATE,
    SOFT,
    WIDTH,
    drawn,
    legend,
    legend_rows,
    style,
)
from atlas.site.words.formats import number

if TYPE_CHECKING:
    from atlas.site.drawings.canvas import Figure

ROW, MODEL_ROW = 0.14, 0.17
"""Inches: of the space between two changes, and of one model's line."""
BESIDE, BELOW, ABOVE = 1.0, 0.4, 0.1
"""Inches: of the names to the left, of the numbers below, and above."""
MOST_MODELS = 6
"""Models of one plot; the CSV has all."""


@dataclass(frozen=True)
class VariantMarks:
    """What one model reaches on one change of photos: over all with its 95 % interval, and class by class."""

    value: float
    low: float
    high: float
    classes: tuple[float, ...] = ()


@dataclass(frozen=True)
class VariantPlot:
    """One number of several models on photos changed in several ways.

    Attributes:
        number: its name. variants: the changes, in order. models: title to marks by change. unlisted: models left out.
        limits: the ends of the axis.
    """

    number: str
    variants: tuple[str, ...]
    models: Mapping[str, Mapping[str, VariantMarks]]
    limits: tuple[float, float]
    unlisted: int = 0

    @property
    def has_classes(self) -> bool:
        """Whether there are marks of classes."""
        return any(marks.classes for found in self.models.values() for marks in found.values())

    @property
    def words(self) -> str:
        """What the plot shows, for those who cannot see it."""
        told = (
            f"{title}: {', '.join(f'{number(marks.value)} {name}' for name, marks in found.items())}"
            for title, found in self.models.items()
        )
        return f"By change of photos. {'; '.join(told)}. All values are in the CSV."


def variant_plots(rows: Iterable[FindingRow]) -> list[VariantPlot]:
    """Return a plot for each number that is of changes of photos, and of no layer."""
    found: dict[str, dict[tuple[str, str], list[FindingRow]]] = {}
    for row in rows:
        if row.variant and not row.layer:
            found.setdefault(row.measure, {}).setdefault((row.model, row.key), []).append(row)
    return [_plot(name, models) for name, models in found.items()]


def draw_variants(plot: VariantPlot) -> tuple[tuple[tuple[str, bytes], ...], int, int]:
    """Return a plot's files, light and dark, none without what draws them; and its width and height, pixels."""
    below = BELOW + LEGEND_ROW * legend_rows(list(plot.models))
    height = below + ABOVE + len(plot.variants) * (ROW + MODEL_ROW * len(plot.models))
    box = (BESIDE / WIDTH, below / height, 1 - (BESIDE + 0.15) / WIDTH, 1 - (below + ABOVE) / height)
    return drawn(height, partial(_paint, plot=plot, box=box)), round(96 * WIDTH), round(96 * height)


def _plot(name: str, models: Mapping[tuple[str, str], list[FindingRow]]) -> VariantPlot:
    names = [model for model, _ in models]
    titles = {at: at[0] if names.count(at[0]) == 1 else f"{at[0]} {at[1][:6]}" for at in models}
    shown = {titles[at]: _marks(rows) for at, rows in list(models.items())[:MOST_MODELS]}
    variants = tuple(dict.fromkeys(variant for found in shown.values() for variant in found))
    values = [
        value for found in shown.values() for one in found.values() for value in (one.low, one.high, *one.classes)
    ]
    within = min(values, default=0) >= 0 and max(values, default=1) <= 1
    limits = (0.0, 1.0) if within else (min(values), max(values))
    return VariantPlot(name, variants, shown, limits, unlisted=len(models) - len(shown))


def _marks(rows: Iterable[FindingRow]) -> dict[str, VariantMarks]:
    given = list(rows)
    return {
        row.variant: VariantMarks(
            row.value,
            row.low,
            row.high,
            tuple(one.value for one in given if one.variant == row.variant and one.class_index is not None),
        )
        for row in given
        if row.class_index is None
    }


def _paint(figure: "Figure", plot: VariantPlot, box: tuple[float, float, float, float]) -> None:
    axes = figure.add_axes(box, facecolor=PLATE)
    tall = ROW + MODEL_ROW * len(plot.models)
    for place, found in enumerate(plot.models.values()):
        colour, marker, _ = style(place)
        for row, name in enumerate(plot.variants):
            marks = found.get(name)
            if marks is None:
                continue
            y = row + (ROW / 2 + MODEL_ROW * (place + 0.5)) / tall - 0.5
            for value in marks.classes:
                axes.plot([value], [y], "|", color=colour, markersize=7, markeredgewidth=1, alpha=0.45)
            axes.plot([marks.low, marks.high], [y, y], "-", color=colour, linewidth=1.6)
            axes.plot([marks.value], [y], marker, color=colour, markersize=6, markeredgecolor=PLATE)
    _scale(figure, plot)


def _scale(figure: "Figure", plot: VariantPlot) -> None:
    """Name the changes from above downwards, and part them by hairlines."""
    (axes,) = figure.axes
    low, high = plot.limits
    room = 0.03 * (high - low or 1.0)
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(len(plot.variants) - 0.5, -0.5)
    axes.set_yticks(range(len(plot.variants)), [name[:16] for name in plot.variants])
    axes.tick_params(axis="both", colors=SOFT, length=0, labelsize=8)
    for label in axes.get_yticklabels():
        label.set_color(INK)
    if plot.limits == (0.0, 1.0):
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(axis="x", color=HAIRLINE, linewidth=0.8)
    for edge in range(1, len(plot.variants)):
        axes.axhline(edge - 0.5, color=HAIRLINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(SOFT)
    if len(plot.models) > 1:
        legend(figure, list(plot.models), joined=False)
