"""Concepts on the sample site: what is current, and all of it: bar, cards, pages, neighbours, photos, JSON."""

import html
import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sample_channels import channel_findings
from sample_concepts import (
    CARD,
    HOSTILE_AUTHOR,
    HOSTILE_NOTES,
    HOSTILE_PHOTO,
    PHOTO_SET,
    REASON,
    UNRENDERED,
    UNSTABLE,
    WARNING,
    add_concepts,
    photos,
)
from sample_site import Document, Sample
from sample_store import (
    CONCEPT_CLASSES,
    DAISY,
    FAILED_CLASS,
    FLAMINGO,
    GOLDFISH,
    RICH_UNIT,
    SCRIPT_CLASS,
    SCRIPT_NAME,
    UNRENDERED_CLASS,
    WIDE_LAYER,
    card,
    identity,
)
from selecting import current, select

from atlas.core.analysis import ClassConcepts
from atlas.errors import SiteError, StoreError
from atlas.site import SiteMetadata, build_site
from atlas.site.catalog.concepts import placed_among_patches
from atlas.site.catalog.credits import PHOTOS_FOR_USE, PHOTOS_PER_PAGE, PhotoBook
from atlas.site.drawings.importance import Segment
from atlas.store import Store
from atlas.store.documents import encode


def page(sample: Sample, address: str) -> Document:
    return Document(sample.text(f"{sample.first}/{address}"))


def data(sample: Sample, address: str) -> dict[str, object]:
    return json.loads((sample.site / sample.first / address).read_text())["data"]  # type: ignore[no-any-return]


def figures(document: Document) -> dict[str, str]:
    return {term.text: value.text for term, value in zip(document.all("dt"), document.all("dd"), strict=True)}


def second(sample: Sample) -> str:
    folders = {f"m/{folder.name}" for folder in (sample.site / "m").iterdir()}
    (other,) = folders - {sample.first}
    return other


def document_of(store: Store, index: int, variant: str = "a") -> ClassConcepts:
    return store.document(ClassConcepts, current(store, identity(variant)).concepts[index])


# --- the class's page ------------------------------------------------------------------------------------------------


def test_the_bar_is_as_long_as_the_importances_and_leads_to_the_cards(sample: Sample) -> None:
    document = page(sample, f"c/{FLAMINGO}.html")
    concepts = document_of(sample.store, FLAMINGO)
    importances = [concept.importance.value for concept in concepts.concepts] + [concepts.importance_rest]
    segments = [
        it
        for it in document.all("svg")
        if it.attributes.get("x", "").endswith("%") and "%" in it.attributes.get("width", "")
    ]
    lengths = [float(it.attributes["width"].rstrip("%")) for it in segments]
    assert lengths == pytest.approx([100 * value / sum(importances) for value in importances], abs=0.001)
    starts = [float(it.attributes["x"].rstrip("%")) for it in segments]
    assert starts == pytest.approx([sum(lengths[:place]) for place in range(len(lengths))], abs=0.01)
    names = {it.attributes["id"] for it in document.elements if "id" in it.attributes}
    links = [it.attributes["href"] for it in document.all("a") if it.attributes["href"].startswith("#concept-")]
    assert links == [f"#concept-{number}" for number in range(1, 11)]
    assert {link[1:] for link in links} <= names
    assert f"here they sum to {sum(importances):.2f}" in document.words()
    assert "total Sobol index of the logit" in document.words()


def test_every_concept_has_a_card_with_its_importance_and_interval(sample: Sample) -> None:
    words = page(sample, f"c/{FLAMINGO}.html").words()
    for concept in document_of(sample.store, FLAMINGO).concepts:
        importance = concept.importance
        assert f"Concept {concept.number} {importance.value:.2f} {importance.low:.2f} to {importance.high:.2f}" in words
    assert words.count("unstable") == 2  # the figure, and the mark of one concept


def test_the_share_of_the_logit_is_named_and_written_as_a_share(sample: Sample) -> None:
    document = page(sample, f"c/{FAILED_CLASS}.html")
    assert "share of the logit" in document.words() and "Sobol" not in document.words()
    alts = [image.attributes["alt"] for image in document.all("img")]
    assert "Concept 1 of espresso, 28 % of the logit" in alts
    assert "Concept 1 of flamingo, total Sobol index 0.34" in [
        image.attributes["alt"] for image in page(sample, f"c/{FLAMINGO}.html").all("img")
    ]


