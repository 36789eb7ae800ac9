"""SiteMetadata: what the owner of an atlas says about it; the ``[site]`` table of the configuration."""

from unicodedata import category
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from atlas.core.job import Frozen
from atlas.site.web_address import web_address

CONTROLS = {"Cc", "Zl", "Zp"}
"""Kinds of characters that no title may have: controls, separators of lines and of paragraphs."""


class SiteMetadata(Frozen):
    """Words and addresses that no record can know. Every field has a default: an atlas needs none of them.

    Attributes:
        title: the atlas's name, in the header and in page titles.
        description: one or two sentences on the home page; empty shows a general sentence.
        author: who publishes it; shown in the footer and in BibTeX entries.
        url: where it will be published, e.g. ``https://you.github.io/atlas/``; kept as
            :func:`atlas.site.web_address.web_address` writes it. Only canonical addresses, the sitemap, citations and
            the links of 404.html use it; everything else is relative.
        licence: of the pictures, in words, e.g. ``CC BY 4.0``.
        language: BCP 47 tag of the pages' own text.
    """

    title: str = Field(default="atlas", min_length=1, max_length=200)
    description: str = Field(default="", max_length=2000)
    author: str = Field(default="", max_length=200)
    url: str = Field(default="", max_length=500)
    licence: str = Field(default="", max_length=200)
    language: str = Field(default="en", pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")

    @field_validator("title", "description", "author", "licence")
    @classmethod
    def _printable(cls, text: str, info: ValidationInfo) -> str:
        several = "\n\t" if info.field_name == "description" else ""
        if any(category(letter) in CONTROLS and letter not in several for letter in text):
            raise ValueError("must be text without control characters" + ("" if several else " and line breaks"))
        return text

    @field_validator("url")
    @classmethod
    def _absolute(cls, url: str) -> str:
        return web_address(url) if url else ""

    @property
    def unsaid(self) -> tuple[str, ...]:
        """What a citation needs and the owner has not said: names of fields."""
        return tuple(name for name in ("author", "licence", "url") if not getattr(self, name))

    @property
    def base_path(self) -> str:
        """The path of ``url``, ending in a slash; empty without one."""
        return urlsplit(self.url).path if self.url else ""
