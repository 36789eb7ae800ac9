"""Pages of photos and galleries: every picture once, in the network's order, with its numbers, within the budgets."""

import json
import re
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from records import keep
from sample_concepts import HOSTILE_AUTHOR, HOSTILE_PHOTO, add_concepts, add_statistics
from sample_site import Document, Sample
from sample_store import BOOK, CLASSES, card, identity, job, record
from sample_studies import (
    CREDITS,
    HOPELESS,
    INVERSION_METHODS,
    INVERTED_LAYERS,
    SEEDS,
    STUDIED,
    TARGETED,
    UNCREDITED,
    study_job,
    study_record,
)

from atlas.core.analysis import PhotoCredit
from atlas.core.job import Target
from atlas.core.record import Record
from atlas.site import SiteMetadata, build_site
from atlas.site.catalog.studies import FAMILIES, family_of, succeeded
from atlas.store import Store

GALLERIES = [words.folder for words in FAMILIES.values()]


def photo_pages(sample: Sample, digest: str = "") -> list[str]:
    """Return the addresses of a photo's pages of the first model, or of all of its photos, in order."""
    found = (sample.site / sample.first / "p").glob(f"{digest[:12]}*.html")
    return [path.relative_to(sample.site).as_posix() for path in sorted(found, key=lambda path: (len(path.name), path))]


def data(sample: Sample, address: str) -> dict:
    return json.loads((sample.site / address).with_suffix(".json").read_text())["data"]


def decimals(value: float) -> str:
    """Write a number between 0.001 and 10 as pages do."""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


def made_of_photos(store: Store) -> list[Record]:
    records = (*store.records(), *filter(None, (attempt.record() for attempt in store.failures())))
    return [record for record in records if record.job.target.photo is not None]


def test_every_picture_of_a_photo_is_on_its_pages_once_and_on_no_units(sample: Sample) -> None:
    shown = [it["key"] for address in photo_pages(sample) for it in data(sample, address)["renderings"]]
    own = [it.key for it in made_of_photos(sample.store) if it.job.model == identity("a")]
    assert sorted(shown) == sorted(own) and len(own) > 50
    for path in (*sample.site.glob("m/*/c/*.json"), *sample.site.glob("m/*/l/*/*.json")):
        for rendering in json.loads(path.read_text())["data"].get("renderings", []):
            assert "photo" not in rendering["job"]["target"]


def test_each_has_an_anchor_a_row_with_its_command_and_its_numbers(sample: Sample) -> None:
    for address in photo_pages(sample):
        document = Document(sample.text(address))
        names = Counter(element.attributes.get("id", "") for element in document.elements)
        rows = {row.attributes["id"]: row.text for row in document.all("tr") if "id" in row.attributes}
        for rendering in data(sample, address)["renderings"]:
            key = rendering["key"][:12]
            assert names[f"f-{key}"] == 1 and key in rows[f"r-{key}"]
            if rendering["status"] == "done" and rendering["job"]["target"]["kind"] == "inversion":
                error = next(it["value"] for it in rendering["measurements"] if it["name"] == "error")
                assert decimals(error) in rows[f"r-{key}"]
        words = document.words()
        for rendering in data(sample, address)["renderings"]:
            assert rendering["job"]["model"]["weights"] in words
            assert all(name in words for name in rendering["job"]["parameters"])


def test_strips_follow_the_network_and_seeds_stand_side_by_side(sample: Sample) -> None:
    layers = [info.name for info in card("a").layers]
    strips: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for address in photo_pages(sample, STUDIED):
        document = data(sample, address)
        for rendering in document["renderings"]:
            target, family = rendering["job"]["target"], document["families"][rendering["key"][:12]]
            place = (layers.index(target["layer"]), rendering["job"]["seed"])
            strips.setdefault((family, rendering["job"]["method"]), []).append(place)
    for method in INVERSION_METHODS:
        wanted = sorted((layers.index(layer), seed) for layer in INVERTED_LAYERS for seed in SEEDS)
        assert strips["inversion", method] == wanted
    first = Document(sample.text(photo_pages(sample, STUDIED)[0]))
    groups = [element for element in first.all("div") if element.attributes.get("class") == "seeds"]
    assert len(groups) >= len(INVERTED_LAYERS) and "seed 1" in groups[1].text