def test_a_class_without_concepts_says_why(sample: Sample) -> None:
    words = page(sample, f"c/{DAISY}.html").words()
    assert REASON in words and "60 found, 58 readable, 0 predicted as this class, 0 used" in words
    assert not list((sample.site / sample.first / "c" / str(DAISY)).glob("*"))


def test_warnings_and_a_demonstration_are_said(sample: Sample) -> None:
    words = page(sample, f"c/{SCRIPT_CLASS}.html").words()
    assert WARNING in words
    assert "This is a demonstration: 51 photos. It shows how concepts look" in words
    assert f"at least {PHOTOS_FOR_USE} photos of each class" in words
    assert "This is a demonstration" in page(sample, f"c/{SCRIPT_CLASS}/1.html").words()


def test_the_card_that_came_with_the_concepts_explains_what_found_them(sample: Sample) -> None:
    for address in (f"c/{GOLDFISH}.html", f"c/{GOLDFISH}/1.html"):
        words = page(sample, address).words()
        assert f"{CARD.summary} {CARD.strengths} {CARD.limits[0]} Ann & Bob (2001): On </cite> parts." in words
        assert "javascript:alert(6)" not in sample.text(f"{sample.first}/{address}")
    assert f"found by {CARD.title} of" in page(sample, f"c/{GOLDFISH}.html").words()


def test_a_demonstration_says_if_all_its_photos_are_of_one(own_store: Store, tmp_path: Path) -> None:
    stored = document_of(own_store, GOLDFISH)
    cuts = tuple(photo.model_copy(update={"source": "scikit-image, data.coffee"}) for photo in stored.photos)
    path = own_store.folder(stored.key) / "document.json"
    path.write_bytes(encode(stored.model_copy(update={"photos": cuts})))
    report = build_site(own_store, tmp_path / "site", SiteMetadata())
    site = Sample(own_store, tmp_path / "site", report)
    assert "demonstration: 51 photos cut from one." in page(site, f"c/{GOLDFISH}.html").words()


def test_real_photos_are_no_demonstration(own_store: Store, tmp_path: Path) -> None:
    real = PHOTO_SET.model_copy(update={"digest": "e2" * 32, "demonstration": False})
    add_concepts(own_store, identity("b"), UNRENDERED_CLASS, count=2, photo_set=real)
    report = build_site(own_store, tmp_path / "site", SiteMetadata())
    site = Sample(own_store, tmp_path / "site", report)
    address = f"{second(site)}/c/{UNRENDERED_CLASS}.html"
    assert "demonstration" not in site.text(address)
    assert len(list((site.site / "photos").iterdir())) == 2


def test_a_class_that_was_not_rendered_has_its_page_and_its_place_in_the_list(sample: Sample) -> None:
    folder = second(sample)
    words = Document(sample.text(f"{folder}/c/{UNRENDERED_CLASS}.html")).words()
    assert "not rendered" in words and "What drives this logit" in words and "Concept 3" in words
    tiles = [a for a in Document(sample.text(f"{folder}/classes/index.html")).all("a") if "data-none" in a.attributes]
    assert [tile.attributes["data-none"] for tile in tiles] == ["none"]


# --- the concept's page ----------------------------------------------------------------------------------------------


def test_every_concept_has_a_page_between_its_neighbours(sample: Sample) -> None:
    for index in CONCEPT_CLASSES:
        addresses = sorted((sample.site / sample.first / "c" / str(index)).glob("*.html"), key=lambda it: int(it.stem))
        assert [int(it.stem) for it in addresses] == list(range(1, 11))
        for before, after in pairwise(addresses):
            links = {a.attributes.get("rel"): a.attributes["href"] for a in Document(before.read_text()).all("a")}
            assert Path(links["next"]).name == after.name


def test_a_concepts_page_says_all_that_is_known(sample: Sample) -> None:
    document = page(sample, f"c/{FLAMINGO}/1.html")
    shown = figures(document)
    for label, value in {
        "total Sobol index of the logit, 95 % interval 0.27 to 0.43": "0.34",
        "rank by importance among the fitted directions": "1 of 20",
        "of the photos have it as their most important concept": "40 %",
        "stability: its smallest best cosine when the factorisation is repeated": "0.970",
        "relative reconstruction error of the factorisation into 20": "0.342",
    }.items():
        assert shown[label] == value
    (placed,) = [label for label in shown if label.startswith("cosine of the rendering's activation")]
    assert placed.endswith("higher than 97\u00a0% of the class's own patches") and shown[placed] == "0.785"
    words = document.words()
    for said in ("Its parts", "Part 1 50 %", "Comes with", "Similar in other classes", "Photo credits"):
        assert said in words


