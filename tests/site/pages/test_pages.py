"""The pages of the sample site: safe, relative, lean, accessible, complete."""

import gzip
import html
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pydantic import ValidationError
from records import keep, record_of
from sample_site import Document, Sample, script_value
from sample_store import (
    ARABIC_NAME,
    CLASSES,
    DEAD_CLASS,
    DEAD_UNIT,
    FAILED_CLASS,
    FAILED_UNIT,
    LONG_NAME,
    PATH_NAME,
    RICH_UNIT,
    SCRIPT_NAME,
    WIDE_LAYER,
    WIDE_UNITS,
    card,
    job,
    make_sample_store,
    record,
)

from atlas.core.job import Job, ModelIdentity, Target
from atlas.core.method_card import MethodCard, Paper, ParameterCard, Preset
from atlas.core.record import Record
from atlas.site import SiteMetadata, build_site
from atlas.site.page import PAGE_SIZE
from atlas.site.pages import method as method_pages
from atlas.site.words import formats
from atlas.store import Store

GRIDS = ("classes", "layer")
FROM_PHOTOS = ("photo", "inversions", "caricatures", "accentuations", "adversarial")


@pytest.fixture(scope="session")
def documents(sample: Sample) -> dict[str, Document]:
    """Every page but that for lost readers, parsed; parsing fails if an element is not closed."""
    return {address: Document(text) for address, text in sample.pages() if address != "404.html"}


def kind_of(address: str) -> str:
    parts = address.split("/")
    if "/c/" in address:
        return "class" if parts[-2] == "c" else "concept"
    if "/classes/" in address:
        return "classes"
    if "/l/" in address:
        return "unit" if parts[-1][0].isdigit() else "layer"
    if address == "methods/index.html":
        return "methods"
    if parts[0] == "compare":
        return "compare" if len(parts) == 2 else "comparison"
    if parts[0] == "m" and len(parts) == 4:
        return "photo" if parts[2] == "p" else parts[2]
    return {"m": "model", "methods": "method"}.get(parts[0], parts[0].removesuffix(".html"))


def test_every_kind_of_page_is_there(documents: dict[str, Document]) -> None:
    assert {kind_of(address) for address in documents} == {
        "index", "model", "classes", "class", "layer", "unit", "concept", "method", "methods", "metrics", "photos",
        "layers", "concepts", "dead", "failed", "data", "results",
        "photo", "inversions", "caricatures", "accentuations", "adversarial", "compare", "comparison",
    }  # fmt: skip


# --- safety ----------------------------------------------------------------------------------------------------------


def test_nothing_hostile_becomes_markup(sample: Sample, documents: dict[str, Document]) -> None:
    hostile = 0
    for address, document in documents.items():
        names = {element.name for element in document.elements}
        assert "b<" not in names and not names & {"iframe", "object", "style"}, address
        for script in document.all("script"):
            assert script.attributes["src"].endswith(".js") and not script.text, address
        hostile += SCRIPT_NAME in document.words()
    assert hostile >= 5
    assert SCRIPT_NAME not in "".join(text for _, text in sample.pages())


def test_no_page_has_inline_script_or_style(documents: dict[str, Document]) -> None:
    for address, document in documents.items():
        for element in document.elements:
            assert not [name for name in element.attributes if name == "style" or name.startswith("on")], address


def test_the_policy_allows_only_the_sites_own_files(documents: dict[str, Document]) -> None:
    for document in documents.values():
        (policy,) = [
            meta.attributes["content"]
            for meta in document.all("meta")
            if meta.attributes.get("http-equiv") == "content-security-policy"
        ]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy and "*" not in policy and "http" not in policy


def test_file_names_come_from_indices_and_cleaned_names(sample: Sample) -> None:
    for path in sample.site.rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,90}", path.name), path
    assert not list(sample.site.parent.glob("etc*"))


@pytest.mark.parametrize("name", [SCRIPT_NAME, PATH_NAME, LONG_NAME, ARABIC_NAME])
def test_every_name_is_shown_as_it_is_in_its_own_direction(sample: Sample, name: str) -> None:
    index = [label.name for label in CLASSES].index(name)
    (heading,) = Document(sample.text(f"{sample.first}/c/{index}.html")).all("h1")
    assert heading.text == name and heading.attributes["dir"] == "auto"


def addresses(document: Document) -> Iterator[tuple[str, str, str]]:
    for element in document.elements:
        for name in ("href", "src"):
            if name in element.attributes:
                yield element.name, element.attributes.get("rel", ""), element.attributes[name]
        for candidate in element.attributes.get("srcset", "").split(","):
            if candidate.strip():
                yield element.name, "", candidate.split()[0]


