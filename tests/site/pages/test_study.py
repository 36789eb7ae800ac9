"""The study's page: what it holds, what it does not give away, and what is left out of it."""

import gzip
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from records import keep
from sample_site import Document, script_value
from sample_store import card, job, record
from selecting import claim_all
from study_site import CLASSES, METHODS, build_study, make_study_store, study_of

from atlas.core.job import Target
from atlas.site import SiteMetadata, build_site, check_links
from atlas.store import Store
from atlas.study.document import StudyDocument
from atlas.study.settings import StudySettings


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_study_store(tmp_path_factory.mktemp("store") / "store")


@pytest.fixture(scope="module")
def site(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    report = build_study(store, folder, StudySettings(consent="One\ntwo.\n\n<Three>", post="https://example.org/take"))
    assert [notice for notice in report.notices if "study" in notice] == []
    return folder


def test_the_page_loads_its_own_files_only_and_may_post_where_the_owner_says(site: Path) -> None:
    page = Document((site / "study/index.html").read_text())
    loaded = [it.attributes["src"] for it in page.all("script")] + [
        it.attributes["href"] for it in page.all("link") if it.attributes["rel"] == "stylesheet"
    ]
    assert all("/" not in name and (site / "study" / name).is_file() for name in loaded) and len(loaded) == 3
    policy = next(
        it.attributes["content"] for it in page.all("meta") if "default-src" in it.attributes.get("content", "")
    )
    assert "default-src 'none'" in policy and "connect-src https://example.org;" in policy and "unsafe" not in policy
    assert [it.text for it in page.all("p")][1:3] == ["One two.", "<Three>"]
    assert check_links(site) == []
    sizes = [len(gzip.compress((site / "study" / name).read_bytes())) for name in sorted(loaded)]
    assert sum(sizes) < 40_000


def test_no_file_that_who_takes_part_could_see_names_a_method(site: Path) -> None:
    for path in (site / "study").iterdir():
        assert not any(method in f"{path.name} {path.read_text()}".lower() for method in METHODS)
    data = script_value((site / "study/tasks.js").read_text(), "atlasStudy")
    files = {name for files in data["pictures"].values() for name in files[::2]}
    assert all((site / "i" / name).is_file() for name in files)
    assert all(len(trial) == 3 for trial in data["trials"].values())


def test_it_asks_what_the_store_keeps_and_every_photo_has_its_credit(store: Store, site: Path) -> None:
    data = script_value((site / "study/tasks.js").read_text(), "atlasStudy")
    document = json.loads((site / "study/index.json").read_text())
    study = StudyDocument.model_validate_json(store.read_input(document["data"]["study"]))
    assert data["study"] == study.digest and data["sheets"] == [list(sheet) for sheet in study.sheets]
    assert {it.index for it in study.stimuli} == set(CLASSES) and {it.method for it in study.stimuli} == set(METHODS)
    Draft202012Validator(json.loads((site / "schema/study.json").read_text())).validate(document)
    for photos in data["photos"].values():
        assert (site / "i" / photos["path"]).is_file() and photos["credits"]
        for name, _, _, _, address in photos["credits"]:
            page, _, anchor = address.partition("#")
            text = (site / "study" / page).read_text()
            assert name and f'id="{anchor}"' in text


def test_without_the_table_there_is_no_page(store: Store, tmp_path: Path) -> None:
    build_site(store, tmp_path / "site", SiteMetadata())
    assert not (tmp_path / "site/study").exists()


def test_a_changed_table_is_built_anew_and_the_same_one_is_not(store: Store, tmp_path: Path) -> None:
    settings = StudySettings(seed=5)
    assert not build_study(store, tmp_path / "site", settings).unchanged
    assert build_study(store, tmp_path / "site", settings).unchanged
    assert not build_study(store, tmp_path / "site", settings.model_copy(update={"title": "Else"})).unchanged


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", create=True)
    store.save_card(card("a"))
    for method, index in (("maco", 0), ("maco", 1), ("cbr", 1)):
        made, pictures = record(job("a", Target(kind="logit", layer="logits", unit=index), method=method))
        keep(store, made, pictures)
    claim_all(store)
    asked = StudySettings(models=("Sample Nets",), methods=("maco", "cbrr"), classes=("daisys", 0))
    text = " ".join(build_study(store, tmp_path / "site", asked).notices)
    assert 'model "Sample Nets"' in text and "did you mean" in text and "has no page" in text
    assert not (tmp_path / "site/study").exists()
    text = " ".join(build_study(store, tmp_path / "site", StudySettings()).notices)
    assert "1 of 2 classes" in text and 'does not ask for "word"' in text and 'does not ask for "photos"' in text
    assert {it.index for it in study_of(store).stimuli} == {1}