def test_an_unstable_concept_says_so_and_others_do_not(sample: Sample) -> None:
    assert "did not come back" in page(sample, f"c/{FLAMINGO}/{UNSTABLE}.html").words()
    assert "did not come back" not in page(sample, f"c/{FLAMINGO}/{UNSTABLE + 1}.html").words()


def test_a_stability_that_was_not_measured_is_called_that(own_store: Store, tmp_path: Path) -> None:
    stored = document_of(own_store, GOLDFISH)
    once = tuple(it.model_copy(update={"stability": None, "stable": True}) for it in stored.concepts)
    path = own_store.folder(stored.key) / "document.json"
    path.write_bytes(encode(stored.model_copy(update={"concepts": once})))
    site = Sample(own_store, tmp_path / "site", build_site(own_store, tmp_path / "site", SiteMetadata()))
    assert (
        figures(page(site, f"c/{GOLDFISH}/3.html"))["stability: the factorisation was made only once"] == "not measured"
    )
    assert "Stability not measured" in page(site, f"c/{GOLDFISH}.html").words()
    assert data(site, f"c/{GOLDFISH}/3.json")["stability"] is None


def test_concepts_without_a_picture_say_so_and_show_their_photos(sample: Sample) -> None:
    missing, failed = page(sample, f"c/{FLAMINGO}/{UNRENDERED}.html"), page(sample, f"c/{FLAMINGO}/5.html")
    assert "There is no picture of this direction yet" in missing.words()
    assert "became nan at step 12" in failed.words()
    for document in (missing, failed):
        assert len([image for image in document.all("img") if "w4" in image.attributes["class"].split()]) == 12


@pytest.mark.parametrize(
    ("length", "number", "leads"), [(0, 3, False), (0.39, 3, False), (0.4, 3, True), (9, 0, False)]
)
def test_segments_too_thin_to_show_the_focus_are_no_links(length: float, number: int, leads: bool) -> None:
    assert Segment(50, length, number, "0", "Concept").leads == leads


@pytest.mark.parametrize(("length", "fits"), [(8.4, "phone"), (8.3, "tablet"), (4.2, "tablet"), (4.1, "desk")])
def test_segments_say_on_which_screens_their_numbers_fit(length: float, fits: str) -> None:
    assert Segment(0, length, 10, "0.10", "Concept 10").fits == fits


def test_every_patch_and_photo_is_shown_once_and_leads_to_its_credit(sample: Sample) -> None:
    document = page(sample, f"c/{GOLDFISH}/2.html")
    cells = [a for a in document.all("a") if a.attributes.get("class", "").startswith("cell ")]
    concept = document_of(sample.store, GOLDFISH).concepts[1]
    assert len(cells) == len(concept.crops) + len(concept.photos)
    places = [image.attributes["class"] for image in document.all("img") if image.attributes["class"].startswith("w4 ")]
    assert places == [f"w4 x{place % 4} y{place // 4}" for place in range(12)]
    heats = [
        image.attributes["class"] for image in document.all("img") if image.attributes["class"].startswith("heat ")
    ]
    assert heats == [f"heat w3 x{place % 3} y{place // 3}" for place in range(6)]
    assert all("/photos/" in cell.attributes["href"] and "#p-" in cell.attributes["href"] for cell in cells)


def test_the_slider_stands_only_where_scripts_do(sample: Sample) -> None:
    (label,) = [it for it in page(sample, f"c/{FLAMINGO}/1.html").all("label") if "slider" in it.attributes["class"]]
    assert "scripted" in label.attributes["class"]


def test_a_similar_concept_is_similar_in_both_directions(sample: Sample) -> None:
    concepts = data(sample, f"c/{FLAMINGO}.json")["concepts"]["concepts"]  # type: ignore[index]
    folder = sample.site / sample.first / "c"
    for concept in concepts:
        near = concept["similar"][0]
        assert near["class"] in CONCEPT_CLASSES and near["class"] != FLAMINGO
        other = json.loads((folder / near["href"]).with_suffix(".json").read_text())["data"]
        assert {"class": FLAMINGO, "number": concept["number"]}.items() <= min(
            (it for it in other["sought_by"] if it["key"] == concept["key"]), default={}, key=str
        ).items()
        own, others = (_vector(sample.store, it["direction"]) for it in (concept, other))
        assert near["cosine"] == pytest.approx(float(own @ others), abs=1e-5)


