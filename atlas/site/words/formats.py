"""How numbers and words are written on pages; the filters of the templates."""

import json
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from pydantic import JsonValue

from atlas.core.model_card import LayerInfo
from atlas.site.catalog.numbers import lost_words
from atlas.site.pictures.picture import ENLARGED, THUMBNAILS, Derived

PERCENT = "\u00a0%"
"""Behind a percentage that shall stay with its sign."""
TRACE_POINTS = 120
"""Points of a trace's line, but for its ends and extremes."""
TRACE_SIZE = (300.0, 70.0)
"""Width and height of a trace's line, in its own units."""


def number(value: float) -> str:
    """Write a number with three significant digits: ``17.2``, ``0.994``, ``-1,240``."""
    size = abs(value)
    if size >= 1e6 or (0 < size < 1e-3):
        return f"{value:.2e}".replace("e+0", "e").replace("e-0", "e-").replace("-", "−")
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{decimals}f}".replace("-", "−")


def percent(share: float) -> str:
    """Write a share in [0, 1] as a percentage that is never rounded to a certainty."""
    value = 100 * share
    if 99.5 <= value < 100:
        return "> 99 %"
    return "< 1 %" if 0 < value < 1 else f"{value:.0f} %"


def fine_percent(share: float) -> str:
    """Write a share as a percentage with digits enough to tell it from 0 and 1: ``75 %``, ``2.6 %``, ``0.23 %``."""
    value = 100 * share
    far = min(value, 100 - value)
    if 0 < far < 0.005:
        return f"{'<' if value < 50 else '>'} {0.01 if value < 50 else 99.99:g}{PERCENT}"
    decimals = 0 if far >= 10 or far <= 0 else 1 if far >= 1 else 2
    return f"{value:.{decimals}f}{PERCENT}"


def thousands(value: int) -> str:
    """Write a whole number with separators."""
    return f"{value:,}"


def noun(info: LayerInfo, count: int | None = None) -> str:
    """Return what a layer's units are called; singular if ``count`` is 1."""
    names = {"logits": "class"}
    kinds = {"map": "channel", "map_last": "channel", "tokens": "dimension", "vector": "unit"}
    name = names.get(info.name, kinds[info.layout])
    if (info.units if count is None else count) == 1:
        return name
    return name + ("es" if name.endswith("s") else "s")


def parameter(value: JsonValue) -> str:
    """Write the value of a method's parameter."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) and not any(isinstance(item, (list, dict)) for item in value):
        return " × ".join(parameter(item) for item in value)
    return "model's own" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)


def listed(values: Sequence[float]) -> str:
    """Write a few numbers, once if they are all the same."""
    if len(set(values)) == 1:
        return f"{values[0]:.4g}"
    return ", ".join(f"{value:.4g}" for value in values)


def line(trace: Sequence[float]) -> str:
    """Return the points of a trace's polyline: some of its steps, and always its ends, its least and its most."""
    steps, low, high = len(trace), min(trace), max(trace)
    places = {*range(0, steps, -(-steps // TRACE_POINTS)), steps - 1, trace.index(low), trace.index(high)}
    width, height = TRACE_SIZE
    across, span = width / max(1, steps - 1), (high - low) or 1.0
    return " ".join(
        f"{place * across:.1f},{1 + height * (1 - (trace[place] - low) / span):.1f}" for place in sorted(places)
    )


def thumbnails(files: Sequence[Derived]) -> Sequence[Derived]:
    """Return the files small enough for a grid: never the full view, unless there is nothing else."""
    return [file for file in files if file.width <= THUMBNAILS[-1] * 1.2] or files[:1]


def enlarged(width: int) -> int:
    """Return how wide a picture of so many pixels is shown at most, CSS pixels."""
    return round(ENLARGED * width)


def share(value: float) -> str:
    """Write a share in [0, 1] as the length of a bar of 100."""
    return f"{100 * value:.1f}"


def short(text: str, most: int = 120) -> str:
    """Cut a text that strangers wrote where it would fill the page."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def is_web(address: str) -> bool:
    """Tell whether an address that strangers wrote may be a link: a web address, and nothing that runs."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not re.search(r"[\s<>\"\\]", address)


FILTERS = {
    function.__name__: function
    for function in (
        number,
        percent,
        thousands,
        noun,
        parameter,
        listed,
        line,
        thumbnails,
        enlarged,
        share,
        short,
        is_web,
        lost_words,
    )
}
