"""SiteMetadata: what the owner of an atlas says about it; the ``[site]`` table of the configuration."""

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from atlas.core.job import Frozen


class SiteMetadata(Frozen):
    """Words and addresses that no record can know. Every field has a default: an atlas needs none of them.

    Attributes:
        title: the atlas's name, in the header and in page titles.
        description: one or two sentences on the home page; empty shows a general sentence.
        author: who publishes it; shown in the footer and in BibTeX entries.
        url: where it will be published, e.g. ``https://you.github.io/atlas/``. Only canonical addresses, the
            sitemap and the links of 404.html use it; everything else is relative.
        licence: of the pictures, in words, e.g. ``CC BY 4.0``.
        language: BCP 47 tag of the pages' own text.
    """

    title: str = Field(default="atlas", min_length=1, max_length=200)
    description: str = Field(default="", max_length=2000)
    author: str = Field(default="", max_length=200)
    url: str = Field(default="", max_length=500)
    licence: str = Field(default="", max_length=200)
    language: str = Field(default="en", pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")

    @field_validator("url")
    @classmethod
    def _absolute(cls, url: str) -> str:
        if not url:
            return ""
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("must be a web address such as https://you.github.io/atlas/, without ? or #")
        return url.rstrip("/") + "/"

    @property
    def base_path(self) -> str:
        """The path of ``url``, ending in a slash; empty without one."""
        return urlsplit(self.url).path if self.url else ""
