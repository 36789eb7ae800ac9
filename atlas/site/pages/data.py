"""The page about this atlas's data: what is published besides the pages, and by which schemas."""

from collections.abc import Iterator

from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.documents.manifest import Manifest
from atlas.site.documents.schemas import schema_address, summary
from atlas.site.documents.search import SearchIndex
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind, SearchEntry, page_kinds

ADDRESS = "data/index.html"


class Schema(Document):
    """The schema of one kind of document, and what such a document is."""

    kind: str
    summary: str
    href: str


class DataData(Document):
    """The schemas of all that is published as data."""

    schemas: tuple[Schema, ...]


class DataKind(PageKind):
    """The page about the data."""

    name = "data"
    data = DataData

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the one page."""
        yield Placed(ADDRESS, data_page)

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield its entry."""
        yield SearchEntry("Data", "JSON and its schemas", ADDRESS, "json schema manifest api")


DATA = DataKind()


def data_page() -> Page:
    """Return the page about the data."""
    files = [
        Schema(kind=name, summary=summary, href=f"../{schema_address(name)}")
        for name, summary in (("manifest", summary(Manifest)), ("search", summary(SearchIndex)))
    ]
    kinds = [
        Schema(kind=kind.name, summary=summary(kind.data), href=f"../{schema_address(kind.name)}")
        for kind in page_kinds()
        if not kind.is_error
    ]
    words = "Everything that the pages show stands beside them as JSON, for programs and for other pages."
    context = {"kinds": kinds, "files": files}
    return Page(ADDRESS, "Data", words, DataData(schemas=(*files, *kinds)), context, [Link("Data")])
