"""The list of the methods that made the pictures."""

from collections.abc import Iterator
from functools import partial

from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind, SearchEntry

ADDRESS = "methods/index.html"


class ListedMethod(Document):
    """A method."""

    name: str
    title: str
    summary: str
    href: str


class MethodsData(Document):
    """The methods that made the pictures of this atlas."""

    methods: tuple[ListedMethod, ...]


class MethodsKind(PageKind):
    """The list of methods."""

    name = "methods"
    data = MethodsData
    header = "Methods"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the one page."""
        yield Placed(ADDRESS, partial(methods_page, contents))

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for each method."""
        catalog = contents.catalog
        for name, address in catalog.methods.items():
            yield SearchEntry(catalog.method_cards.title(name), "method", address, name)


METHODS = MethodsKind()


def methods_page(contents: Contents) -> Page:
    """Return the list of methods."""
    catalog = contents.catalog
    entries = [
        (name, catalog.method_cards.card(name), address, [model for model in catalog.models if name in model.methods])
        for name, address in catalog.methods.items()
    ]
    data = MethodsData(
        methods=tuple(
            ListedMethod(name=name, title=card.title, summary=card.summary, href=f"../{address}")
            for name, card, address, _ in entries
        )
    )
    words = "The methods that made the pictures of this atlas: what each optimises, and how it misleads."
    return Page(ADDRESS, "Methods", words, data, {"entries": entries}, [Link("Methods")])
