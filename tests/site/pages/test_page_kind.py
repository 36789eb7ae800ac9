"""A page kind of another package: one module, one template, one entry point, and its pages are pages like ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sample_site import Document, Sample, script_value

from atlas.site import check_links
from atlas.site.page_kind import OURS, PAGE_KINDS, page_kinds
from atlas.store import Store

MODULE = '''
"""The longest names of each model's classes."""
from functools import partial
from pydantic import Field
from atlas.site.documents.base import Document
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind, SearchEntry


class Name(Document):
    """A class and its name."""

    title: str = Field(description="the class's name")
    href: str


class LongestData(Document):
    """The classes of a model with the longest names."""

    classes: tuple[Name, ...]


class Longest(PageKind):
    """Longest names, one page for each model."""

    name = "longest"
    title = "Longest names"
    data = LongestData

    def pages(self, contents):
        for model in contents.catalog.models:
            yield Placed(f"{model.folder}/longest/index.html", partial(self.page, model), model)

    def search(self, contents):
        for model in contents.catalog.models:
            yield SearchEntry("Longest names", "list", f"{model.folder}/longest/index.html", "length", model)

    def page(self, model):
        units = sorted(model.classes.units, key=lambda unit: -len(unit.title))[:3]
        names = tuple(Name(title=unit.title, href="../../../" + unit.address) for unit in units)
        assert all(unit.lead is None or unit.lead.record.status != "done" or unit.lead.picture for unit in units)
        address = f"{model.folder}/longest/index.html"
        return Page(address, "Longest names", "By length.", LongestData(classes=names), {"units": units},
                    crumbs=[Link(model.card.name, model.address), Link("Longest names")])


class Note(PageKind):
    """One page without a file for its template."""

    name = "note"
    title = "A note"
    source = '{% extends "base.html" %}{% block main %}<h1>{{ page.title }}</h1><p>{{ text }}</p>{% endblock %}'

    def pages(self, contents):
        yield Placed("note/index.html", lambda: Page("note/index.html", "A <note>", "Said.", context={"text": "1 < 2"}))


