"""Photos and concepts through the command line: planned, found, rendered, verified, repaired, built, and bad input."""

import hashlib
import json
import shutil

import pytest
from small_photos import CLASSES, write_photos

from atlas.store import Store

CONCEPTS = """
[photos]
path = "photos"
cache = "cache"
patch_size = 16
top = 2

[[concepts]]
count = 3
shown = 2
fits = 2
designs = 8
minimum = 3
patches = 4
heat_photos = 2
"""
PARAMETERS = "parameters = { steps = 3, image_size = 32, crops = 2 }\n"


@pytest.fixture
def project(atlas):
    """A network for three colours, photos of them, and one class rendered."""
    write_photos(atlas.folder / "photos", count=4)
    (atlas.folder / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    configure(atlas, CONCEPTS + PARAMETERS)
    return atlas


def configure(atlas, concepts, network="colours"):
    path = atlas.configure(network, model='size = 32\nclass_names = "classes.txt"', block='classes = ["red"]')
    path.write_text(path.read_text() + concepts)


def test_plan_render_build_and_again(project):
    planned = project("plan")
    assert planned.status == 0, planned.err
    assert "up to 6 pictures of concepts that are still to be found" in planned.out
    rendered = project("render")
    assert rendered.status == 0, rendered.err
    assert "5 analyses of photos made" in rendered.out and "7 rendered, 0 dead, 0 failed" in rendered.out
    assert project("build").status == 0
    page = json.loads((project.folder / "build/site/m/tiny/c/0.json").read_text())
    assert page["kind"] == "class"
    assert (project.folder / "build/site/m/tiny/c/2/1.html").exists()
    again = project("render")
    assert again.status == 0 and "5 analyses of photos in the store already" in again.out
    assert "Nothing to render" in again.out
    assert "7 jobs: 7 stored, 0 to render" in project("plan").out
    assert project("status").status == 0


def test_a_concept_is_made_again_by_the_command_on_its_page(project):
    project("render")
    store = Store(project.folder / "build/store")
    record = next(record for record in store.records() if record.job.target.kind == "direction")
    before = store.picture_path(record, "image").read_bytes()
    shutil.rmtree(store.folder(record.key))
    result = project("render", "--only", record.key[:12])
    assert result.status == 0 and "1 rendered" in result.out
    assert store.picture_path(store.read(record.key), "image").read_bytes() == before


def test_damaged_analyses_are_named_and_repaired(project):
    project("render")
    store = Store(project.folder / "build/store")
    results = [store.document_path(key) for key in store.keys()]
    damaged = [path for path in results if any(path.parent.glob("*.webp"))][:2]  # of analyses: renderings have none
    next(damaged[0].parent.glob("*.webp")).write_bytes(b"damaged")
    damaged[1].write_text(damaged[1].read_text()[:100])
    direction = next(record.job.target.direction for record in store.records() if record.job.target.direction)
    store.input_path(direction).write_bytes(b"damaged")
    next((store.path / "selections").glob("*.json")).write_text("{")
    found = project("status", "--verify")
    assert found.status == 1 and "4 problems" in found.out
    mended = project("status", "--verify", "--repair")
    assert mended.status == 0, mended.out + mended.err
    sound = project("status", "--verify")
    assert sound.status == 0 and "0 problems" in sound.out
    assert hashlib.sha256(store.read_input(direction)).hexdigest() == direction
    assert project("build").status == 0


def test_photos_that_change_are_seen_and_nothing_stale_is_shown(project):
    project("render")
    shutil.rmtree(project.folder / "photos" / "blue")
    (project.folder / "photos" / "green" / "000.png").unlink()
    changed = project("render")
    assert changed.status == 0, changed.err
    project("build")
    site = project.folder / "build/site/m/tiny/c"
    assert (site / "0/1.html").exists() and (site / "1/1.html").exists() and not (site / "2/1.html").exists()
    page = json.loads((site / "1/1.json").read_text())
    assert "000.png" not in json.dumps(page)


def test_a_class_without_concepts_says_why_on_its_page(project):
    shutil.rmtree(project.folder / "photos" / "red")
    shutil.copytree(project.folder / "photos" / "green", project.folder / "photos" / "red")
    result = project("render")
    assert result.status == 0
    assert "no concepts of red: the model predicts none of its 4 photos as this class" in result.out
    project("build")
    assert "predicts none of its 4 photos" in (project.folder / "build/site/m/tiny/c/0.html").read_text()


BAD = {
    "no photos block": (PARAMETERS.join(["[[concepts]]\n", ""]), "add a table [photos]"),
    "no such folder": (CONCEPTS.replace('"photos"', '"nowhere"') + PARAMETERS, "nowhere"),
    "unknown class": (CONCEPTS + 'classes = ["purple"]\n' + PARAMETERS, "purple"),
    "unknown layer": (CONCEPTS + 'layer = "act22"\n' + PARAMETERS, 'did you mean "act2"'),
    "unknown key": (CONCEPTS + "countt = 3\n" + PARAMETERS, 'did you mean "count"'),
    "more shown than fitted": (
        CONCEPTS.replace("shown = 2", "shown = 9") + PARAMETERS,
        "show at most as many as are fitted",
    ),
    "designs": (CONCEPTS.replace("designs = 8", "designs = 9") + PARAMETERS, "power of two"),
    "a layer of parts without parts": (
        CONCEPTS + 'part_layer = "act"\n' + PARAMETERS,
        "part_layer goes with depth = 1",
    ),
    "factorisation": (CONCEPTS + 'factorisation = "pca"\n' + PARAMETERS, '"nmf"'),
    "method": (CONCEPTS + 'method = "macoo"\n' + PARAMETERS, 'did you mean "maco"'),
    "a method's parameter": (CONCEPTS + "parameters = { stepz = 3 }\n", 'did you mean "steps"'),
    "patch size": (CONCEPTS.replace("patch_size = 16", "patch_size = 64") + PARAMETERS, "patch_size"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_table_is_an_error_with_the_key_and_what_is_allowed(project, name):
    concepts, words = BAD[name]
    configure(project, concepts)
    result = project("render")
    assert result.status == 2, result.out
    assert words in result.err
    assert not (project.folder / "build").exists()


def test_folders_that_match_no_class_are_all_named(project):
    (project.folder / "photos" / "green").rename(project.folder / "photos" / "grean")
    (project.folder / "photos" / "blue").rename(project.folder / "photos" / "bleu")
    result = project("render")
    assert result.status == 2 and "grean" in result.err and "bleu" in result.err and "did you mean" in result.err
    (project.folder / "names.csv").write_text("folder,class\ngrean,green\nbleu,\n")
    configure(project, (CONCEPTS + PARAMETERS).replace("[photos]\n", '[photos]\nclasses = "names.csv"\n'))
    result = project("render")
    assert result.status == 0, result.err


def test_an_empty_folder_of_photos(project):
    shutil.rmtree(project.folder / "photos")
    (project.folder / "photos").mkdir()
    result = project("render")
    assert result.status == 2 and "photo" in result.err


def test_broken_photos_are_named_and_the_rest_is_used(project):
    (project.folder / "photos" / "red" / "000.png").write_bytes(b"\x89PNG broken")
    result = project("render")
    assert result.status == 0 and "red/000.png" in result.out