def test_all_addresses_are_relative_and_only_references_leave(documents: dict[str, Document]) -> None:
    outside = set()
    for page, document in documents.items():
        for name, rel, address in addresses(document):
            assert not address.startswith("/"), page
            if ":" in address:
                assert name == "a" and rel == "noreferrer", (page, address)
                outside.add(address)
    papers = (
        "https://arxiv.org/abs/",
        "https://distill.pub/",
        "https://doi.org/",
        "https://bit.ly/",
        "https://www.jmlr.org/",
    )
    assert outside and all(address.startswith((*papers, "https://photos.example/")) for address in outside)


def test_static_files_name_no_other_host(sample: Sample) -> None:
    for path in (sample.site / "static").iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"[a-z]:?//[a-z]|url\(|@import|fetch\(|XMLHttp|sendBeacon", text), path


# --- budgets ---------------------------------------------------------------------------------------------------------


def test_pages_keep_the_budgets(sample: Sample, documents: dict[str, Document]) -> None:
    for address, document in documents.items():
        limit = 1200 if kind_of(address) in GRIDS else 800
        assert len(document.elements) <= limit, address
        assert (sample.site / address).stat().st_size <= 50_000, address


def test_a_first_view_is_small_even_if_every_picture_is_fetched(sample: Sample, documents: dict[str, Document]) -> None:
    static = sum(path.stat().st_size for path in (sample.site / "static").iterdir())
    for address, document in documents.items():
        hidden = "m" if document.all("html")[0].attributes["data-view"] == "raw" else "r"
        largest: dict[str, int] = {}  # a sprite is fetched once, however many of its cells are shown
        for image in document.all("img"):
            if image.attributes.get("class", "").split(" ")[0] == hidden or "by-night" in image.attributes["class"]:
                continue  # the other view, or the other theme's plot: hidden, lazy and so not fetched
            source = image.attributes.get("srcset", image.attributes["src"]).split(",")[-1].split()[0]
            largest[source] = ((sample.site / address).parent / source).stat().st_size
        assert len(largest) + 4 <= 40, address
        assert sum(largest.values()) + static + (sample.site / address).stat().st_size <= 600_000, address


def test_scripts_and_styles_keep_the_budgets(sample: Sample) -> None:
    sizes = {path.suffix: len(gzip.compress(path.read_bytes())) for path in (sample.site / "static").iterdir()}
    assert sizes[".js"] <= 30_000 and sizes[".css"] <= 15_000
    assert len(gzip.compress((sample.site / "search.js").read_bytes())) <= 150_000


def test_at_most_one_picture_is_eager(documents: dict[str, Document]) -> None:
    for address, document in documents.items():
        eager = [image for image in document.all("img") if image.attributes.get("loading") != "lazy"]
        assert len(eager) <= 1, address
        if any(element.attributes.get("class") == "hero" for element in document.all("figure")):
            assert len(eager) == 1 and "fetchpriority" in eager[0].attributes, address


def test_every_picture_has_its_size_and_thumbnails_a_choice(documents: dict[str, Document]) -> None:
    for address, document in documents.items():
        for image in document.all("img"):
            width, height = int(image.attributes["width"]), int(image.attributes["height"])
            sprite = re.search(r"\bw\d+ x\d+ y\d+$|^card-row-\d$", image.attributes.get("class", ""))
            plot = image.attributes.get("class", "").startswith("plot ")
            assert width > 0 and height > 0 and (sprite or plot or width == height), address
            assert "alt" in image.attributes, address
            assert ("srcset" in image.attributes) == ("sizes" in image.attributes), address


# --- accessibility ---------------------------------------------------------------------------------------------------


def test_every_page_has_landmarks_one_heading_and_a_skip_link(documents: dict[str, Document]) -> None:
    for address, document in documents.items():
        assert len(document.all("h1")) == 1 and document.all("h1")[0].text.strip(), address
        for landmark in ("header", "main", "footer", "search"):
            assert len(document.all(landmark)) == 1, address
        assert document.all("html")[0].attributes["lang"] == "en"
        first = document.all("a")[0]
        assert first.attributes["href"] == "#main" and document.all("main")[0].attributes["id"] == "main"
        levels = [int(element.name[1]) for element in document.elements if re.fullmatch("h[1-6]", element.name)]
        assert all(after - before <= 1 for before, after in pairwise(levels)), address


