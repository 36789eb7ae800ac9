"""The header's navigation: on every page, to what the site has, and never to what it has not."""

import posixpath
from collections import Counter

import pytest
from sample_site import Document, Element, Sample

NEEDED = ["Classes", "Layers", "Concepts", "Compare", "Results", "Methods"]


def entries(document: Document) -> list[Element]:
    """Return the links of the header's navigation."""
    start = next(i for i, it in enumerate(document.elements) if it.attributes.get("id") == "site-nav")
    inside = document.elements[start:]
    end = next(i for i, it in enumerate(inside) if it.name == "search")
    return [element for element in inside[:end] if element.name == "a"]


def test_every_page_leads_to_all_six_lists(sample: Sample) -> None:
    for address, text in sample.pages():
        if address == "404.html":
            continue
        found = entries(Document(text))
        assert [entry.text for entry in found] == NEEDED, address
        current = Counter(entry.attributes.get("aria-current", "") for entry in found)
        assert current["page"] + current["true"] <= 1, address


@pytest.mark.parametrize(
    ("address", "title", "current"),
    [
        ("{first}/classes/index.html", "Classes", "page"),
        ("{first}/classes/page-2.html", "Classes", "true"),
        ("{first}/c/0.html", "Classes", "true"),
        ("{first}/l/blocks.3/17.html", "Layers", "true"),
        ("{first}/layers/index.html", "Layers", "page"),
        ("{first}/c/0/1.html", "Concepts", "true"),
        ("{first}/concepts/index.html", "Concepts", "page"),
        ("{first}/dead/index.html", "", ""),
        ("compare/index.html", "Compare", "page"),
        ("results/index.html", "Results", "page"),
        ("{first}/results/index.html", "Results", "page"),
        ("methods/index.html", "Methods", "page"),
        ("methods/maco.html", "Methods", "true"),
        ("index.html", "", ""),
    ],
)
def test_the_navigation_says_where_one_is(sample: Sample, address: str, title: str, current: str) -> None:
    found = entries(Document(sample.text(address.format(first=sample.first))))
    marked = [(it.text, it.attributes["aria-current"]) for it in found if "aria-current" in it.attributes]
    assert marked == ([(title, current)] if title else [])


def test_lists_are_those_of_the_pages_own_model(sample: Sample) -> None:
    for folder in sorted((sample.site / "m").iterdir()):
        address = f"m/{folder.name}/index.html"
        for entry in entries(Document(sample.text(address))):
            leads = posixpath.normpath(posixpath.join(posixpath.dirname(address), entry.attributes["href"]))
            assert leads.startswith(f"m/{folder.name}/") == (entry.text not in ("Compare", "Methods")), leads
