"""The link check: every address inside a built site leads to a file, and every anchor to an element."""

import html
import posixpath
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from atlas.core.data_files import read_json
from atlas.errors import DataFileError

# Attribute values are always quoted and escaped in our pages, so these cannot match inside text.
ATTRIBUTE = re.compile(r'\s(href|src|srcset|data-masked|data-grid|data-compare|data-recipe)="([^"]*)"')
ANCHOR = re.compile(r'\sid="([^"]*)"')
ROOT = re.compile(r'<html[^>]*\sdata-root="(/[^"]*)"')
DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""What a JSON Schema names as its own schema."""
LOADED = re.compile(r'<link (?![^>]*rel="canonical")[^>]*\shref="([^"]*)"')


def check_links(output: Path) -> list[str]:
    """Return one sentence for every broken internal link of the site in ``output``, sorted; empty if all is well.

    Looked at: ``href``, ``src``, ``srcset`` and our data attributes in pages, their anchors, and in JSON files every
    ``href``, ``src``, ``$schema`` and member of ``links``; JSON Schemas hold none. An address that starts at the
    server's root is broken too, for it ignores the path under which a site is published; so is a picture, style or
    script from another host.
    """
    return sorted(set(_Checker(output).problems()))


class _Checker:
    def __init__(self, output: Path) -> None:
        self.output = output
        self._anchors: dict[str, set[str]] = {}
        self._sound: set[tuple[str, str, bool]] = set()
        """(folder, address, may leave) of links found sound: pages of one folder share most of theirs."""

    @cached_property
    def files(self) -> set[str]:
        return {path.relative_to(self.output).as_posix() for path in self.output.rglob("*") if path.is_file()}

    def problems(self) -> Iterator[str]:
        for name in self.files:
            if name.endswith(".html"):
                yield from self._check_page(name)
            elif name.endswith(".json") and not posixpath.basename(name).startswith("."):
                yield from self._check_json(name)

    def _check_page(self, name: str) -> Iterator[str]:
        text = (self.output / name).read_text(encoding="utf-8")
        rooted = ROOT.search(text)
        base = html.unescape(rooted[1]) if rooted else None
        for address in LOADED.findall(text):
            yield from self._check(name, html.unescape(address), base, may_leave=False)
        seen = set()
        for attribute, value in ATTRIBUTE.findall(text):
            if (attribute, value) not in seen:
                seen.add((attribute, value))
                for address in _addresses(attribute, html.unescape(value)):
                    yield from self._check(name, address, base, may_leave=attribute == "href")

    def _check_json(self, name: str) -> Iterator[str]:
        try:
            document = read_json(self.output / name, "page's data")
        except DataFileError as error:
            yield f"{name}: {error.problems[0]}"
            return
        if isinstance(document, dict) and document.get("$schema") == DIALECT:
            return
        for address in set(_json_addresses(document)):
            yield from self._check(name, address, None, may_leave=False)

    def _check(self, source: str, address: str, base: str | None, may_leave: bool) -> Iterator[str]:
        if base is not None and address.startswith(base):
            address, source = address[len(base) :] or "index.html", posixpath.basename(source)
        place = (posixpath.dirname(source), address, may_leave)
        if place not in self._sound:
            problem = self._problem(source, address, may_leave)
            if problem:
                yield f"{source}: {address} {problem}"
            elif not address.startswith("#"):
                self._sound.add(place)

    def _problem(self, source: str, address: str, may_leave: bool) -> str:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return "" if may_leave and parts.scheme in ("http", "https", "mailto") else "is on another host"
        if parts.path.startswith("/"):
            return "starts at the server's root"
        target = (
            posixpath.normpath(posixpath.join(posixpath.dirname(source), unquote(parts.path))) if parts.path else source
        )
        if target not in self.files:
            return "leads nowhere"
        if parts.fragment and target.endswith(".html") and unquote(parts.fragment) not in self._anchors_of(target):
            return "has no such anchor"
        return ""

    def _anchors_of(self, name: str) -> set[str]:
        if name not in self._anchors:
            self._anchors[name] = set(ANCHOR.findall((self.output / name).read_text(encoding="utf-8")))
        return self._anchors[name]


def _addresses(attribute: str, value: str) -> Iterator[str]:
    if attribute == "srcset":
        yield from (candidate.split()[0] for candidate in value.split(",") if candidate.strip())
    elif attribute == "data-recipe":
        yield f"#{value}"
    else:
        yield value


def _json_addresses(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            if key in ("href", "src", "$schema") and isinstance(member, str):
                yield member
            elif key == "links" and isinstance(member, dict):
                yield from (address for address in member.values() if isinstance(address, str))
            else:
                yield from _json_addresses(member)
    elif isinstance(value, list) and not (value and isinstance(value[0], float)):  # a trace holds no addresses
        for member in value:
            yield from _json_addresses(member)