def test_names_of_anchors_are_unique_and_labels_lead_somewhere(documents: dict[str, Document]) -> None:
    for address, document in documents.items():
        names = [element.attributes["id"] for element in document.elements if "id" in element.attributes]
        assert len(names) == len(set(names)), address
        for element in document.elements:
            for attribute in ("for", "aria-labelledby", "aria-controls"):
                if attribute in element.attributes:
                    assert element.attributes[attribute] in names, address


def test_full_pictures_are_described(documents: dict[str, Document]) -> None:
    for address, document in documents.items():
        for image in document.all("img"):
            if kind_of(address) != "photo" and "fetchpriority" in image.attributes and image.attributes["alt"]:
                described = (
                    r"rendering of what (raises|lowers) .*seed \d+|^Concept \d+ of .*(total Sobol index 0|of the logit)"
                )
                assert re.search(described, image.attributes["alt"])


# --- paging ----------------------------------------------------------------------------------------------------------


def wide_pages(sample: Sample) -> list[str]:
    folder = sample.site / sample.first / "l" / WIDE_LAYER
    numbered = sorted(folder.glob("page-*.html"), key=lambda path: int(path.stem.removeprefix("page-")))
    return [path.relative_to(sample.site).as_posix() for path in [folder / "index.html", *numbered]]


def test_a_wide_layer_is_paged_without_loss(sample: Sample) -> None:
    pages = wide_pages(sample)
    assert len(pages) == -(-WIDE_UNITS // PAGE_SIZE) and PAGE_SIZE <= 100
    seen: list[int] = []
    for address in pages:
        tiles = [a for a in Document(sample.text(address)).all("a") if a.attributes.get("class") == "tile"]
        assert len(tiles) <= PAGE_SIZE
        seen += [int(Path(tile.attributes["href"]).stem) for tile in tiles]
    assert seen == list(range(WIDE_UNITS))


def test_pages_link_one_another_in_plain_html(sample: Sample) -> None:
    pages = wide_pages(sample)
    for place, address in enumerate(pages):
        links = {a.attributes.get("rel"): a.attributes["href"] for a in Document(sample.text(address)).all("a")}
        neighbours = {"prev": place - 1, "next": place + 1}
        for rel, other in neighbours.items():
            if 0 <= other < len(pages):
                assert links[rel].endswith(Path(pages[other]).name)
            else:
                assert rel not in links


def test_units_lead_back_to_the_page_that_lists_them(sample: Sample) -> None:
    crumbs = [a.attributes["href"] for a in Document(sample.text(f"{sample.first}/l/{WIDE_LAYER}/100.html")).all("a")]
    assert f"../../../../{sample.first}/l/{WIDE_LAYER}/page-3.html" in crumbs


# --- content ---------------------------------------------------------------------------------------------------------


def test_two_models_of_one_name_have_their_own_pages(sample: Sample) -> None:
    assert len(list((sample.site / "m").iterdir())) == 2


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"c/{DEAD_CLASS}.html", ["dead", "No gradient reached the image within 64 steps, nor did"]),
        (f"l/{WIDE_LAYER}/{DEAD_UNIT}.html", ["dead", "No gradient reached the image within 64 steps, nor did"]),
        (f"c/{FAILED_CLASS}.html", ["failed", "the objective became nan at step 12 of 64 <b>"]),
        (f"l/{WIDE_LAYER}/{FAILED_UNIT}.html", ["failed", "left the range of numbers"]),
    ],
)
def test_a_unit_without_a_picture_says_so_and_why(sample: Sample, address: str, words: list[str]) -> None:
    document = Document(sample.text(f"{sample.first}/{address}"))
    assert not [image for image in document.all("img") if "fetchpriority" in image.attributes]
    assert all(word in document.words() for word in words)


