"""One count of everything: home, models, lists, JSON, search and the build's report agree, and lists add up."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from sample_site import Document, Sample, script_value
from sample_store import DEAD_CLASS, DEAD_UNIT, FAILED_CLASS, FAILED_UNIT, WIDE_LAYER

from atlas.site.catalog.numbers import counted, lost_words, rendered_words
from atlas.site.documents.numbers import Counts


def documents(sample: Sample, pattern: str) -> Iterator[dict[str, Any]]:
    for path in sorted(sample.site.glob(pattern)):
        yield json.loads(path.read_text())


def entries(sample: Sample, pattern: str, name: str) -> list[dict[str, Any]]:
    return [entry for document in documents(sample, pattern) for entry in document["data"][name]]


def numbers_of(sample: Sample, model: str) -> dict[str, Any]:
    return json.loads((sample.site / model / "index.json").read_text())["data"]["numbers"]


@pytest.fixture(params=[0, 1])
def model(request: pytest.FixtureRequest, sample: Sample) -> str:
    """Folder of one of the two models."""
    return f"m/{sorted(path.name for path in (sample.site / 'm').iterdir())[request.param]}"


def test_a_models_numbers_are_those_of_its_lists(sample: Sample, model: str) -> None:
    numbers = numbers_of(sample, model)
    for name, pattern in (("classes", "classes/*.json"), ("units", "l/*/*.json")):
        listed = Counter(
            unit["status"]
            for document in documents(sample, f"{model}/{pattern}")
            if document["kind"] in ("classes", "layer")
            for unit in document["data"]["units"]
        )
        assert {status: listed[status] for status in Counts.model_fields} == numbers[name]
    for status in ("dead", "failed"):
        lost = entries(sample, f"{model}/{status}/*.json", "units")
        assert len(lost) == numbers["classes"][status] + numbers["units"][status]
        for entry in lost:
            page = json.loads((sample.site / model / status / entry["href"].replace(".html", ".json")).read_text())
            assert page["data"]["status"] == status and entry["reason"]
    layers = entries(sample, f"{model}/layers/*.json", "layers")
    rendered = [it.get("counts", {"done": 0})["done"] > 0 for it in layers]
    assert (len(rendered), sum(rendered)) == (numbers["all_layers"], numbers["layers"])
    assert rendered == sorted(rendered, reverse=True)
    assert "logits" not in {it["name"] for it in layers}
    concepts = entries(sample, f"{model}/concepts/*.json", "concepts")
    assert len(concepts) == numbers["concepts"]
    assert len({it["class"] for it in concepts}) == numbers["classes_with_concepts"]
    pages = Counter(document["kind"] for document in documents(sample, f"{model}/**/*.json"))
    assert pages["concept"] == numbers["concepts"]
    firsts = [it for it in documents(sample, f"{model}/p/*.json") if it["data"]["page"] == 1]
    assert len(firsts) == numbers["photos"]


def renderings(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every rendering that is somewhere in a document."""
    if isinstance(value, dict):
        if "command" in value and "job" in value:
            yield value
        else:
            for inner in value.values():
                yield from renderings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from renderings(inner)


def test_pictures_are_finished_renderings_each_counted_once(sample: Sample, model: str) -> None:
    found = {it["key"]: it["status"] for page in documents(sample, f"{model}/**/*.json") for it in renderings(page)}
    assert Counter(found.values())["done"] == numbers_of(sample, model)["pictures"]


def test_the_site_has_what_its_models_have_and_the_build_says_so(sample: Sample) -> None:
    home = json.loads((sample.site / "index.json").read_text())["data"]
    of_models = [it["numbers"] for it in home["models"]]
    for name, value in home["numbers"].items():
        if isinstance(value, dict):
            assert value == {status: sum(it[name][status] for it in of_models) for status in value}
        else:
            assert value == sum(it[name] for it in of_models)
    numbers, report = home["numbers"], sample.report
    assert (report.classes, report.units, report.renderings) == (
        numbers["classes"]["done"],
        numbers["units"]["done"],
        numbers["pictures"],
    )


def sentences_of(document: Document) -> Iterator[str]:
    """Yield the text of a page's paragraphs, and its figures as they are read: the value, then what it is."""
    for element, after in pairwise(document.elements):
        if element.name == "dt" and after.name == "dd":
            yield f"{after.text} {element.text}"
        elif element.name in ("p", "li", "h1", "h2", "figcaption"):
            yield " ".join(element.text.split())


