"""Faults injected into a store with photos and concepts: verified, repaired, clean, and the same site again."""

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import HEAD
from records import keep
from small_photos import CLASSES, write_photos

from atlas.cli.rendering import render_and_report
from atlas.core.analysis import ArraysDocument, ClassConcepts, LayerStatistics
from atlas.core.record import Record
from atlas.store import Store
from atlas.store.documents import encode
from atlas.store.pictures import encode_image
from atlas.store.selections import configuration_name

SETTINGS = f"""{HEAD}
[[models]]
name = "tiny"
source = "callable"
architecture = "tiny_networks:colours"
size = 32
class_names = "classes.txt"

[photos]
path = "photos"
cache = "build/cache"
patch_size = 16
top = 2

[[render]]
classes = ["red"]
parameters = {{ steps = 2, image_size = 32, crops = 2 }}

[[render]]
method = "preimage"
layers = ["act"]
photos = {{ sample = 1 }}
parameters = {{ steps = 2 }}

[[concepts]]
classes = ["red"]
count = 2
shown = 2
fits = 2
designs = 4
minimum = 2
photos = "all"
patches = 2
heat_photos = 1
parameters = {{ steps = 2, image_size = 32, crops = 2 }}
"""
VOLATILE = {"seconds", "created", "date", "batch_size", "peak_bytes"}
"""What of a site may differ when something is made again."""