def test_what_tells_models_of_one_name_and_weights_apart_is_said(tmp_path: Path) -> None:
    """One that an earlier version stored, with a unit that it called dead; one of another structure; one that computes
    something else."""
    store = Store(tmp_path / "store", create=True)
    plain = card("a")
    cards = {
        name: plain.model_copy(update={"identity": ModelIdentity(**(dict(plain.identity) | fields))})
        for name, fields in {"old": {"structure": None}, "new": {}, "changed": {"variant": "ab" * 32}}.items()
    }
    for each in cards.values():
        own = Job(**(dict(job("a", Target(kind="channel", layer="blocks.0", unit=1))) | {"model": each.identity}))
        dead, _ = record(own, "dead")
        store.save_card(each)
        keep(store, dead, {})
    build_site(store, tmp_path / "site", SiteMetadata())
    home = Document((tmp_path / "site" / "index.html").read_text()).words()
    pages = {
        name: folder
        for folder in (tmp_path / "site" / "m").iterdir()
        for name, each in cards.items()
        if each.identity.fingerprint in (folder / "index.html").read_text()
    }
    words = {name: Document((folder / "index.html").read_text()).words() for name, folder in pages.items()}
    assert len(pages) == 3 and all(each.identity.fingerprint[:8] in home for each in cards.values())
    assert ["by an earlier version" in words[name] for name in ("old", "new", "changed")] == [True, False, False]
    assert ["computes something else" in words[name] for name in ("old", "new", "changed")] == [False, False, True]
    units = {name: Document(next(folder.glob("l/*/1.html")).read_text()).words() for name, folder in pages.items()}
    assert "An earlier version of the renderer called it dead after 64 steps" in units["old"]
    assert "No gradient reached the image within 64 steps" in units["new"]


def test_counts_add_up(sample: Sample) -> None:
    data = json.loads((sample.site / "index.json").read_text())["data"]
    counts = data["counts"]
    units = [
        page
        for page in json.loads((sample.site / "manifest.json").read_text())["pages"]
        if page["kind"] in ("class", "unit")
    ]
    assert sum(counts.values()) == len(units) - 1  # the class that was not rendered itself
    assert (counts["dead"], counts["failed"]) == (2, 2)
    words = Document(sample.text("index.html")).words()
    numbers = data["numbers"]
    classes, units = numbers["classes"]["done"], numbers["units"]["done"]
    assert classes + units == counts["done"]
    assert f"{classes} classes and {units} units rendered · 2 dead · 2 failed · 1 with concepts only" in words


def test_every_rendering_has_its_recipe(sample: Sample) -> None:
    seen = 0
    classes = (path for path in sample.site.glob("m/*/c/*.json") if "channels" not in path.stem)
    for path in sorted(classes) + sorted(sample.site.glob(f"m/*/l/{WIDE_LAYER}/{RICH_UNIT}.json")):
        words = Document(path.with_suffix(".html").read_text()).words()
        for rendering in json.loads(path.read_text())["data"]["renderings"]:
            job, provenance = rendering["job"], rendering["provenance"]
            assert f"atlas render --only {rendering['key'][:12]}" in words
            for said in (
                rendering["key"],
                job["model"]["weights"],
                job["model"]["architecture"],
                job["numerics"],
                f"{job['method']}, version {job['version']}",
                provenance["device"],
                provenance["created"],
                *(f"{name} {version}" for name, version in provenance["versions"].items()),
                *job["parameters"],
            ):
                assert said in words, (path, said)
            seen += 1
    assert seen > 45


def test_a_unit_shows_all_its_renderings_each_under_its_own_name(sample: Sample) -> None:
    for address, number in (("c/0.html", 8), (f"l/{WIDE_LAYER}/{RICH_UNIT}.html", 7)):
        zooms = [
            a
            for a in Document(sample.text(f"{sample.first}/{address}")).all("a")
            if a.attributes.get("class") == "zoom"
        ]
        assert len({zoom.attributes["data-title"] for zoom in zooms}) == len(zooms) == number


def test_a_picture_without_transparency_is_the_same_in_both_views(sample: Sample) -> None:
    document = Document(sample.text(f"{sample.first}/c/0.html"))
    (foreign,) = [a for a in document.all("a") if "third-party" in a.attributes.get("data-title", "")]
    assert "data-masked" not in foreign.attributes


def test_method_pages_say_what_is_known(sample: Sample) -> None:
    known, foreign = (Document(sample.text(f"methods/{name}.html")).words() for name in ("maco", "third-party"))
    for words in (known, foreign):
        for author in ("Geirhos", "Zimmermann", "Borowski"):
            assert author in words
    assert "Fel, Boissin" in known and "64; 128" in known
    assert "strength" in foreign and "0.5" in foreign and "has lost its description" in foreign