def _vector(store: Store, digest: str) -> np.ndarray:
    return np.frombuffer(store.read_input(digest), "<f4").astype(float)


def test_many_photos_are_credited_in_full_on_their_own_pages(own_store: Store, tmp_path: Path) -> None:
    stored = document_of(own_store, GOLDFISH)
    many = photos(50, "many")
    concept = stored.concepts[0]
    wide = concept.model_copy(
        update={
            "crops": tuple(concept.crops[0].model_copy(update={"photo": place}) for place in range(50)),
            "sprite": concept.sprite.model_copy(update={"count": 50}),
        }
    )
    changed = stored.model_copy(update={"photos": many, "concepts": (wide, *stored.concepts[1:])})
    path = own_store.folder(stored.key) / "document.json"
    path.write_bytes(encode(changed))
    site = Sample(own_store, tmp_path / "site", build_site(own_store, tmp_path / "site", SiteMetadata()))
    document = page(site, f"c/{GOLDFISH}/1.html")
    assert len(document.elements) <= 800
    assert "and 14 more: each patch leads to its photo's entry" in document.words()
    patches = [a for a in document.all("a") if a.attributes.get("class", "").startswith("cell ")]
    assert len({a.attributes["href"] for a in patches}) == 50


# --- what is current -------------------------------------------------------------------------------------------------


def test_renderings_of_directions_are_no_units_and_stale_ones_are_not_shown(sample: Sample) -> None:
    assert not (sample.site / sample.first / "l" / "stem").exists()
    assert "5" * 12 not in "".join(text for _, text in sample.pages())
    stale = [it for it in sample.store.records() if it.job.target.direction == "5" * 64]
    assert stale and not [
        path for path in sample.site.rglob("*.json") if stale[0].key in path.read_text(encoding="utf-8")
    ]
    model = json.loads((sample.site / sample.first / "index.json").read_text())["data"]
    assert [layer["name"] for layer in model["layers"]] == ["blocks.1", WIDE_LAYER, "odd/../name <b>", "logits"]


def test_an_analysis_that_is_no_longer_selected_disappears(own_store: Store, tmp_path: Path) -> None:
    newer = PHOTO_SET.model_copy(update={"digest": "e2" * 32, "name": "newer"})
    kept = document_of(own_store, GOLDFISH)
    select(own_store, identity("a"), newer, concepts={GOLDFISH: kept.key, 5: "0" * 64})
    report = build_site(own_store, tmp_path / "site", SiteMetadata())
    site = Sample(own_store, tmp_path / "site", report)
    concept_pages = {path.parent.name for path in (site.site / site.first / "c").glob("*/*.html")}
    assert concept_pages == {str(GOLDFISH)}
    assert "What drives" not in site.text(f"{site.first}/c/{FLAMINGO}.html")
    assert "What drives" not in site.text(f"{site.first}/c/5.html"), "an analysis that is not complete yet is absent"
    assert "On photos" not in site.text(f"{site.first}/l/{WIDE_LAYER}/{RICH_UNIT}.html")


def test_a_new_selection_builds_the_site_again(own_store: Store, tmp_path: Path) -> None:
    assert not build_site(own_store, tmp_path / "site", SiteMetadata()).unchanged
    assert build_site(own_store, tmp_path / "site", SiteMetadata()).unchanged
    add_concepts(own_store, identity("a"), 20, count=2)
    report = build_site(own_store, tmp_path / "site", SiteMetadata())
    assert not report.unchanged and report.rendered == 1


