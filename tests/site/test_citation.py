"""Citations: what BibTeX reads of them is what was meant, whatever names hold; what is not stated is said."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import keep
from sample_site import Document, Sample
from sample_store import card, job, record

from atlas.core.job import Target
from atlas.site import SiteMetadata, build_site
from atlas.site.build import unsaid
from atlas.site.citation import Citation, tex
from atlas.store import Store

NAMES = [
    "Doe, Jane and Roe, Rick",
    "Łukasz Żółć",
    "O'Hara & Söhne {GmbH}",
    "100 % #1 _x_ ~ ^ $y$ \\LaTeX",
    "山田 太郎",
    'An "Author"',
    "a\u202eb\x00c\nd",
]


def fields_of(entry: str) -> dict[str, str]:
    """Read a BibTeX entry as BibTeX does: values in balanced braces, each on a field's line."""
    assert entry.count("{") == entry.count("}")
    head, *lines, last = entry.split("\n")
    assert re.fullmatch(r"@misc\{[A-Za-z0-9.:_-]+,", head) and last == "}"
    found = {}
    for line in lines:
        name, value = re.fullmatch(r"  ([a-z]+) = \{(.*)\},", line).groups()
        depth = 0
        for letter in value:
            depth += {"{": 1, "}": -1}.get(letter, 0)
            assert depth >= 0
        assert depth == 0
        found[name] = value
    return found


def citation(**values: object) -> Citation:
    known = {"key": "k", "title": "t", "author": "", "atlas": "a", "licence": "", "url": "", "date": "2026-11-27"}
    return Citation(**{**known, "methods": ("MACO",), "weights": "ab" * 32, "rendering": "0123456789ab"} | values)


@pytest.mark.parametrize("name", NAMES)
def test_an_author_is_one_name_in_braces_without_anything_that_tex_reads(name: str) -> None:
    author = fields_of(citation(author=name).bibtex)["author"]
    assert author.startswith("{") and author.endswith("}"), "or BibTeX splits it at commas and at and"
    plain = author[1:-1]
    for command in (r"\textasciitilde{}", r"\textasciicircum{}", r"\%", r"\&", r"\#", r"\_", r"\$"):
        plain = plain.replace(command, "")
    assert not re.search(r"[\\{}%&#_$~^\x00-\x1f\u202e]", plain)
    for word in re.findall(r"[^\W\d_]{3,}", name):
        assert word in author


@given(st.text(max_size=60))
def test_no_text_breaks_an_entry(text: str) -> None:
    made = citation(title=text, author=text, atlas=text, licence=text)
    assert {"title", "author", "year", "urldate", "note"} <= set(fields_of(made.bibtex))
    assert tex(tex("plain text")) == "plain text"


def test_what_is_not_stated_is_said_and_what_is_stated_is_there() -> None:
    bare, full = citation(), citation(author="Ada", licence="CC BY 4.0", url="https://a.example/atlas/m/x/c/1.html")
    assert fields_of(bare.bibtex)["author"] == "{author not stated}" and "url" not in fields_of(bare.bibtex)
    assert "licence not stated" in bare.bibtex and "address not stated" in bare.bibtex
    entry = fields_of(full.bibtex)
    assert entry["url"] == "https://a.example/atlas/m/x/c/1.html" and entry["urldate"] == "2026-11-27"
    assert "methods: MACO" in entry["note"] and "0123456789ab" in entry["note"] and "CC BY 4.0" in entry["note"]
    assert "not stated" not in full.bibtex + full.text


def test_every_citable_page_has_its_own_key(sample: Sample) -> None:
    keys = {}
    for path in sorted(sample.site.glob("m/**/*.json")):
        document = json.loads(path.read_text())
        cited = document["kind"] in ("class", "unit", "concept") or (
            document["kind"] == "photo" and document["data"]["page"] == 1
        )
        if cited:
            made = document["citation"]
            assert keys.setdefault(made["key"], path) == path
            assert (made["bibtex"].startswith(f"@misc{{{made['key']},") and made["methods"]) or not made["rendering"]
            entry = Document(path.with_suffix(".html").read_text())
            assert [it.text for it in entry.all("pre") if "data-bibtex" in it.attributes] == [made["bibtex"]]
    assert len(keys) > 200


def test_a_key_stays_when_the_atlas_grows(sample: Sample, tmp_path: Path) -> None:
    store = Store(tmp_path / "store", create=True)
    store.save_card(card("a"))
    made, pictures = record(job("a", Target(kind="logit", layer="logits", unit=1)), side=32)
    keep(store, made, pictures)
    build_site(store, tmp_path / "site", SiteMetadata())
    (alone,) = (tmp_path / "site").glob("m/*/c/1.json")
    grown = json.loads((sample.site / sample.first / "c" / "1.json").read_text())
    assert json.loads(alone.read_text())["citation"]["key"] == grown["citation"]["key"]


def test_the_foot_of_every_page_and_the_build_say_what_is_not_stated(sample: Sample, tmp_path: Path) -> None:
    (notice,) = sample.report.notices
    assert "author, licence (of the pictures) and url" in notice
    for address, text in sample.pages():
        for words in ("author not stated", "licence not stated", "address not stated"):
            assert address == "404.html" or words in text, address
    stated = SiteMetadata(author="Ada", licence="CC BY 4.0", url="https://a.example/atlas")
    assert list(unsaid(stated)) == []
    assert list(unsaid(SiteMetadata(author="Ada", url="https://a.example"))) == [
        "the [site] table states no licence (of the pictures): pages and citations say that it is not stated"
    ]
    build_site(sample.store, tmp_path / "site", stated)
    page = Document((tmp_path / "site" / sample.first / "c" / "1.html").read_text())
    footer = page.all("footer")[0].text
    assert "by Ada" in footer and "CC BY 4.0" in footer and "not stated" not in footer
    assert f"https://a.example/atlas/{sample.first}/c/1.html" in footer and "Cite as: Ada (2026)." in footer
