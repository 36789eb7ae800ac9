"""The page for addresses that lead nowhere: hosts show it at any depth, so that it carries its own style and script."""

import base64
import hashlib
from collections.abc import Iterator

from markupsafe import Markup

from atlas.site.contents import Contents
from atlas.site.page import Page, Placed
from atlas.site.page_kind import PageKind
from atlas.site.resources import resource_folder


class NotFound(PageKind):
    """404.html: neither listed nor found, and without JSON."""

    name = "error"
    template = "404.html"
    is_error = True

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the one page."""
        yield Placed("404.html", not_found_page)


NOT_FOUND = NotFound()


def not_found_page() -> Page:
    """Return 404.html. It needs no other file; its content-security-policy names what it carries by hash."""
    style, script = ((resource_folder("static") / name).read_text(encoding="utf-8") for name in ("lost.css", "lost.js"))
    return Page(
        "404.html",
        "Nothing here",
        "There is no page at this address.",
        context={
            "style": Markup(style),
            "script": Markup(script),
            "style_hash": _hash(style),
            "script_hash": _hash(script),
        },
    )


def _hash(text: str) -> str:
    """Return a sha256 as content-security-policies write it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