def test_a_method_of_another_package_gets_the_same_pages_texts_and_listings(tmp_path: Path) -> None:
    """What its card in the store says of it, and nothing of the package, which the machine of the site may not have."""
    store = make_sample_store(tmp_path / "store", side=16)
    strength = ParameterCard(name="strength", meaning="how strongly <it> pulls", unit="N", default=1.0)
    paper = Paper(title="On pulling", authors="Puller", year=2031, venue="A journal", url="https://example.org/pull")
    first = MethodCard(name="third-party", version=1, title="Old name", summary="It pulls.")
    second = MethodCard(
        name="third-party",
        version=2,
        title="The Third",
        summary="It pulls at pictures.",
        paragraphs=("It pulls at every pixel.",),
        limits=("It may pull too far.",),
        paper=paper,
        kinds=("logit",),
        needs=("a rope",),
        data="Three ropes, CC0",
        parameters=(strength,),
        presets={"draft": Preset(summary="a quick <look>, 2 s", parameters={"strength": 0.25})},
    )
    for known in (second, first):
        store.save_method(known)
    build_site(store, tmp_path / "site", SiteMetadata())
    page = Document((tmp_path / "site" / "methods" / "third-party.html").read_text(encoding="utf-8"))
    for words in (
        "The Third", "It pulls at every pixel.", "It may pull too far.", "Puller (2031)", "On pulling", "A journal",
        "it needs a rope", "Three ropes, CC0", "how strongly <it> pulls [N]", "0.5",
        "a quick <look>, 2 s", "strength = 0.25", 'preset = "draft"',
    ):  # fmt: skip
        assert words in page.words()
    told = json.loads((tmp_path / "site" / "methods" / "third-party.json").read_text(encoding="utf-8"))["data"]
    assert told["presets"]["draft"]["parameters"] == {"strength": 0.25}
    listed = Document((tmp_path / "site" / "methods" / "index.html").read_text(encoding="utf-8")).words()
    assert "The Third" in listed and "It pulls at pictures." in listed
    (home,) = [(tmp_path / "site" / "index.html").read_text(encoding="utf-8")]
    assert "The Third" in home and "third-party.html" in home
    made = [path.read_text(encoding="utf-8") for path in (tmp_path / "site").glob("m/*/c/*.html")]
    assert any('<dt title="steps of NAdam (paper: 256)">steps</dt>' in page for page in made)


def test_values_of_a_parameter_are_in_order() -> None:
    written = ["0.35", "null", "0.5", "128", "64", '"cosine"', "-1", "true"]
    assert sorted(written, key=method_pages.order) == ["-1", "0.35", "0.5", "64", "128", "null", "true", '"cosine"']


def test_the_trace_has_axes_and_says_in_words_what_it_shows(sample: Sample) -> None:
    rendering = json.loads((sample.site / sample.first / "c" / "1.json").read_text())["data"]["renderings"][0]
    trace = rendering["trace"]
    assert trace[0] < max(trace) > trace[-1]  # or the words could not be told apart
    document = Document(sample.text(f"{sample.first}/c/1.html"))
    label = next(it for it in document.elements if it.attributes.get("class") == "trace-plot").attributes["aria-label"]
    shown = {
        it.attributes["class"]: it.text for it in document.all("span") if "trace-" in it.attributes.get("class", "")
    }
    assert shown == {
        "trace-most": formats.number(max(trace)),
        "trace-least": formats.number(min(trace)),
        "trace-first": "step 1",
        "trace-last": f"step {len(trace)}",
    }
    assert all(formats.number(value) in label for value in (trace[0], trace[-1], min(trace), max(trace)))


def test_the_footer_has_versions_and_date(documents: dict[str, Document]) -> None:
    for document in documents.values():
        footer = document.all("footer")[0].text
        assert "torch 2.9.0" in footer and re.search(r"newest result\s+2026-11-\d\d", footer)


def test_bibtex_names_weights_and_rendering(sample: Sample) -> None:
    (entry,) = Document(sample.text(f"{sample.first}/c/10.html")).all("pre")
    assert entry.text.startswith("@misc{") and entry.text.count("{") == entry.text.count("}")
    assert r"\$x\_1\textasciicircum{}2\$" in entry.text
    rendering = json.loads((sample.site / sample.first / "c" / "10.json").read_text())["data"]["renderings"][0]
    assert rendering["key"][:12] in entry.text and rendering["job"]["model"]["weights"][:12] in entry.text


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_json_stands_beside_every_page_and_in_the_manifest(sample: Sample, documents: dict[str, Document]) -> None:
    manifest = json.loads((sample.site / "manifest.json").read_text())
    assert (manifest["schema"], manifest["schema_version"]) == ("atlas-manifest", 1)
    assert {page["href"] for page in manifest["pages"]} == set(documents)
    for page in manifest["pages"]:
        document = json.loads((sample.site / page["data"]).read_text())
        assert (document["schema"], document["schema_version"]) == ("atlas-page", 1)
        assert (document["kind"], document["title"]) == (page["kind"], page["title"])
        folder = (sample.site / page["data"]).parent
        assert (folder / document["links"]["page"]).resolve() == (sample.site / page["href"]).resolve()
        assert (folder / document["links"]["manifest"]).resolve() == sample.site.resolve() / "manifest.json"


