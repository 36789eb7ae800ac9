"""The JSON beside every page: what all pages say, around what each kind says."""

from typing import Generic, Literal, TypeVar

from pydantic import Field

from atlas.site.documents.base import SCHEMA_VERSION, Document, Sparse

D = TypeVar("D", bound=Document)


class Links(Sparse):
    """Relative addresses: of the page itself, of the list of all pages, and of pages around it where they exist."""

    page: str = Field(description="the HTML page that this file stands beside")
    manifest: str = Field(description="the list of all pages")
    metrics: str = Field(description="what every number says")
    up: str | None = Field(default=None, description="the page that leads to this one")
    previous: str | None = None
    next: str | None = None


class CitationData(Document):
    """How to cite the page. What the owner of the atlas does not state is empty."""

    key: str = Field(description="BibTeX key, the same in every build")
    title: str
    author: str
    atlas: str = Field(description="the atlas's title")
    licence: str = Field(description="of the pictures")
    url: str
    date: str = Field(description="of the newest result: the state that is cited")
    methods: tuple[str, ...] = Field(description="names of those that made its pictures")
    weights: str = Field(description="digest of the model's weights")
    rendering: str = Field(description="first 12 digits of the leading picture's key, or empty")
    bibtex: str


class PageDocument(Sparse, Generic[D]):
    """The JSON beside a page ``name.html``: ``name.json``."""

    schema_address: str = Field(alias="$schema", description="this document's schema")
    format: Literal["atlas-page"] = Field(default="atlas-page", alias="schema")
    schema_version: int = Field(default=SCHEMA_VERSION, json_schema_extra={"const": SCHEMA_VERSION})
    kind: str = Field(description="which kind of page it is; each has a schema of its own")
    title: str = Field(description="the page's heading")
    links: Links
    citation: CitationData | None = None
    data: D
