"""The header's navigation: where classes, layers, concepts, comparisons, results and methods are listed."""

from collections.abc import Iterator
from typing import NamedTuple

from atlas.site.contents import Contents
from atlas.site.page import Page
from atlas.site.page_kind import PageKind
from atlas.site.pages import compare, methods, results
from atlas.site.pages.concepts import concepts_address
from atlas.site.pages.layers import layers_address

CHOOSE_A_MODEL = "index.html#models"
"""Where a list of one model leads from a page of none, if there are several: each model's entry leads to its own."""


class NavigationLink(NamedTuple):
    """One entry. ``current`` is the value of ``aria-current``: the page itself, one of those that it lists, or none."""

    title: str
    address: str
    current: str


def navigation(contents: Contents, kind: PageKind, page: Page) -> list[NavigationLink]:
    """Return the entries of a page's header; what a site does not have is left out."""
    entries = _addresses(contents, page)
    return [NavigationLink(title, address, _current(title, address, kind, page)) for title, address in entries]


def _addresses(contents: Contents, page: Page) -> Iterator[tuple[str, str]]:
    models = contents.catalog.models
    models = [model for model in models if page.address.startswith(f"{model.folder}/")] or models
    for title, by_model in (
        ("Classes", [(model.classes.address if model.classes else "") for model in models]),
        ("Layers", [layers_address(model) for model in models]),
        ("Concepts", [(concepts_address(model) if model.numbers.concepts else "") for model in models]),
    ):
        found = [address for address in by_model if address]
        if found:
            yield title, found[0] if len(models) == 1 else CHOOSE_A_MODEL
    if contents.comparisons.all:
        yield "Compare", compare.ADDRESS
    if results.has_some(contents.catalog.results):
        scored = [model for model in models if contents.catalog.results.of(model).scores]
        yield "Results", results.results_address(scored[0]) if len(models) == len(scored) == 1 else results.ADDRESS
    yield "Methods", methods.ADDRESS


def _current(title: str, address: str, kind: PageKind, page: Page) -> str:
    if page.address == address:
        return "page"
    return "true" if kind.header == title else ""
