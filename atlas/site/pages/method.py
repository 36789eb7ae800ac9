"""The page of a method: what it optimises, with which parameters here, and what it cannot show."""

import json
import math
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from pydantic import Field

from atlas.core.job import Job
from atlas.core.method_card import Preset
from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.striking import best_of
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind
from atlas.site.pages.methods import ADDRESS
from atlas.site.pictures.picture import Picture
from atlas.site.words import caution
from atlas.site.words.formats import parameter

SAMPLE = 6
"""Pictures on a method's page."""


class Made(NamedTuple):
    """A picture on a method's page, what it is of, and where it is shown."""

    picture: Picture
    title: str
    address: str


class MethodData(Document):
    """A method, as it was used in this atlas."""

    name: str
    title: str
    versions: tuple[int, ...]
    parameters: dict[str, tuple[str, ...]] = Field(description="parameter to all values that it had, as written")
    presets: dict[str, Preset] = Field(description="name to the parameters that it fills")
    references: tuple[str, ...] = Field(description="digests of the lists of reference photos")
    demonstration: str = Field(description="says so if those photos only show how it works; empty if they are real")


class MethodKind(PageKind):
    """The pages of methods."""

    name = "method"
    data = MethodData
    header = "Methods"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield one page for each method."""
        for name, address in contents.catalog.methods.items():
            yield Placed(address, partial(method_page, name, contents.catalog))


METHOD = MethodKind()


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
    """Return the page of a method."""
    card = catalog.method_cards.card(name)
    jobs = [rendering.record.job for rendering in catalog.renderings() if rendering.record.job.method == name]
    versions, written = sorted({job.version for job in jobs}), values(jobs)
    rows = [
        (key, "; ".join(found[:6]) + ("; …" if len(found) > 6 else ""), card.meaning(key))
        for key, found in written.items()
    ]
    references = sorted({job.target.references for job in jobs if job.target.references})
    demonstrations = sorted({model.demonstration for model in catalog.models if name in model.methods} - {""})
    data = MethodData(
        name=name,
        title=card.title,
        versions=tuple(versions),
        parameters={key: tuple(found) for key, found in written.items()},
        presets=card.presets,
        references=tuple(references),
        demonstration=" ".join(demonstrations) if references else "",
    )
    context = {
        "card": card,
        "caution": caution,
        "versions": versions,
        "parameters": rows,
        "sample": made_with(name, catalog)[:SAMPLE],
        "references": references,
        "demonstrations": demonstrations,
    }
    crumbs = [Link("Methods", ADDRESS), Link(card.title)]
    return Page(catalog.methods[name], card.title, card.summary, data, context, crumbs)


def values(jobs: list[Job]) -> dict[str, list[str]]:
    """Return each parameter's values in some jobs, as written: numbers by size, then all others."""
    found: dict[str, dict[str, str]] = {}
    for job in jobs:
        for key, value in job.parameters.items():
            found.setdefault(key, {})[json.dumps(value, sort_keys=True)] = parameter(value)
    return {key: [written[text] for text in sorted(written, key=order)] for key, written in sorted(found.items())}


def order(text: str) -> tuple[float, int, str]:
    """Order values of a parameter, given as JSON: numbers by size, all others after them, short ones first."""
    value = json.loads(text)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (value if is_number else math.inf), len(text), text