def test_concepts_alone_make_a_site(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", create=True)
    store.save_card(card("a"))
    with pytest.raises(SiteError, match="no renderings"):
        build_site(store, tmp_path / "site", SiteMetadata())
    add_concepts(store, identity("a"), FLAMINGO, count=2)
    build_site(store, tmp_path / "site", SiteMetadata())
    assert len(list((tmp_path / "site").glob("m/*/c/0/*.html"))) == 2


def test_more_concepts_than_cards_are_listed(own_store: Store, tmp_path: Path) -> None:
    add_concepts(own_store, identity("a"), FLAMINGO, count=14)
    report = build_site(own_store, tmp_path / "site", SiteMetadata())
    site = Sample(own_store, tmp_path / "site", report)
    document = page(site, f"c/{FLAMINGO}.html")
    assert len([it for it in document.all("li") if it.attributes.get("class") == "card"]) == 10
    links = {a.attributes["href"].rpartition("/")[2] for a in document.all("a")}
    assert {f"{number}.html" for number in range(1, 15)} <= links


# --- damage ----------------------------------------------------------------------------------------------------------


def lose_sprite(store: Store, document: ClassConcepts) -> None:
    (store.folder(document.key) / document.concepts[0].photo_sprite.name).unlink()


def shorten_sprite(store: Store, document: ClassConcepts) -> None:
    path = store.folder(document.key) / document.concepts[0].photo_sprite.name
    path.write_bytes(path.read_bytes()[:-1])


def spoil_heat(store: Store, document: ClassConcepts) -> None:
    shutil.rmtree(store.path / "derived")
    path = store.folder(document.key) / document.concepts[0].heat_sprite.name
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def spoil_document(store: Store, document: ClassConcepts) -> None:
    path = store.folder(document.key) / "document.json"
    path.write_text(path.read_text()[:200])


def lose_direction(store: Store, document: ClassConcepts) -> None:
    store.input_path(document.concepts[0].direction).unlink()


@pytest.mark.parametrize("damage", [lose_sprite, shorten_sprite, spoil_heat, spoil_document, lose_direction])
def test_damage_is_named_with_a_remedy(own_store: Store, tmp_path: Path, damage: object) -> None:
    damage(own_store, document_of(own_store, FLAMINGO))  # type: ignore[operator]
    with pytest.raises(StoreError) as caught:
        build_site(own_store, tmp_path / "site", SiteMetadata())
    assert caught.value.remedy
    assert not (tmp_path / "site").exists()


# --- photos ----------------------------------------------------------------------------------------------------------


def photo_pages(sample: Sample) -> list[Path]:
    (folder,) = (sample.site / "photos").iterdir()
    return sorted(folder.glob("*.html"))


def test_every_photo_that_is_shown_is_credited_once(sample: Sample) -> None:
    entries = [
        element
        for path in photo_pages(sample)
        for element in Document(path.read_text()).all("li")
        if element.attributes.get("id", "").startswith("p-")
    ]
    shown = {
        photo.digest[:16]
        for prefix, count in [*((f"class_{index}", 12) for index in (*CONCEPT_CLASSES, UNRENDERED_CLASS, DAISY))]
        for photo in photos(count, prefix)
    }
    shown |= {photo.digest[:16] for layer in (WIDE_LAYER, "logits") for photo in photos(6, layer)}
    shown |= {photo.digest[:16] for found in channel_findings(sample.store) for photo in found.photos}
    assert sorted(it.attributes["id"] for it in entries) == sorted(f"p-{digest}" for digest in shown)
    assert len(photo_pages(sample)) == -(-len(shown) // PHOTOS_PER_PAGE) > 1
    texts = " ".join(entry.text for entry in entries)
    assert HOSTILE_AUTHOR in texts and HOSTILE_PHOTO in texts and "CC BY 4.0" in texts and "author not stated" in texts


def test_notes_are_shown_as_they_were_written(sample: Sample) -> None:
    first = next(path for path in photo_pages(sample) if path.name == "index.html")
    (notes,) = [it for it in Document(first.read_text()).all("pre") if it.attributes.get("class") == "notes"]
    assert notes.text == HOSTILE_NOTES
    assert html.escape("</pre><script>") in first.read_text()


def test_a_source_that_would_run_is_no_link(sample: Sample) -> None:
    for path in photo_pages(sample):
        for link in Document(path.read_text()).all("a"):
            assert "javascript" not in link.attributes["href"]
    assert any("javascript:alert(5)" in path.read_text() for path in photo_pages(sample))


def test_two_models_share_the_entry_of_a_photo() -> None:
    book = PhotoBook()
    for prefix in ("a", "b", "a"):
        book.photo_set(PHOTO_SET).add(photos(200, prefix))
    (only,) = book.arrange()
    assert len(only.credits) == 400 and only.pages == 7
    listed = [photo for number in range(1, 8) for _, photo in only.page(number)]
    assert [photo.name for photo in listed] == sorted(photo.name for photo in listed)
    assert only.address_of(listed[60].digest).startswith(f"{only.folder}/page-2.html#p-")


# --- units -----------------------------------------------------------------------------------------------------------


def test_a_unit_shows_its_photos_and_where_its_renderings_land(sample: Sample) -> None:
    address = f"l/{WIDE_LAYER}/{RICH_UNIT}"
    document, statistics = page(sample, f"{address}.html"), data(sample, f"{address}.json")["statistics"]
    assert len([a for a in document.all("a") if a.attributes.get("class", "").startswith("cell ")]) == 6
    assert len(statistics["top"]["pictures"]) == 6  # type: ignore[index]
    marks = [it for it in document.all("g") if it.attributes.get("class", "").startswith("landing")]
    assert len(marks) == 6 == len(statistics["placed"])  # type: ignore[index]
    assert [mark.attributes["class"] for mark in marks].count("landing down") == 1
    assert "of 16,915 views of 995 photos" in document.words()


def test_layers_say_how_selective_their_units_are(sample: Sample) -> None:
    document = page(sample, f"l/{WIDE_LAYER}/index.html")
    assert "standard deviations lie between the mean" in document.words()
    assert "selective" in [button.attributes.get("data-sort") for button in document.all("button")]
    rows = json.loads((sample.site / sample.first / "l" / WIDE_LAYER / "grid.js").read_text()[len("atlasGrid(") : -3])
    for row in rows[:5]:
        known = data(sample, f"l/{WIDE_LAYER}/{row[0]}.json")["statistics"]
        expected = (known["maximum"] - known["mean"]) / known["deviation"]  # type: ignore[index]
        assert row[10] == pytest.approx(expected, abs=1e-3)
    other = page(sample, "l/blocks.1/index.html")
    assert "selective" not in [button.attributes.get("data-sort") for button in other.all("button")]


# --- JSON and the rest -----------------------------------------------------------------------------------------------


def test_the_json_holds_what_the_store_knows(sample: Sample) -> None:
    stored = document_of(sample.store, FLAMINGO)
    published = data(sample, f"c/{FLAMINGO}.json")["concepts"]
    for name in ("factorisation", "measure", "heat", "patches", "fitted", "error", "importance_rest", "reason"):
        assert published[name] == getattr(stored, name)  # type: ignore[index]
    assert published["counts"] == stored.counts.model_dump()  # type: ignore[index]
    assert published["factorisation_card"] == stored.card.model_dump(mode="json")  # type: ignore[index]
    for concept in stored.concepts:
        own = data(sample, f"c/{FLAMINGO}/{concept.number}.json")
        known = concept.model_dump(mode="json")
        for name in ("number", "component", "direction", "importance", "first", "stability", "stable"):
            assert own[name] == known[name]
        assert own["patch_cosines"] == known["patch_cosines"] and own["together"] == known["together"]
        assert own["key"] == stored.concept_key(concept)
        assert len(own["parts"]) == len(concept.parts)  # type: ignore[arg-type]
        for sprite, crops in (("patches", concept.crops), ("photos", concept.photos)):
            shown = own[sprite]["pictures"]  # type: ignore[index]
            assert [tuple(it["box"]) for it in shown] == [crop.box for crop in crops]
            assert [it["photo"]["digest"] for it in shown] == [stored.photos[crop.photo].digest for crop in crops]


def test_sprites_are_the_stores_own_bytes(sample: Sample) -> None:
    stored = document_of(sample.store, FLAMINGO)
    own = data(sample, f"c/{FLAMINGO}/1.json")
    folder = sample.site / sample.first / "c" / str(FLAMINGO)
    sprite = stored.concepts[0].sprite
    assert (folder / own["patches"]["src"]).read_bytes() == sample.store.read_file(stored.key, sprite.name)  # type: ignore[index]


def test_hostile_names_name_no_file_and_reach_the_pages_as_text(sample: Sample) -> None:
    words = page(sample, f"c/{SCRIPT_CLASS}/1.html").words()
    assert f"Concept 1 of {SCRIPT_NAME}" in words and HOSTILE_PHOTO in words and HOSTILE_AUTHOR in words


def test_models_tell_of_their_concepts(sample: Sample) -> None:
    document = page(sample, "index.html")
    assert "40" in document.words() and "concepts of 4 classes" in document.words()
    links = {a.attributes["href"] for a in document.all("a")}
    assert {f"../../{sample.first}/c/{index}.html#concepts" for index in CONCEPT_CLASSES} <= links


@pytest.mark.parametrize(("cosine", "percent"), [(0.1, 0), (0.203, 0), (0.785, 97), (0.80, 99), (0.9, 100)])
def test_a_cosine_is_placed_among_patches(sample: Sample, cosine: float, percent: int) -> None:
    concept = document_of(sample.store, FLAMINGO).concepts[0]
    assert placed_among_patches(concept, cosine) == percent
    assert placed_among_patches(concept.model_copy(update={"patch_cosines": ()}), cosine) is None
