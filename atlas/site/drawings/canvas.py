"""Canvas: what all plots have in common, as SVG in light and dark: colours, axes, legends; it alone knows matplotlib.

Each plot is drawn once, in light colours; the dark one is the same drawing in the dark pair of each colour. Nothing in
a file depends on the day or the machine, so the same numbers give the same bytes.
"""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from atlas.core.canonical import digest_bytes
from atlas.extras import has

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure

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
WIDTH = 4.2
"""Inches: of a drawing."""
LEGEND_ROW = 0.2
"""Inches: of one row of a legend, which has two columns."""
LONGEST_NAME = 20
"""Letters of a layer's name on an axis."""
LONGEST_TITLE = 30
"""Letters of a method's name in the legend."""


def style(number: int) -> tuple[str, str, Literal["-", "--", ":"]]:
    """Return colour, marker and dashes of curve ``number``: no two of the first hundred look alike."""
    dashes = DASHES[number // len(LINES) % len(DASHES)]
    return LINES[number % len(LINES)], MARKERS[(number + number // len(LINES)) % len(MARKERS)], dashes


def drawn(height: float, paint: "Callable[[Figure], None]") -> tuple[tuple[str, bytes], ...]:
    """Return a drawing's files, light and dark: paths among the site's pictures and content; none without matplotlib.

    Args:
        height: inches. paint: puts axes and legends into the empty figure.
    """
    if not can_draw():
        return ()
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
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # and not what the reader of these lines has in a matplotlibrc
        matplotlib.rcParams.update(settings)
        figure = Figure(figsize=(WIDTH, height), facecolor=PLATE)
        FigureCanvasSVG(figure)
        paint(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Type", "Format")))
    light = buffer.getvalue().replace(b"'DejaVu Sans'", b"system-ui, 'DejaVu Sans', sans-serif")
    return tuple((_path(svg), svg) for svg in (light, in_dark(light)))


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


def legend_rows(titles: Sequence[str]) -> int:
    """Return how many rows the legend of some curves has; none for one curve, which needs no name."""
    return -(-len(titles) // 2) if len(titles) > 1 else 0


def legend(figure: "Figure", titles: Sequence[str], joined: bool = True) -> None:
    """Write what each curve is called below the axes; of marks that no line joins, the marks alone."""
    from matplotlib.lines import Line2D

    handles = []
    for number, title in enumerate(titles):
        colour, marker, dashes = style(number)
        title = title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"
        handles.append(
            Line2D([], [], color=colour, marker=marker, linestyle=dashes if joined else "", markersize=4.5, label=title)
        )
    made = figure.legend(handles=handles, loc="lower left", ncols=2, frameon=False, fontsize=8, borderaxespad=0.1)
    for text in made.get_texts():
        text.set_color(INK)


def plain(axes: "Axes") -> None:
    """Leave an axis below and hairlines behind."""
    axes.tick_params(axis="both", which="both", colors=SOFT, length=3)
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(SOFT)
    axes.margins(x=0.05)


def logarithmic(axes: "Axes") -> None:
    """Draw values as logarithms, and write them as they are."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(lambda value, _: "")


def named_ticks(axes: "Axes", names: Sequence[str], most: int = 14) -> None:
    """Write names, such as those of layers, along the axis below; of many, some."""
    step = -(-len(names) // most)
    axes.set_xticks(range(0, len(names), step), [_short(name) for name in names[::step]])
    axes.tick_params(axis="x", labelrotation=45, labelsize=8)
    for label in axes.get_xticklabels():
        label.set(ha="right", rotation_mode="anchor")


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]
