"""HTML that a notebook shows of pictures. Everything that is not ours is escaped."""

import base64
import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Protocol

from atlas.core.analysis import ClassConcepts, Concept
from atlas.face.recipe import Recipe

WIDTH = 320
"""Largest width at which a picture is shown, CSS pixels; its pixels stay as they are."""


class SupportsPng(Protocol):
    """What has a picture to show."""

    def _repr_png_(self) -> bytes | None: ...


def figure(recipe: Recipe, png: bytes | None) -> str:
    """Return a picture with its name, its objective and its recipe, or why there is none."""
    shown = f"<p><em>{escape(recipe.record.status)}: {escape(recipe.message)}</em></p>"
    if png is not None:
        shown = _image(png, recipe.name, WIDTH)
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


def concept_rows(name: str, found: ClassConcepts, concepts: Sequence[tuple[Concept, SupportsPng | None, bytes]]) -> str:
    """Return the concepts of a class as a table: rank and importance, a rendering, the photos' patches.

    Args:
        concepts: of each: what is known of it, its rendering if there is one, and its patches in one picture.
    """
    head = (
        f"<strong>{escape(name)}</strong>: concepts in {escape(found.analysis.layers[0])}, {found.counts.used} photos"
    )
    said = "".join(f"<br><em>{escape(text)}</em>" for text in (found.reason, *found.warnings) if text)
    rows = []
    for concept, picture, patches in concepts:
        value = concept.importance
        png = None if picture is None else picture._repr_png_()
        shown = "" if png is None else _image(png, f"concept {concept.number}", 160)
        rows.append(
            f'<tr><td style="vertical-align:top;text-align:left"><strong>{concept.number}</strong><br>'
            f"importance {value.value:.3f}<br>({value.low:.3f} to {value.high:.3f})"
            f"{'' if concept.stable else '<br>not stable'}</td><td>{shown}</td>"
            f"<td>{_image(patches, f'patches of concept {concept.number}', 480)}</td></tr>"
        )
    return f"<div>{head}{said}<table>{''.join(rows)}</table></div>"


def _image(data: bytes, text: str, width: int) -> str:
    kind = "png" if data.startswith(b"\x89PNG") else "webp"
    encoded = base64.b64encode(data).decode()
    return f'<img src="data:image/{kind};base64,{encoded}" alt="{escape(text)}" style="width:100%;max-width:{width}px">'
