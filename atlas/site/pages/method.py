"""The pages of methods: what each optimises, with which parameters here, and what it cannot show; and their list."""

import json
import math
from collections.abc import Iterator
from typing import NamedTuple

from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.striking import best_of
from atlas.site.page import Link, Page
from atlas.site.pictures.picture import Picture
from atlas.site.words.formats import parameter
from atlas.site.words.method_notes import limits, method_note

ADDRESS = "methods/index.html"
SAMPLE = 6
"""Pictures on a method's page."""


class Made(NamedTuple):
    """A picture on a method's page, what it is of, and where it is shown."""

    picture: Picture
    title: str
    address: str


def method_pages(catalog: Catalog) -> Iterator[Page]:
    """Yield the list of methods, and the page of each; all pictures must be there."""
    yield _overview(catalog)
    for name in catalog.methods:
        yield method_page(name, catalog)


def count_method_pages(catalog: Catalog) -> int:
    """Return how many pages they are."""
    return 1 + len(catalog.methods)


def _overview(catalog: Catalog) -> Page:
    entries = [
        (name, method_note(name), address, [model for model in catalog.models if name in model.methods])
        for name, address in catalog.methods.items()
    ]
    data = {
        "methods": [
            {"name": name, "title": note["title"], "summary": note["summary"], "href": f"../{address}"}
            for name, note, address, _ in entries
        ]
    }
    words = "The methods that made the pictures of this atlas: what each optimises, and how it misleads."
    return Page(ADDRESS, "methods.html", "methods", "Methods", words, data, {"entries": entries}, [Link("Methods")])


def made_with(name: str, catalog: Catalog) -> list[Made]:
    """Return pictures by a method: of units, the best recognised first, then of photos."""
    made = []
    for unit in (unit for model in catalog.models for unit in best_of(model)):
        found = next((it for it in unit.shown if it.record.job.method == name), None)
        if found is not None and found.picture is not None:
            title = unit.title if unit.layer.is_output else f"{unit.layer.info.name} {unit.index}"
            made.append(Made(found.picture, title, unit.address))
    for study in (study for model in catalog.models for study in model.studies):
        found = next((it for it in study.renderings if it.record.job.method == name and it.picture is not None), None)
        if found is not None and found.picture is not None:
            made.append(Made(found.picture, f"{study.name}, {study.subject(found)}", study.address_of(found)))
    return made


def method_page(name: str, catalog: Catalog) -> Page:
    """Return the page of a method: what it optimises, with which parameters here, and what it cannot show."""
    note = method_note(name)
    jobs = [rendering.record.job for rendering in catalog.renderings() if rendering.record.job.method == name]
    versions = sorted({job.version for job in jobs})
    values: dict[str, dict[str, str]] = {}
    for job in jobs:
        for key, value in job.parameters.items():
            values.setdefault(key, {})[json.dumps(value, sort_keys=True)] = parameter(value)
    written = {key: [found[text] for text in sorted(found, key=order)] for key, found in sorted(values.items())}
    meanings = note["parameters"]
    rows = [
        (key, "; ".join(found[:6]) + ("; …" if len(found) > 6 else ""), meanings.get(key, ""))
        for key, found in written.items()
    ]
    references = sorted({job.target.references for job in jobs if job.target.references})
    data = {"name": name, "title": note["title"], "versions": versions, "parameters": written, "references": references}
    demonstrations = sorted({model.demonstration for model in catalog.models if name in model.methods} - {""})
    data["demonstration"] = " ".join(demonstrations) if references else ""
    context = {
        "note": note,
        "limits": limits(),
        "versions": versions,
        "parameters": rows,
        "sample": made_with(name, catalog)[:SAMPLE],
        "references": references,
        "demonstrations": demonstrations,
    }
    return Page(
        catalog.methods[name],
        "method.html",
        "method",
        note["title"],
        note["summary"],
        data,
        context,
        crumbs=[Link("Methods", ADDRESS), Link(note["title"])],
    )


def order(text: str) -> tuple[float, int, str]:
    """Order values of a parameter, given as JSON: numbers by size, all others after them, short ones first."""
    value = json.loads(text)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (value if is_number else math.inf), len(text), text
