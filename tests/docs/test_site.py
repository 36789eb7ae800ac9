"""The documentation as a site: it builds without a warning, asks no other host for anything, has no dead links."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from documentation import ROOT

LOADED = {"audio", "embed", "iframe", "img", "input", "script", "source", "track", "video"}
LINKS = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "modulepreload", "manifest"}
NOWHERE = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https", "HTTP", "HTTPS")}


class Document(HTMLParser):
    """The addresses of a page: what it loads, what it links to, and the places in it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADED:
            self.loads += [given[name] for name in ("src", "srcset") if name in given]
        if tag == "link" and LINKS & set(given.get("rel", "").split()):
            self.loads.append(given["href"])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built from copies on a machine whose network leads nowhere."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("docs", "atlas", "reference"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "zensical.toml", folder)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    environment = os.environ | NOWHERE | {"PYTHONPATH": ""}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "griffe:" not in ended.stdout + ended.stderr
    return folder / "build" / "docs"


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, Document]:
    return {file: Document(file) for file in built.rglob("*.html")}


def test_every_page_is_there(built: Path):
    made = {file.relative_to(ROOT / "docs").with_suffix("") for file in (ROOT / "docs").rglob("*.md")}
    shown = {file.parent.relative_to(built) for file in built.rglob("index.html")}
    assert shown == {Path(".") if page == Path("index") else page for page in made}


def test_nothing_is_asked_of_another_host(built: Path, pages: dict[Path, Document]):
    assert len(pages) > 15
    for file, page in pages.items():
        assert [address for address in page.loads if "//" in address.partition("?")[0]] == [], file
    for file in built.rglob("*.css"):
        text = file.read_text(encoding="utf-8")
        assert "url(http" not in text and "url(//" not in text and "@import" not in text, file
    for file in built.rglob("*.html"):
        assert 'data-md-component="source"' not in file.read_text(encoding="utf-8"), "asks a host for stars"


def test_links_between_pages_lead_somewhere(pages: dict[Path, Document]):
    for file, page in pages.items():
        for link in page.links:
            for target, place in _within(file, link):
                assert target in pages or target.is_file(), f"{file}: {link}"
                assert not place or target not in pages or place in pages[target].places, f"{file}: {link}"


def _within(file: Path, link: str) -> Iterator[tuple[Path, str]]:
    """Yield file and place that a link within the site leads to; nothing for other links."""
    address, place = urldefrag(link)
    if "://" in address or address.startswith(("mailto:", "/")) or file.name == "404.html":
        return
    target = (file.parent / unquote(address)).resolve() if address else file.resolve()
    yield target / "index.html" if target.is_dir() else target, unquote(place)
