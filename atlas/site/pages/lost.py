"""The page for addresses that lead nowhere: hosts show it at any depth, so that it carries its own style and script."""

import base64
import hashlib

from markupsafe import Markup

from atlas.site.page import Page
from atlas.site.resources import resource_folder


def lost_page() -> Page:
    """Return 404.html. It needs no other file; its content-security-policy names what it carries by hash."""
    style, script = ((resource_folder("static") / name).read_text(encoding="utf-8") for name in ("lost.css", "lost.js"))
    return Page(
        "404.html",
        "404.html",
        "error",
        "Nothing here",
        "There is no page at this address.",
        context={
            "style": Markup(style),
            "script": Markup(script),
            "style_hash": _hash(style),
            "script_hash": _hash(script),
        },
        is_error=True,
    )


def _hash(text: str) -> str:
    """Return a sha256 as content-security-policies write it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