def test_every_sentence_with_a_number_says_the_same_number(sample: Sample) -> None:
    home = json.loads((sample.site / "index.json").read_text())["data"]
    by_folder = {it["href"].rpartition("/")[0]: it["numbers"] for it in home["models"]}
    seen = Counter()
    for address, text in sample.pages():
        words = "\n".join(sentences_of(Document(text)))
        own = [by_folder["/".join(address.split("/")[:2])]] if address.startswith("m/") else []
        allowed = own or [home["numbers"], *by_folder.values()]
        told = {
            r"[\d,]+ class(?:es)? and [\d,]+ units? rendered": [
                rendered_words(it["classes"]["done"], it["units"]["done"]) for it in allowed
            ],
            r"[\d,]+ concepts? of [\d,]+ class(?:es)?": [
                f"{counted(it['concepts'], 'concept')} of {counted(it['classes_with_concepts'], 'class', 'classes')}"
                for it in allowed
            ],
            r"[\d,]+ of [\d,]+ layers? rendered": [
                f"{it['layers']:,} of {counted(it['all_layers'], 'layer')} rendered" for it in allowed
            ],
            r"Layers: [\d,]+ of [\d,]+ rendered": [
                f"Layers: {it['layers']:,} of {it['all_layers']:,} rendered" for it in allowed
            ],
            r"layer \d+ of [\d,]+ ": [
                f"layer {place} of {it['all_layers']:,} " for it in allowed for place in range(1, it["all_layers"] + 1)
            ],
        }
        for pattern, sentences in told.items():
            for found in re.findall(pattern, words):
                assert found in sentences, (address, found)
                seen[pattern] += 1
    assert len(seen) == 5


def test_classes_and_layers_say_their_counts_as_the_lists_have_them(sample: Sample) -> None:
    for path in sorted(sample.site.glob("m/*/classes/*.html")) + sorted(sample.site.glob("m/*/l/*/index.html")):
        data = json.loads(path.with_suffix(".json").read_text())["data"]
        counts = Counter(data["counts"])
        only = sum(
            unit["status"] == "none"
            for other in path.parent.glob("*.json")
            for unit in json.loads(other.read_text())["data"].get("units", [])
        )
        summary = next(it for it in Document(path.read_text()).elements if "data-summary" in it.attributes)
        told = f"{counts['done']:,} rendered{lost_words(counts + Counter(none=only))} of {data['layer']['units']:,} "
        assert summary.text.startswith(told)


def test_search_finds_lists_with_the_same_numbers(sample: Sample) -> None:
    index = script_value((sample.site / "search.js").read_text(), "atlasIndex")
    for entry in index["models"]:
        numbers = numbers_of(sample, entry["folder"])
        pages = {address: (title, kind) for title, kind, address, *_ in entry["pages"]}
        for status in ("dead", "failed"):
            lost = numbers["classes"][status] + numbers["units"][status]
            title, kind = pages[f"{entry['folder']}/{status}/index.html"]
            assert title.lower() == status and kind == counted(lost, "class or unit", "classes and units")
        assert pages[f"{entry['folder']}/concepts/index.html"][1] == counted(numbers["concepts"], "concept")
    names = {name for _, kind, _, name in index["pages"] if kind == "method"}
    assert {"maco", "vital", "preimage"} <= names
    for _, _, address, _ in index["pages"]:
        file, _, anchor = address.partition("#")
        assert (sample.site / file).is_file()
        assert f'id="{anchor}"' in (sample.site / file).read_text() or not anchor


def test_dead_and_failed_units_are_listed_with_their_reasons(sample: Sample) -> None:
    for status, index, unit in (("dead", DEAD_CLASS, DEAD_UNIT), ("failed", FAILED_CLASS, FAILED_UNIT)):
        page = Document(sample.text(f"{sample.first}/{status}/index.html"))
        links = [a.attributes["href"] for a in page.all("a")]
        assert f"../../../{sample.first}/c/{index}.html" in links
        assert f"../../../{sample.first}/l/{WIDE_LAYER}/{unit}.html" in links
        assert "1 class and 1 unit." in page.words()
        assert status != "failed" or "the objective became nan at step 12 of 64 <b>" in page.words()


DERIVED = (
    "activate it most",
    "Selectivity",
    "What drives this logit",
    "Its patches",
    "Reference photos",
    "Concepts of",
)
"""Words beside which photos, and nothing but photos, tell something."""


def test_whatever_demonstration_photos_tell_is_called_a_demonstration(sample: Sample) -> None:
    seen = Counter()
    for address, text in sample.pages():
        document = Document(text)
        claims = [words for words in DERIVED if words in document.words()]
        noticed = any("data-demonstration" in it.attributes and "demonstration" in it.text for it in document.elements)
        if claims and not address.startswith("photos/"):
            assert noticed, (address, claims)
            seen.update(claims)
    assert set(seen) == set(DERIVED)
    for path in sample.site.glob("m/*/**/*.json"):
        statistics = json.loads(path.read_text())["data"].get("statistics")
        assert statistics is None or statistics["demonstration"].startswith("This is a demonstration: 995 photos.")
