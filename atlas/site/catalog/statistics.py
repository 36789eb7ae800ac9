"""What photos say of one unit, as a page shows it: the histogram with its marks, quantiles in words, selectivity."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from atlas.core.analysis import QUANTILES, Histogram, LayerStatistics, UnitStatistics
from atlas.site.catalog.shown import Shown
from atlas.site.words.formats import number
from atlas.store import Store

FAR = 1.5
"""A mark further off the bars than this, in multiples of their range, breaks the axis: drawn to scale, it would leave
the bars too narrow to read."""
SIDE = 26.0
"""Percent of the drawing's width that is left beside the bars for marks beyond a break in the axis."""
EDGE, GAP = 2.0, 5.0
"""Percent between such a mark and the drawing's edge, and between the break and the bars."""
LETTER = 2.1
"""Percent of the width that a letter of a label takes on a phone, where there is least room."""
CLOSE = 4.0
"""Percent of the width below which two marks' labels could not be told apart."""


@dataclass(frozen=True)
class Label:
    """Words at a place: ``x`` is percent of the width, where they ``start``, have their ``middle`` or ``end``."""

    text: str
    x: float
    anchor: Literal["start", "middle", "end"]

    @property
    def extent(self) -> tuple[float, float]:
        """Where its words begin and end on a phone, percent of the width."""
        width = LETTER * len(self.text)
        start = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return start, start + width


@dataclass(frozen=True)
class Mark:
    """Where a rendering lands. ``x`` is percent of the width; ``beyond`` if the axis is broken before it.

    ``number`` counts from 1 and is what its label calls it.
    """

    number: int
    key: str
    x: float
    value: float
    title: str
    words: str
    negative: bool
    beyond: bool


@dataclass(frozen=True)
class Drawing:
    """A histogram as SVG; all places are percent of its width, heights percent of its height.

    Attributes:
        bars: the path of its outline.
        left, right: where the bars begin and end; low, high: the values there.
        zero: where 0 lies, or None if it is not among the bars.
        breaks: where the axis is broken.
        marks: the renderings. labels: their numbers; those of marks at one place share one.
        ticks: the values at the ends of the bars and, where there is room, 0.
    """

    bars: str
    left: float
    right: float
    low: float
    high: float
    zero: float | None
    breaks: tuple[float, ...]
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]
    ticks: tuple[Label, ...]


@dataclass(frozen=True)
class UnitOnPhotos:
    """One unit on photos, with the layer's statistics that it belongs to."""

    unit: UnitStatistics
    layer: LayerStatistics

    @property
    def seen(self) -> str:
        """How much was measured, in words."""
        views, photos = self.unit.n, self.layer.photo_count
        of = f"{views:,} view{'s' if views != 1 else ''}"
        return of if views == photos else f"{of} of {photos:,} photo{'s' if photos != 1 else ''}"

    @property
    def selectivity(self) -> float | None:
        """How many standard deviations the strongest view lies above the mean; None if all views are alike."""
        unit = self.unit
        value = (unit.maximum - unit.mean) / unit.deviation if unit.deviation > 0 else math.inf
        return value if math.isfinite(value) else None

    def share_below(self, value: float) -> float:
        """Return the share of views that activate the unit less, by the stored quantiles, linearly between them."""
        unit = self.unit
        if value > unit.maximum:
            return 1.0
        if value < unit.minimum:
            return 0.0
        points = [(unit.minimum, 0.0), *zip(unit.quantiles, QUANTILES, strict=False), (unit.maximum, 1.0)]
        place = bisect_right([point[0] for point in points], value)
        if place == len(points):
            return 1.0  # the maximum itself, from which the line between quantiles comes
        (low, below), (high, above) = points[place - 1], points[place]
        return below + (above - below) * (value - low) / (high - low)

    def words(self, value: float) -> str:
        """Say where a value lies: ``above 99.9 % of 16,915 views of 995 photos``. Rounded towards the middle."""
        if value > self.unit.maximum:
            return f"above all of {self.seen}"
        if value < self.unit.minimum:
            return f"below all of {self.seen}"
        share = 100 * self.share_below(value)
        word, tenths = ("above", share) if share >= 50 else ("below", 100 - share)
        return f"{word} {min(99.9, math.floor(10 * tenths) / 10):.1f} % of {self.seen}"

    def draw(self, renderings: Sequence[Shown]) -> Drawing:
        """Draw the histogram; renderings of the whole unit whose activation was measured are marked on it."""
        placed = [(item, value) for item in renderings if (value := _comparable(item)) is not None]
        return _draw(self.unit.histogram, [(item, value, self.words(value)) for item, value in placed])


OnPhotos = Mapping[int, UnitOnPhotos]
"""Unit to what photos say of it."""