def write_project(folder: Path) -> Path:
    """Write photos, class names and a configuration; return its path."""
    write_photos(folder / "photos", count=3)
    (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    path = folder / "atlas.toml"
    path.write_text(SETTINGS)
    return path


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """A project that was rendered once; tests take copies of it."""
    folder = tmp_path_factory.mktemp("pristine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        assert render_and_report(write_project(folder)) == 0
    return folder


@pytest.fixture
def project(pristine, atlas):
    shutil.copytree(pristine, atlas.folder, dirs_exist_ok=True)
    return atlas


def store_of(project):
    return Store(project.folder / "build" / "store", damaged=True)


def stable(value):
    """Return JSON without what depends on when something was made."""
    if isinstance(value, dict):
        return {name: stable(each) for name, each in value.items() if name not in VOLATILE}
    return [stable(each) for each in value] if isinstance(value, list) else value


def site_of(project):
    """Return what a fresh build of the project's site holds: names of all files, and the pages' data."""
    built = project("build")
    assert built.status == 0, built.err
    site = project.folder / "build" / "site"
    paths = [path for path in site.rglob("*") if path.is_file()]
    return {
        path.relative_to(site).as_posix(): stable(json.loads(path.read_text())) if path.suffix == ".json" else None
        for path in paths
        if not path.name.startswith(".")
    }


@pytest.fixture(scope="module")
def whole(pristine):
    """What the site of the undisturbed store holds; filled by the first test that builds it."""
    return {}


def without(*names):
    def harm(store):
        for name in names:
            path = store.path / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return harm


def without_kind(*models):
    def harm(store):
        for key in store.keys():
            if isinstance(store.any_document(key), models):
                shutil.rmtree(store.folder(key))
        shutil.rmtree(store.path.parent / "cache", ignore_errors=True)

    return harm


def in_the_way(store):
    """A file, a pipe and two links where folders belong."""
    for name in ("inputs", "models", "photos", "derived"):
        shutil.rmtree(store.path / name, ignore_errors=True)
    (store.path / "inputs").write_text("x")
    os.mkfifo(store.path / "models")
    (store.path / "photos").symlink_to("/nowhere/at/all")
    (store.path / "derived").symlink_to("derived")


def one_of_each(store):
    """A file of each folder: flipped, halved, replaced by a folder with content, a pipe, a link in a circle."""
    flip(store.document_path(next(store.records()).key))
    picture = max(store.path.rglob("*.png"))
    picture.write_bytes(picture.read_bytes()[:99])
    lost = store.input_path(store.input_keys()[0])
    lost.unlink()
    lost.mkdir()
    (lost / "notes.txt").write_text("mine")
    card = store.model_cards.path(store.model_cards.names()[0])
    card.unlink()
    os.mkfifo(card)
    credit = store.credits.path(store.credits.names()[0])
    credit.unlink()
    credit.symlink_to(credit.name)
    selection = store.selections.file(store.selections.names()[0])
    flip(selection)
    flip(store.method_cards.path("natural-1"))


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


# Each: what is done to the store, and how many problems that is.
FAULTS = {
    "no inputs": (without("inputs"), 4),
    "no cards of methods": (without("methods"), 2),
    "no credits, cards, selections or marker": (without("photos", "models", "selections", "store.json"), 4),
    "no renderings": (without_kind(Record), 4),
    "no analyses and no cache": (without_kind(ArraysDocument, LayerStatistics, ClassConcepts), 6),
    "no results and no cache": (without("objects", "../cache"), 10),
    "nothing but inputs": (without("objects", "selections", "models", "photos", "store.json"), 1),
    "no photo as it was shown": (without("pictures"), 1),
    "no inputs and no photo as it was shown": (without("inputs", "pictures"), 5),
    "a damaged photo as it was shown": (lambda store: flip(store.pictures.path(store.pictures.names()[0])), 1),
    "other things in the place of folders": (in_the_way, 10),
    "one file of each kind": (one_of_each, 7),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_lost_is_counted_and_made_again(project, whole, fault):
    harm, count = FAULTS[fault]
    if not whole:
        whole |= site_of(project)
        assert len([name for name in whole if name.startswith("m/tiny/c/")]) > 4
    harm(store_of(project))
    verified = project("status", "--verify")
    assert verified.status == 1
    assert f"{count} problem" in verified.out
    assert sum(line.startswith("damaged ") for line in verified.out.splitlines()) == count, verified.out

    repaired = project("status", "--repair")
    assert repaired.status == 0, repaired.out + repaired.err
    assert f"{count} made again, 0 dropped, 0 left" in repaired.out
    assert project("status", "--verify").status == 0
    assert site_of(project) == whole
    assert "Nothing to repair" in project("status", "--repair").out


def test_the_status_counts_results_of_every_kind(project):
    status = project("status")
    assert status.status == 0 and "tiny: 10 done, 0 dead, 0 failed" in status.out
    assert "rendering 4, concepts 1, factorisation 1, importance 1, statistics 2, tally 1" in status.out


def test_what_stood_in_the_way_with_content_is_kept(project):
    store = store_of(project)
    one_of_each(store)
    assert project("status", "--repair").status == 0
    (kept,) = (store.path / "inputs").glob("*.aside-*/notes.txt")
    assert kept.read_text() == "mine"


def test_a_folder_in_the_place_of_a_derived_picture_is_set_aside_and_then_nobodys_business(project):
    assert project("build").status == 0
    picture = min(store_of(project).path.glob("derived/files/*/*.webp"))
    picture.unlink()
    picture.mkdir()
    (picture / "notes.txt").write_text("mine")
    assert "1 made again, 0 dropped, 0 left" in project("status", "--repair").out
    assert project("status", "--verify").status == 0
    (kept,) = picture.parent.glob("*.aside-*/notes.txt")
    assert kept.read_text() == "mine"
    shutil.rmtree(project.folder / "build" / "site")
    assert project("build").status == 0 and picture.is_file()


FOREIGN = ["README.md", ".DS_Store", "x.json~", "card (conflicted copy).json", ".nfs0000000a", "Thumbs.db", "a.json"]


def test_foreign_files_are_nobodys_business(project, whole):
    store = store_of(project)
    folders = [path for path in store.path.rglob("*") if path.is_dir()] + [store.path]
    for folder in folders:
        for name in FOREIGN:
            (folder / name).write_bytes(b"\xff{")
    assert project("status", "--verify").status == 0
    assert "Nothing to repair" in project("status", "--repair").out
    assert project("render").status == 0
    site = site_of(project)
    assert not whole or site == whole
    assert sum(path.name in FOREIGN for path in store.path.rglob("*")) >= len(folders) * len(FOREIGN)


def test_a_run_without_anything_to_do_changes_nothing(project):
    assert project("build").status == 0
    store = store_of(project).path
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*")}
    assert "Nothing to render" in project("render").out
    assert "Nothing to repair" in project("status", "--repair").out
    assert {path: path.stat().st_mtime_ns for path in store.rglob("*")} == before
    assert "unchanged since the last build" in project("build").out


# --- what the configuration does not render --------------------------------------------------------------------------


def strange_record(store, status="sound"):
    """Store a record as another configuration may have left it, under another key; return the key."""
    record = next(it for it in store.records() if it.job.target.kind == "logit")
    job = record.job.model_copy(update={"seed": 7})
    job = type(job).model_validate(job.model_dump())
    image, data = encode_image(np.full((32, 32, 3), 99, dtype=np.uint8))
    record = record.model_copy(update={"key": job.key, "job": job, "assets": (image,)})
    keep(store, record, {"image": data})
    if status == "damaged":
        flip(store.folder(job.key) / "document.json")
    elif status == "without its picture":
        (store.folder(job.key) / record.assets[0].file_name).unlink()
    elif status == "newer":
        newer = record.model_copy(update={"schema_version": 99})
        (store.folder(job.key) / "document.json").write_bytes(encode(newer))
    return job.key


@pytest.mark.parametrize("status", ["damaged", "without its picture"])
def test_a_damaged_record_that_is_not_rendered_is_left_out_until_it_is_dropped(project, whole, status):
    whole |= {} if whole else site_of(project)
    key = strange_record(store_of(project), status)
    built = project("build")
    assert built.status == 0 and "1 damaged record is left out, which this configuration does not render" in built.out
    assert site_of(project) == whole
    left = project("status", "--repair")
    assert left.status == 1 and "0 made again, 0 dropped, 1 left" in left.out
    assert "atlas.toml does not render it, so it stays as it is" in left.out and "--repair --drop" in left.out
    assert store_of(project).folder(key).exists()
    dropped = project("status", "--repair", "--drop")
    assert dropped.status == 0 and "0 made again, 1 dropped, 0 left" in dropped.out
    assert not store_of(project).folder(key).exists()
    assert project("status", "--verify").status == 0
    assert "left out" not in project("build").out


def test_a_damaged_record_that_is_rendered_stops_the_build_with_a_remedy(project):
    store = store_of(project)
    flip(store.document_path(next(store.records()).key))
    built = project("build")
    assert built.status == 1 and "is damaged" in built.err and "atlas status --verify --repair" in built.err
    assert project("status", "--verify", "--repair").status == 0
    assert project("build").status == 0


def test_what_a_newer_atlas_wrote_is_refused_and_never_removed(project):
    key = strange_record(store_of(project), "newer")
    for command in (["build"], ["status", "--verify"], ["status", "--repair", "--drop"]):
        result = project(*command)
        assert result.status != 0
        assert "schema 99, which a newer atlas wrote" in result.out + result.err
    assert (store_of(project).folder(key) / "document.json").exists()


def test_drop_goes_with_repair(project):
    result = project("status", "--drop")
    assert result.status == 2 and "--drop goes with --repair" in result.err


# --- the marker ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"format": "lens-atlas-store"}', b"\xff", b"[" * 100_000])
def test_a_lost_or_damaged_marker_is_made_again(project, content):
    marker = project.folder / "build" / "store" / "store.json"
    sound = marker.read_bytes()
    marker.unlink()
    if content is not None:
        marker.write_bytes(content)
    for command in ("plan", "render", "status", "build"):
        result = project(command)
        assert result.status == 1
        assert "store.json is" in result.err and "atlas status --repair" in result.err and "empty" not in result.err
    assert "1 problem" in project("status", "--verify").out
    assert project("status", "--repair").status == 0
    assert marker.read_bytes() == sound
    assert project("status", "--verify").status == 0


def test_a_folder_with_photos_and_models_of_ones_own_is_no_store(tmp_path, project):
    mine = project.folder / "mine"
    (mine / "models").mkdir(parents=True)
    (mine / "photos").mkdir()
    (mine / "models" / "resnet.pt").write_bytes(b"x")
    path = project.folder / "atlas.toml"
    path.write_text('[store]\npath = "mine"\n' + path.read_text())
    for command in (["render"], ["status", "--repair"], ["build"]):
        result = project(*command)
        assert result.status == 1 and "is no atlas store" in result.err and "empty" not in result.err
    assert sorted(it.name for it in mine.iterdir()) == ["models", "photos"]


# --- two configurations on one store ---------------------------------------------------------------------------------


def test_each_site_shows_the_photos_credits_and_names_of_its_own_configuration(project):
    """The second one names the model and its classes otherwise, and has photos of its own but for one."""
    first = site_of(project)
    other = project.folder / "other"
    shutil.copytree(project.folder / "photos", other / "photos")
    for path in (other / "photos").rglob("*.png"):
        path.rename(path.with_name(f"other-{path.name}"))
    write_photos(other / "extra", count=5)
    for name in CLASSES:
        for path in sorted((other / "extra" / name).iterdir())[3:]:
            path.rename(other / "photos" / name / f"other-{path.name}")
    shutil.rmtree(other / "extra")
    (other / "photos" / "SOURCES.csv").write_text("folder,author,licence,source\nred,Eve Other,CC0,\n")
    (other / "classes.txt").write_text("red\ngreen\nblue\n")
    text = SETTINGS.replace('name = "tiny"', 'name = "second"').replace("sample = 1", "sample = 2")
    (other / "atlas.toml").write_text('[store]\npath = "../build/store"\n' + text)
    assert project("render", "-c", "other/atlas.toml").status == 0
    assert project("build", "-c", "other/atlas.toml").status == 0
    assert site_of(project) == first, "what another configuration rendered of photos is not in this one's site"
    pages = {
        path.name: path.read_text(encoding="utf-8", errors="replace")
        for path in (other / "build/site").rglob("*")
        if path.suffix in (".html", ".json", ".js")
    }
    assert any("Eve Other" in text and "other-00" in text for text in pages.values())
    assert not any("red/000.png" in text for text in pages.values())
    assert (other / "build/site/m/second").is_dir() and (project.folder / "build/site/m/tiny").is_dir()


def test_a_configuration_that_was_renamed_is_told_so_and_renders_nothing_again(project, whole):
    whole |= {} if whole else site_of(project)
    (project.folder / "atlas.toml").rename(project.folder / "new.toml")
    built = project("build", "-c", "new.toml")
    assert built.status == 0
    assert "no configuration at ../../new.toml" in built.out and "../../atlas.toml" in built.out
    rendered = project("render", "-c", "new.toml")
    assert rendered.status == 0 and "Nothing to render" in rendered.out and "made" not in rendered.out
    (project.folder / "new.toml").rename(project.folder / "atlas.toml")
    assert site_of(project) == whole


def test_a_project_that_is_checked_out_elsewhere_keeps_what_is_current(project, whole, tmp_path):
    whole |= {} if whole else site_of(project)
    moved = project.folder / "moved"
    shutil.copytree(project.folder / "build" / "store", moved / "build" / "store")
    shutil.copy(project.folder / "atlas.toml", moved / "atlas.toml")
    built = project("build", "-c", "moved/atlas.toml")
    assert built.status == 0 and "no configuration" not in built.out and "left out" not in built.out
    concepts = {
        path.relative_to(moved / "build/site").as_posix() for path in moved.glob("build/site/m/tiny/c/0/*.html")
    }
    assert concepts == {name for name in whole if name.startswith("m/tiny/c/0/") and name.endswith(".html")}


def test_configurations_are_named_as_the_store_sees_them(tmp_path):
    store = tmp_path / "a" / "build" / "store"
    assert configuration_name(tmp_path / "a" / "atlas.toml", store) == "../../atlas.toml"
    assert configuration_name(tmp_path / "b" / "atlas.toml", store) == "../../../b/atlas.toml"
