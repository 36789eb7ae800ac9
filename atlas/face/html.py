"""HTML that a notebook shows of pictures. Everything that is not ours is escaped."""

import base64
import json
from collections.abc import Iterable
from html import escape

from atlas.face.recipe import Recipe

WIDTH = 320
"""Largest width at which a picture is shown, CSS pixels; its pixels stay as they are."""


def figure(recipe: Recipe, png: bytes | None) -> str:
    """Return a picture with its name, its objective and its recipe, or why there is none."""
    shown = f"<p><em>{escape(recipe.record.status)}: {escape(recipe.message)}</em></p>"
    if png is not None:
        shown = (
            f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}" alt="{escape(recipe.name)}" '
            f'style="width:100%;max-width:{WIDTH}px;image-rendering:auto">'
        )
    return (
        f'<figure style="display:inline-block;vertical-align:top;max-width:{WIDTH}px;margin:0 1em 1em 0">{shown}'
        f"<figcaption><strong>{escape(recipe.name)}</strong><br>{escape(recipe.objective)}"
        f"{measured(recipe)}{details(recipe)}</figcaption></figure>"
    )


def measured(recipe: Recipe) -> str:
    """Return the strongest class of the finished picture, if the model has classes."""
    best = recipe.record.top_classes[:1]
    names = (recipe.class_names.get(one.index, f"class {one.index}") for one in best)
    return "".join(
        f"<br>{escape(recipe.model)} sees {escape(name)} ({one.probability:.0%})"
        for name, one in zip(names, best, strict=True)
    )


def details(recipe: Recipe) -> str:
    """Return the recipe, folded: what makes the same picture again."""
    record, job = recipe.record, recipe.record.job
    rows = {
        "model": recipe.model,
        "method": f"{job.method}, version {job.version}",
        "seed": str(job.seed),
        "parameters": json.dumps(job.parameters, ensure_ascii=False, indent=1),
        "numerics": job.numerics,
        "device": f"{record.provenance.device}, {record.provenance.seconds:.3g} s",
        "key": record.key,
    }
    cells = "".join(
        f'<tr><th style="text-align:left;vertical-align:top">{name}</th>'
        f'<td style="text-align:left;white-space:pre-wrap;overflow-wrap:anywhere">{escape(text)}</td></tr>'
        for name, text in rows.items()
    )
    return f"<details><summary>recipe</summary><table>{cells}</table></details>"


def row(figures: Iterable[str]) -> str:
    """Return figures side by side."""
    return f'<div style="display:flex;flex-wrap:wrap">{"".join(figures)}</div>'