def test_a_credit_is_shown_as_it_is_and_its_absence_is_said(sample: Sample) -> None:
    credited, without = (Document(sample.text(photo_pages(sample, it)[0])) for it in (STUDIED, UNCREDITED))
    assert credited.all("h1")[0].text == HOSTILE_PHOTO and HOSTILE_AUTHOR in credited.words()
    assert not [a for a in credited.all("a") if a.attributes.get("href", "").startswith("javascript")]
    assert without.all("h1")[0].text == f"photo {UNCREDITED[:12]}" and UNCREDITED in without.words()
    assert data(sample, photo_pages(sample, STUDIED)[0])["photo"]["credit"] == CREDITS[0].model_dump()
    assert data(sample, photo_pages(sample, UNCREDITED)[0])["photo"]["credit"] is None


def test_a_photo_of_which_nothing_could_be_made_says_why(sample: Sample) -> None:
    document = Document(sample.text(photo_pages(sample, HOPELESS)[0]))
    assert "the error became nan <b>" in document.words() and not document.all("img")


def test_what_has_no_picture_stands_in_its_strip(sample: Sample) -> None:
    lost = [
        element.text
        for address in photo_pages(sample, STUDIED)
        for element in Document(sample.text(address)).all("a")
        if element.attributes.get("class") == "lost"
    ]
    assert sorted(lost) == ["dead", "failed"]


def test_pages_of_photos_start_with_whole_pictures_and_masks_are_not_cropped(sample: Sample) -> None:
    for address in (*photo_pages(sample), *(f"{sample.first}/{name}/index.html" for name in GALLERIES)):
        assert Document(sample.text(address)).all("html")[0].attributes["data-view"] == "raw"
    assert Document(sample.text(f"{sample.first}/c/0.html")).all("html")[0].attributes["data-view"] == "masked"
    pictures = [
        it["pictures"] for it in data(sample, photo_pages(sample, STUDIED)[0])["renderings"] if it.get("pictures")
    ]
    assert pictures and all(it["masked"][-1]["width"] == it["raw"][-1]["width"] for it in pictures)


# --- plots -----------------------------------------------------------------------------------------------------------


def test_the_table_beside_the_plots_has_the_means_over_seeds(sample: Sample) -> None:
    table = Document(sample.text(photo_pages(sample, STUDIED)[0])).all("table")[0]
    own = [it for it in made_of_photos(sample.store) if it.job.model == identity("a") and it.status == "done"]
    for name in ("error", "fft2d"):
        for method in INVERSION_METHODS:
            for layer in INVERTED_LAYERS:
                values = [
                    it.measurement(name).value  # type: ignore[union-attr]
                    for it in own
                    if (it.job.method, it.job.target.layer, it.job.target.kind) == (method, layer, "inversion")
                ]
                mean = sum(values) / len(values)
                assert decimals(mean) in table.text
    assert [line.strip() for line in INVERTED_LAYERS if line.strip() not in table.text] == []


def test_plots_come_in_two_themes_with_their_words(sample: Sample) -> None:
    page = photo_pages(sample, STUDIED)[0]
    images = [it for it in Document(sample.text(page)).all("img") if "plot" in it.attributes.get("class", "")]
    assert Counter(it.attributes["class"] for it in images) == {"plot by-day": 3, "plot by-night": 3}
    for image in images:
        assert re.match(r"(Error|PSNR|FFT2D) over layers\. .+ at stem to .+ at logits", image.attributes["alt"])
        tree = ElementTree.parse((sample.site / page).parent / image.attributes["src"])
        words = "".join(tree.getroot().itertext())
        assert "odd/../name <b>" in words and "third <b> party" in words
    for address in photo_pages(sample, UNCREDITED):
        assert "plot by-day" not in sample.text(address)


# --- galleries -------------------------------------------------------------------------------------------------------


def gallery_pages(sample: Sample, name: str) -> list[str]:
    folder = sample.site / sample.first / name
    pages = [folder / "index.html", *sorted(folder.glob("page-*.html"))]
    return [path.relative_to(sample.site).as_posix() for path in pages]