def on_photos(store: Store, key: str) -> dict[int, UnitOnPhotos]:
    """Return what photos say of a layer's units; nothing if ``key`` is empty.

    Raises:
        StoreError: the statistics are damaged.
    """
    if not key:
        return {}
    layer = store.document(LayerStatistics, key)
    return {unit.unit: UnitOnPhotos(unit, layer) for unit in layer.units}


def _comparable(rendering: Shown) -> float | None:
    """Return the activation on the whole picture, which is what photos were measured by; a neuron's is not."""
    whole = rendering.record.status == "done" and rendering.record.job.target.kind in ("logit", "channel")
    return rendering.measured("activation") if whole else None


def _draw(histogram: Histogram, placed: Sequence[tuple[Shown, float, str]]) -> Drawing:
    low, high = histogram.low, histogram.high
    if not high > low:
        low, high = low - 0.5, high + 0.5
    reach = FAR * (high - low)
    values = [value for _, value, _ in placed]
    near = [value for value in values if low - reach <= value <= high + reach]
    first, last = min([low, *near]), max([high, *near])
    below, above = any(value < low - reach for value in values), any(value > high + reach for value in values)
    start, end = SIDE * below, 100 - SIDE * above

    def place(value: float) -> float:
        return round(start + (value - first) / (last - first) * (end - start), 2)

    marks = []
    for count, (rendering, value, words) in enumerate(placed, 1):
        beyond = value < low - reach or value > high + reach
        x = place(value) if not beyond else EDGE if value < low else 100 - EDGE
        negative = rendering.record.job.target.sign < 0
        marks.append(Mark(count, rendering.key, x, value, rendering.title, words, negative, beyond))
    breaks = tuple(x for x, there in ((start - GAP, below), (end + GAP, above)) if there)
    zero = place(0.0) if low < 0 < high else None
    left, right = place(low), place(high)
    ticks = _ticks((low, left), (high, right), zero)
    return Drawing(
        _bars(histogram, left, right), left, right, low, high, zero, breaks, tuple(marks), _labels(marks), ticks
    )


def _labels(marks: Sequence[Mark]) -> tuple[Label, ...]:
    """Return the labels of marks, from left to right: each has its number, and those too close share one label."""
    groups = [[mark] for mark in sorted(marks, key=lambda mark: (mark.x, mark.number))]
    place = 0
    while place + 1 < len(groups):
        one, two = groups[place], groups[place + 1]
        if two[0].x - one[-1].x < CLOSE or _label(one).extent[1] + LETTER > _label(two).extent[0]:
            groups[place : place + 2] = [one + two]
            place = max(0, place - 1)
        else:
            place += 1
    return tuple(_label(group) for group in groups)


def _label(marks: Sequence[Mark]) -> Label:
    text = ", ".join(str(number) for number in sorted(mark.number for mark in marks))
    x, room = (marks[0].x + marks[-1].x) / 2, LETTER * len(text) / 2
    if x < room:
        return Label(text, 0.0, "start")
    return Label(text, 100.0, "end") if x > 100 - room else Label(text, round(x, 2), "middle")


def _ticks(low: tuple[float, float], high: tuple[float, float], zero: float | None) -> tuple[Label, ...]:
    """Return the labels of both ends, which grow away from each other where the bars are narrow, and of 0."""
    (low_value, left), (high_value, right) = low, high
    low_text, high_text = number(low_value), number(high_value)
    narrow = right - left < LETTER * (len(low_text) + len(high_text) + 2)
    if left < LETTER * len(low_text) / (1 if narrow else 2):
        first = Label(low_text, left, "start")
    else:
        first = Label(low_text, left, "end" if narrow else "middle")
    if 100 - right < LETTER * len(high_text) / (1 if narrow else 2):
        last = Label(high_text, right, "end")
    else:
        last = Label(high_text, right, "start" if narrow else "middle")
    ticks = [first, last]
    if zero is not None:
        middle = Label("0", zero, "middle")
        if first.extent[1] + LETTER <= middle.extent[0] and middle.extent[1] + LETTER <= last.extent[0]:
            ticks.insert(1, middle)
    return tuple(ticks)


def _bars(histogram: Histogram, left: float, right: float) -> str:
    """Return the path of the bars' outline; heights are logarithms, or the few strong views could not be seen."""
    counts = histogram.counts or (0,)
    top = math.log1p(max(counts)) or 1.0
    step = (right - left) / len(counts)
    heights = [100 * (1 - math.log1p(count) / top) for count in counts]
    lines = "".join(f"V{height:.1f}H{left + (place + 1) * step:.2f}" for place, height in enumerate(heights))
    return f"M{left:.2f} 100{lines}V100Z"
