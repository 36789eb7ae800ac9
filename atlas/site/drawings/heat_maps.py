"""Heat maps of numbers of pairs of layers, such as CKA, in light and dark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from atlas.core.finding import Finding
from atlas.site.drawings.canvas import LINES, PLATE, SOFT, WIDTH, drawn, named_ticks
from atlas.site.words.formats import number

if TYPE_CHECKING:
    from atlas.site.drawings.canvas import Figure

SIDE, BESIDE, BELOW = 2.7, 1.2, 1.15
"""Inches: of the map, of the names to its left, and of those below."""


@dataclass(frozen=True)
class HeatMap:
    """One number for pairs of layers: those of one model upwards, those of the other, or the same, across.

    Attributes:
        number: its name. up, across: names of models. rows, columns: their layers. values: by places of these.
    """

    number: str
    up: str
    across: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Mapping[tuple[int, int], float]

    @property
    def words(self) -> str:
        """What the map shows, for those who cannot see it."""
        low, high = (end(self.values, key=self.values.__getitem__) for end in (min, max))
        ends = [f"{number(self.values[at])} at {self.rows[at[0]]} and {self.columns[at[1]]}" for at in (low, high)]
        return f"Layers of {self.up} upwards, of {self.across} across: from {ends[0]} to {ends[1]}. All are in the CSV."


def heat_maps(finding: Finding) -> list[HeatMap]:
    """Return the maps of a finding: one for each number that is of pairs of layers."""
    found: dict[str, dict[tuple[str, str], float]] = {}
    for figure in finding.figures:
        if figure.layer and figure.other_layer and not figure.variant and figure.class_index is None:
            found.setdefault(figure.name, {})[figure.layer, figure.other_layer] = figure.value
    first, last = finding.models[0], finding.models[-1]
    maps = []
    for name, values in found.items():
        if len(finding.models) == 1:
            values |= {(other, one): value for (one, other), value in values.items()}  # alike either way
        rows = _ordered([one for one, _ in values], first.layers)
        columns = _ordered([other for _, other in values], last.layers)
        placed = {(rows.index(one), columns.index(other)): value for (one, other), value in values.items()}
        maps.append(HeatMap(name, first.name, last.name, rows, columns, placed))
    return maps


def draw_map(shown: HeatMap) -> tuple[tuple[tuple[str, bytes], ...], int, int]:
    """Return a map's files, light and dark, none without what draws them; and its width and height, pixels."""
    height = SIDE + BELOW + 0.15
    files = drawn(height, partial(_paint, shown=shown, below=BELOW / height, tall=SIDE / height))
    return files, round(96 * WIDTH), round(96 * height)


def _ordered(found: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return layers in the network's order, where that is known."""
    return tuple(sorted(dict.fromkeys(found), key=lambda name: known.index(name) if name in known else len(known)))


def _paint(figure: "Figure", shown: HeatMap, below: float, tall: float) -> None:
    axes = figure.add_axes((BESIDE / WIDTH, below, SIDE / WIDTH, tall), facecolor=PLATE)
    largest = max(1e-9, *shown.values.values())
    for (row, column), value in shown.values.items():
        strength = max(0.0, min(1.0, value / largest))
        axes.fill([column - 0.5, column + 0.5, column + 0.5, column - 0.5], [row - 0.5] * 2 + [row + 0.5] * 2,
                  color=LINES[0], alpha=strength, linewidth=0)  # fmt: skip
    axes.set_xlim(-0.5, len(shown.columns) - 0.5)
    axes.set_ylim(-0.5, len(shown.rows) - 0.5)
    named_ticks(axes, shown.columns)
    step = -(-len(shown.rows) // 14)
    names = [name if len(name) <= 16 else "…" + name[-15:] for name in shown.rows[::step]]
    axes.set_yticks(range(0, len(shown.rows), step), names)
    axes.tick_params(axis="both", colors=SOFT, length=2, labelsize=8)
    for spine in axes.spines.values():
        spine.set_visible(False)