def test_published_records_are_the_stores_own(sample: Sample) -> None:
    seen = 0
    for path in sample.site.glob("m/*/*/*.json"):
        for published in json.loads(path.read_text())["data"].get("renderings", []):
            pictures = published.pop("pictures", {"raw": []})
            published.pop("judged", None)
            assert published.pop("command") == f"atlas render --only {published['key'][:12]}"
            own = record_of(sample.store, published["key"])
            assert Record.model_validate(published) == own.model_copy(update={"assets": ()})
            assert bool(pictures["raw"]) == (own.status == "done")
            for picture in pictures["raw"]:
                assert (path.parent / picture["src"]).stat().st_size == picture["bytes"]
            seen += 1
    assert seen > 40


# --- data for scripts ------------------------------------------------------------------------------------------------


def test_the_search_index_knows_every_page_of_a_unit(sample: Sample) -> None:
    index = script_value((sample.site / "search.js").read_text(), "atlasIndex")
    models = index["models"]
    found = set()
    for model in models:
        found |= {f"{model['folder']}/c/{entry[0]}.html" for entry in model["classes"]}
        for _, folder, ranges in model["layers"]:
            for first, last in zip(ranges[::2], ranges[1::2], strict=True):
                found |= {f"{folder}/{unit}.html" for unit in range(first, last + 1)}
    pages = json.loads((sample.site / "manifest.json").read_text())["pages"]
    assert found == {page["href"] for page in pages if page["kind"] in ("class", "unit")}
    flamingo = next(entry for model in models for entry in model["classes"] if entry[1] == "flamingo")
    assert flamingo == [0, "flamingo", "n02007558", "Phoenicopterus"]


def test_grid_rows_say_what_the_tiles_say(sample: Sample) -> None:
    folder = sample.site / sample.first / "l" / WIDE_LAYER
    rows = script_value((folder / "grid.js").read_text(), "atlasGrid")
    assert [row[0] for row in rows] == list(range(WIDE_UNITS))
    for row, unit in zip(rows, json.loads((folder / "index.json").read_text())["data"]["units"], strict=False):
        assert (row[3], row[5]) == (unit["value"], unit["status"])
        assert (sample.site / row[2]).is_file()
        assert all((sample.site / "i" / path).is_file() for path in row[6][::2] + row[7][::2])


# --- metadata --------------------------------------------------------------------------------------------------------


def test_with_an_address_there_are_a_sitemap_and_absolute_words(own_store: Store, tmp_path: Path) -> None:
    url = "https://me.example/atlas/"
    metadata = SiteMetadata(
        title="A <b> & c", author="Ö. Ünal", url=url.rstrip("/"), licence="CC BY 4.0", language="de"
    )
    build_site(own_store, tmp_path / "site", metadata)
    listed = [
        element.text
        for element in ElementTree.parse(tmp_path / "site" / "sitemap.xml").iter()
        if element.tag.endswith("loc")
    ]
    pages = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*.html")} - {
        "404.html"
    }
    assert {address.removeprefix(url) for address in listed} == {page.removesuffix("index.html") for page in pages}
    assert f"Sitemap: {url}sitemap.xml" in (tmp_path / "site" / "robots.txt").read_text()
    home = (tmp_path / "site" / "index.html").read_text()
    assert f'<link rel="canonical" href="{url}">' in home and 'lang="de"' in home
    assert html.escape("A <b> & c") in home and "Ö. Ünal" in home and "CC BY 4.0" in home
    lost = Document((tmp_path / "site" / "404.html").read_text())
    assert [link.attributes["href"] for link in lost.all("a")] == 2 * ["/atlas/index.html"]


def test_without_an_address_there_is_no_sitemap(sample: Sample) -> None:
    assert not (sample.site / "sitemap.xml").exists()
    assert (sample.site / "robots.txt").read_text().startswith("User-agent: *")
    assert (sample.site / ".nojekyll").exists()
    assert "canonical" not in sample.text("index.html")


@pytest.mark.parametrize("url", ["me.example", "ftp://me.example/", "https://", "https://me.example/?x=1", "/atlas/"])
def test_an_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="web address"):
        SiteMetadata(url=url)
