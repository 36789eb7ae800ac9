"""manifest.json: the list of all pages."""

from typing import Literal

from pydantic import Field

from atlas.site.documents.base import SCHEMA_VERSION, Document


class ManifestPage(Document):
    """One page."""

    kind: str
    title: str
    href: str
    data: str = Field(description="address of its JSON")


class Manifest(Document):
    """The list of all pages of an atlas."""

    schema_address: str = Field(default="schema/manifest.json", alias="$schema", description="this document's schema")
    format: Literal["atlas-manifest"] = Field(default="atlas-manifest", alias="schema")
    schema_version: int = Field(default=SCHEMA_VERSION, json_schema_extra={"const": SCHEMA_VERSION})
    title: str
    url: str = Field(description="where the atlas is published; empty if not stated")
    atlas: str = Field(description="version of the program that wrote it")
    date: str = Field(description="of the newest result")
    pages: tuple[ManifestPage, ...]