LONGEST, NOTE = Longest(), Note()
'''
TEMPLATE = """{% extends "base.html" %}
{% import "macros.html" as m %}
{% block main %}
<h1>{{ page.title }}</h1>
<ul class="grid">{% for unit in units %}{{ m.tile(unit, root, unit.title, unit.reached) }}{% endfor %}</ul>
{% endblock %}
"""
BUILD = """
import sys
from pathlib import Path
from atlas.errors import AtlasError
from atlas.site import SiteMetadata, build_site
from atlas.store import Store
if __name__ == "__main__":
    try:
        report = build_site(Store(Path(sys.argv[1])), Path(sys.argv[2]), SiteMetadata(url="https://ada.example/"))
        print("unchanged" if report.unchanged else "built", *report.notices, sep="\\n")
    except AtlasError as error:
        print(error.sentence)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with an installed package that brings two page kinds."""
    folder = tmp_path / "site-packages"
    (folder / "names" / "templates").mkdir(parents=True)
    (folder / "names" / "__init__.py").write_text(MODULE)
    (folder / "names" / "templates" / "longest.html").write_text(TEMPLATE)
    install(folder, "longest = names:LONGEST\nnote = names:NOTE\n")
    return folder


def install(folder: Path, points: str) -> None:
    information = folder / "atlas_names-1.2.dist-info"
    information.mkdir(exist_ok=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: atlas-names\nVersion: 1.2\n")
    (information / "entry_points.txt").write_text(f"[atlas.pages]\n{points}")


def build(package: Path, store: Store, site: Path) -> str:
    """Build a site in a process that has the package, and return what it says."""
    path = os.pathsep.join([str(package), *filter(None, sys.path)])
    command = [sys.executable, "-c", BUILD, str(store.path), str(site)]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_its_pages_are_pages_like_ours(package: Path, own_store: Store, tmp_path: Path, sample: Sample) -> None:
    site = tmp_path / "site"
    assert build(package, own_store, site).startswith("built")
    assert check_links(site) == []
    manifest = json.loads((site / "manifest.json").read_text())["pages"]
    addresses = [page["href"] for page in manifest if page["kind"] == "longest"]
    assert len(addresses) == len(list((site / "m").iterdir())) > 1
    sitemap, index = (site / "sitemap.xml").read_text(), script_value((site / "search.js").read_text(), "atlasIndex")
    assert isinstance(index, dict)
    for address in addresses:
        document = json.loads((site / address).with_suffix(".json").read_text())
        schema = json.loads((site / address).parent.joinpath(document["$schema"]).read_text())
        Draft202012Validator(schema).validate(document)
        assert "the class's name" in json.dumps(schema)
        assert f"https://ada.example/{address.removesuffix('index.html')}<" in sitemap
        page = Document((site / address).read_text())
        assert [link.attributes["href"] for link in page.all("a") if link.attributes.get("class") == "tile"]
        home = Document((site / address).parent.parent.joinpath("index.html").read_text())
        assert "Longest names" in [link.text for link in home.all("a")], "the model's page leads to it"
        folder = address.rpartition("/longest/")[0]
        entries = next(model["pages"] for model in index["models"] if model["folder"] == folder)
        assert ["Longest names", "list", address, "length"] in entries
    note = (site / "note" / "index.html").read_text()
    assert "<h1>A &lt;note&gt;</h1><p>1 &lt; 2</p>" in note, "an inline template is escaped as well"
    assert "A note" in [link.text for link in Document((site / "index.html").read_text()).all("a")]
    data = json.loads((site / "data" / "index.json").read_text())["data"]["schemas"]
    assert {"longest", "note"} <= {schema["kind"] for schema in data}
    ours = {path.relative_to(sample.site).as_posix() for path in sample.site.rglob("*.html")}
    theirs = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert theirs - ours == {*addresses, "note/index.html"}


def test_a_change_in_its_module_or_its_template_builds_the_site_again(
    package: Path, own_store: Store, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    assert build(package, own_store, site).startswith("built")
    assert build(package, own_store, site).startswith("unchanged")
    (package / "names" / "templates" / "longest.html").write_text(TEMPLATE.replace("<h1>", "<h1 class=long>"))
    assert build(package, own_store, site).startswith("built")


def test_one_that_cannot_be_loaded_is_said_and_left_out(package: Path, own_store: Store, tmp_path: Path) -> None:
    install(package, "longest = names:LONGEST\nnote = names:NOWHERE\n")
    said = build(package, own_store, tmp_path / "site")
    assert said.startswith("built") and "note" in said and "atlas-names 1.2" in said
    assert list((tmp_path / "site").glob("m/*/longest/index.html")) and not (tmp_path / "site" / "note").exists()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("names = tuple(", "names = 1 / 0 or tuple(", "ZeroDivisionError"),
        ("LongestData(classes=names), {", "None, {", "longest"),
        ('"{model.folder}/longest/index.html", partial', '"../{model.folder}.html", partial', "no address of a page"),
        ('f"{model.folder}/longest/index.html", partial', '"index.html", partial', 'kind "home" at index.html'),
        ("{% extends", "{{ nothing }}{% extends", "UndefinedError"),
    ],
)
def test_one_that_fails_is_named_and_the_old_site_stays(
    package: Path, own_store: Store, tmp_path: Path, before: str, after: str, told: str
) -> None:
    module, template = package / "names" / "__init__.py", package / "names" / "templates" / "longest.html"
    for path, text in ((module, MODULE), (template, TEMPLATE)):
        path.write_text(text.replace(before, after))
    said = build(package, own_store, tmp_path / "site")
    assert 'the page kind "' in said and "atlas-names 1.2" in said and "pip uninstall atlas-names" in said
    assert told in said and not (tmp_path / "site" / "index.html").exists()


def test_ours_are_all_there_in_their_order() -> None:
    assert [kind.name for kind in page_kinds()][: len(OURS)] == list(OURS)
    assert all(PAGE_KINDS.get(name).name == name for name in OURS)
    assert all(kind.template_folder.joinpath(kind.template_name).is_file() for kind in page_kinds() if kind.is_ours)