def test_the_adversarial_gallery_has_every_example_with_both_labels(sample: Sample) -> None:
    own = {it.key: it for it in made_of_photos(sample.store) if it.job.model == identity("a")}
    adversarial = {key: it for key, it in own.items() if family_of(it, BOOK) == "adversarial"}
    pages = gallery_pages(sample, "adversarial")
    assert len(adversarial) == TARGETED + 2 and len(pages) == 2
    listed = [
        rendering["key"]
        for page in pages
        for entry in data(sample, page)["entries"]
        for row in entry["rows"]
        for rendering in row["renderings"]
    ]
    assert sorted(listed) == sorted(adversarial)
    successes = 0
    for page in pages:
        document = Document(sample.text(page))
        for block in (it for it in document.elements if it.attributes.get("class") == "attack"):
            key = next(key for key in adversarial if block.attributes["id"] == f"f-{key[:12]}")
            made, names = adversarial[key], [label.name for label in CLASSES]
            before, after = (scores[0].index for scores in (made.photo_classes, made.top_classes))
            text = re.sub(r"\s+", " ", block.text)
            assert names[before][:30] in text and (names[after] or "class 6")[:30].strip() in text
            assert "0.010 of 1" in text and "2.55 of 255" in text and "change × 10" in text
            assert ("did not succeed" in text) == (not succeeded(made))
            successes += "did not succeed" not in text
    assert f"{successes} of {len(adversarial)}" in Document(sample.text(pages[0])).words()


def test_success_is_the_class_aimed_at_or_away_from_the_class_to_be_lowered() -> None:
    aimed = study_job(identity("a"), Target(kind="logit", layer="logits", unit=4, photo=STUDIED), "adversarial")
    missed = aimed.model_copy(update={"target": aimed.target.model_copy(update={"unit": 3})})
    channel = Target(kind="channel", layer="blocks.3", unit=4, photo=STUDIED)
    first, second = (study_record(work, "done", 8)[0] for work in (aimed, missed))
    assert succeeded(first) is True and succeeded(second) is False
    lowered = second.job.model_copy(update={"target": second.job.target.model_copy(update={"sign": -1})})
    assert succeeded(second.model_copy(update={"job": lowered})) is True
    other = first.job.model_copy(update={"target": channel})
    assert succeeded(first.model_copy(update={"job": other})) is None


@pytest.mark.parametrize("name", GALLERIES)
def test_galleries_lead_to_every_photo_and_are_linked_from_the_model(sample: Sample, name: str) -> None:
    family = next(family for family, words in FAMILIES.items() if words.folder == name)
    wanted = {
        it.job.target.photo
        for it in made_of_photos(sample.store)
        if it.job.model == identity("a") and family_of(it, BOOK) == family
    }
    found = {entry["photo"] for page in gallery_pages(sample, name) for entry in data(sample, page)["entries"]}
    assert found == wanted
    links = [a.attributes.get("href") for a in Document(sample.text(f"{sample.first}/index.html")).all("a")]
    assert f"../../{sample.first}/{name}/index.html" in links


def test_a_class_leads_to_what_was_made_of_photos_for_it(sample: Sample) -> None:
    for index, name in ((0, "accentuation"), (2, "adversarial"), (5, "adversarial")):
        links = [a.attributes.get("href", "") for a in Document(sample.text(f"{sample.first}/c/{index}.html")).all("a")]
        assert any("/p/" in link and "#f-" in link for link in links), (index, name)
    links = [a.attributes.get("href", "") for a in Document(sample.text(f"{sample.first}/l/blocks.3/17.html")).all("a")]
    assert sum("/p/" in link for link in links) == 2


# --- other stores ----------------------------------------------------------------------------------------------------


def commit(store: Store, made: Record, pictures: dict[str, bytes]) -> None:
    keep(store, made, pictures)


def test_without_jobs_of_photos_or_a_second_method_there_are_no_such_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # importing it would raise
    store = Store(tmp_path / "store", create=True)
    store.save_card(card("a"))
    for index in range(3):
        commit(store, *record(job("a", Target(kind="logit", layer="logits", unit=index)), side=32))
    build_site(store, tmp_path / "site", SiteMetadata())
    folders = {path.name for path in (tmp_path / "site").rglob("*") if path.is_dir()}
    assert not folders & {"p", "compare", *GALLERIES}
    for path in (tmp_path / "site").rglob("*.html"):
        assert "compare/index.html" not in path.read_text() and "#photos" not in path.read_text()


