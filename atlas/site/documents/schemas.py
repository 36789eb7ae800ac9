"""The schemas of all documents, as JSON Schema: published with the site, and named by each document."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from atlas.site.documents.base import Document
from atlas.site.documents.manifest import Manifest
from atlas.site.documents.page import PageDocument
from atlas.site.documents.search import SearchIndex
from atlas.site.links import DIALECT
from atlas.site.page_kind import PageKind


def schema_address(name: str) -> str:
    """Return the address of the schema of a kind of page, of the manifest or of the search index."""
    return f"schema/{name}.json"


@cache
def page_document(data: type[Document]) -> type[PageDocument[Any]]:
    """Return the document beside pages whose own part is ``data``."""
    return PageDocument[data]  # type: ignore[valid-type]


def page_schema(kind: str, data: type[Document]) -> dict[str, Any]:
    """Return the schema of the JSON beside pages of one kind."""
    schema = page_document(data).model_json_schema(by_alias=True)
    schema["properties"]["kind"] = {**schema["properties"]["kind"], "const": kind}
    words = f"The JSON beside a page of the kind {kind}. {summary(data)}"
    return {"$schema": DIALECT, **schema, "title": f"{kind} page", "description": words}


def summary(document: type[Document]) -> str:
    """Return the sentence that says what a document is."""
    return (document.__doc__ or "").strip().partition("\n")[0]


def document_schema(document: type[Document]) -> dict[str, Any]:
    """Return the schema of a document that stands beside no page."""
    return {"$schema": DIALECT, **document.model_json_schema(by_alias=True)}


def schemas(kinds: Iterable[PageKind]) -> dict[str, bytes]:
    """Return the schemas of all documents of a site: those of its kinds of pages, of the manifest, of the search."""
    found = {kind.name: page_schema(kind.name, kind.data) for kind in kinds if not kind.is_error}
    found |= {"manifest": document_schema(Manifest), "search": document_schema(SearchIndex)}
    return {name: json.dumps(schema, ensure_ascii=False, indent=1).encode() for name, schema in found.items()}
