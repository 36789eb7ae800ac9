"""The sample store built into a site, once for all tests that only look at it."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sample_store import make_sample_store

from atlas.site import BuildReport, SiteMetadata, build_site
from atlas.store import Store

VOID = {"meta", "link", "img", "input", "br", "hr"}


@dataclass
class Sample:
    """A store, the site made of it, and where things are in it. Look, do not touch: tests share it."""

    store: Store
    site: Path
    report: BuildReport

    @property
    def first(self) -> str:
        """Folder of the model with most pages."""
        folders = sorted((self.site / "m").iterdir())
        return "m/" + max(folders, key=lambda folder: len(list(folder.rglob("*.html")))).name

    def text(self, address: str) -> str:
        """Return a page's HTML."""
        return (self.site / address).read_text(encoding="utf-8")

    def pages(self) -> Iterator[tuple[str, str]]:
        """Yield (address, HTML) of every page."""
        for path in sorted(self.site.rglob("*.html")):
            yield path.relative_to(self.site).as_posix(), path.read_text(encoding="utf-8")


@cache
def _sample(folder: Path) -> Sample:
    store = make_sample_store(folder / "store")
    return Sample(store, folder / "site", build_site(store, folder / "site", SiteMetadata()))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The sample store and its site."""
    return _sample(tmp_path_factory.getbasetemp() / "sample")


@pytest.fixture
def own_store(sample: Sample, tmp_path: Path) -> Store:
    """A copy of the sample store, with its derived pictures, that a test may damage."""
    shutil.copytree(sample.store.path, tmp_path / "store")
    return Store(tmp_path / "store")


@dataclass
class Element:
    """One element of a page: its name, its attributes and the text directly or indirectly in it."""

    name: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Document(HTMLParser):
    """A parsed page: all of its elements in order."""

    elements: list[Element] = field(default_factory=list)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements = []
        self._open: list[Element] = []
        self.feed(text)
        assert [element.name for element in self._open] == [], "elements left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1].name == tag, f"</{tag}> closes nothing"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, name: str) -> list[Element]:
        """Return the elements of that name."""
        return [element for element in self.elements if element.name == name]

    def words(self) -> str:
        """Return the page's text with single spaces."""
        return re.sub(r"\s+", " ", self.all("body")[0].text)


def script_value(text: str, function: str) -> object:
    """Return the value that a script hands over."""
    assert text.startswith(f"{function}(") and text.endswith(");\n") and "</" not in text
    return json.loads(text.removeprefix(f"{function}(").removesuffix(");\n"))