def test_a_store_of_photos_alone_is_a_site(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", create=True)
    store.save_card(card("a"))
    for layer in ("stem", "logits"):
        work = study_job(identity("a"), Target(kind="inversion", layer=layer, photo=STUDIED), "preimage")
        commit(store, *study_record(work, "done", 32))
    report = build_site(store, tmp_path / "site", SiteMetadata())
    pages = json.loads((tmp_path / "site" / "manifest.json").read_text())["pages"]
    kinds = ("home", "model", "layers", "dead", "failed", "methods", "method", "metrics", "photo", "inversions", "data")
    assert Counter(page["kind"] for page in pages) == dict.fromkeys(kinds, 1)
    assert report.pages == len(pages) + 1


def test_a_credit_that_changes_is_noticed(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", create=True)
    store.save_card(card("a"))
    work = study_job(identity("a"), Target(kind="inversion", layer="stem", photo=STUDIED), "preimage")
    commit(store, *study_record(work, "done", 32))
    build_site(store, tmp_path / "site", SiteMetadata())
    assert build_site(store, tmp_path / "site", SiteMetadata()).unchanged
    store.save_photo(PhotoCredit(digest=STUDIED, name="cat.jpg", author="Ada"))
    assert not build_site(store, tmp_path / "site", SiteMetadata()).unchanged
    assert "by <bdi>Ada</bdi>" in next((tmp_path / "site").rglob("p/*.html")).read_text()


# --- budgets at their worst ------------------------------------------------------------------------------------------

LONG = "a/folder with a very long name/" * 6 + "photo.jpg"
MANY = {f"parameter_{number:02d}": "value 12345" for number in range(22)}


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A class of eleven methods with concepts, and a photo inverted by four methods at every layer with four seeds."""
    folder = tmp_path_factory.mktemp("heavy")
    store = Store(folder / "store", create=True)
    store.save_card(card("a", "a model with a name that is rather long, for a name"))
    store.save_photo(PhotoCredit(digest=STUDIED, name=LONG, author="An Author", licence="CC BY-SA 4.0"))
    add_concepts(store, identity("a"), 0)
    add_statistics(store, identity("a"), "logits", range(2))
    flamingo = Target(kind="logit", layer="logits", unit=0)
    twin, data = record(job("a", flamingo), side=64)
    for number in range(11):
        for seed in range(2):
            work = job("a", flamingo, method=f"method_{number}", seed=seed, **MANY)
            commit(store, twin.model_copy(update={"key": work.key, "job": work}), data)
    layers = [info.name for info in card("a").layers]
    for method in ("preimage", "vit_inversion", "inversion", "third"):
        for layer in layers:
            for seed in range(4):
                target = Target(kind="inversion", layer=layer, photo=STUDIED)
                commit(store, *_twin(study_job(identity("a"), target, method, seed, **MANY)))
    for unit in range(30):
        target = Target(kind="logit", layer="logits", unit=unit, photo=STUDIED)
        commit(store, *_twin(study_job(identity("a"), target, "adversarial", **MANY)))
    return Sample(store, folder / "site", build_site(store, folder / "site", SiteMetadata()))


_TWINS: dict[str, tuple[Record, dict[str, bytes]]] = {}


def _twin(work) -> tuple[Record, dict[str, bytes]]:
    """Return a record whose pictures are those of the first job of its method: deriving hundreds would take long."""
    made, pictures = _TWINS.setdefault(work.method, study_record(work, "done", 64))
    return made.model_copy(update={"key": work.key, "job": work}), pictures


def test_budgets_hold_at_their_worst(heavy: Sample) -> None:
    static = sum(path.stat().st_size for path in (heavy.site / "static").iterdir())
    for address, text in heavy.pages():
        document = Document(text)
        limit = 1200 if "/classes/" in address else 800
        assert len(document.elements) <= limit, (address, len(document.elements))
        assert len(text.encode()) <= 50_000, (address, len(text.encode()))
        slots = len([image for image in document.all("img") if "by-night" not in image.attributes["class"]])
        masked = len([image for image in document.all("img") if image.attributes["class"].split(" ")[0] == "m"])
        assert slots - masked + 4 <= 40 or "/c/" in address, address
        assert static < 90_000


def test_every_picture_of_a_heavy_photo_has_its_place(heavy: Sample) -> None:
    pages = photo_pages(heavy, STUDIED)
    keys = [it["key"] for page in pages for it in data(heavy, page)["renderings"]]
    assert len(keys) == len(set(keys)) == len(made_of_photos(heavy.store)) and len(pages) > 4
