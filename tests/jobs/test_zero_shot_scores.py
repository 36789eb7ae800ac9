"""Zero-shot from pictures to tables: by a small CLIP whose weights are a file, and what is told where there is none."""

import csv
import json
import shutil

import open_clip
import pytest
import torch
from PIL import Image
from scipy.stats import binomtest
from small_evaluation import RENDER, evaluated, opened, rendered, write_project
from small_photos import CLASSES

from atlas.errors import ConfigError
from atlas.models.clip import prompts
from atlas.plan import pairing
from atlas.store import Store

EVALUATE = """
[[evaluate]]
methods = "fourier"
scores = ["zero_shot"]
"""
CLIP = 'clip = { architecture = "small-clip", weights = "clip.pt" }\n'
SMALL = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module", autouse=True)
def small(tmp_path_factory):
    """A small CLIP that open_clip knows by name."""
    file = tmp_path_factory.mktemp("architectures") / "small-clip.json"
    file.write_text(json.dumps(SMALL))
    open_clip.add_model_config(file)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return open_clip.create_model("small-clip").eval()


@pytest.fixture(scope="module")
def project(tmp_path_factory, small):
    """A project that was rendered and evaluated: (its file, what came of it, its store)."""
    file = write_project(tmp_path_factory.mktemp("zero_shot"), judges="", evaluate=EVALUATE + CLIP)
    file.write_text(file.read_text().replace("[[render]]", '[[render]]\nmodel = "tiny"'))
    torch.save(small.state_dict(), file.parent / "clip.pt")
    rendered(file)
    report, found, _ = evaluated(file)
    assert report.failed == [] and report.done_by_kind == {"look": 6 + 1, "score": 1}
    return file, found, Store(file.parent / "build" / "store")


def test_a_prompt_is_one_of_the_80_with_the_first_name():
    found = list(prompts("tench, Tinca tinca"))
    assert len(found) == 80 and "a photo of a tench." in found and not [each for each in found if "Tinca" in each]
    assert "a photo of a electric guitar." in list(prompts("electric_guitar"))


def test_a_class_is_found_whose_names_are_nearest(project, small):
    _, found, store = project
    (document,) = found.documents
    classes = open_clip.build_zero_shot_classifier(
        small, open_clip.get_tokenizer("small-clip"), CLASSES, open_clip.OPENAI_IMAGENET_TEMPLATES
    )
    transform = open_clip.image_transform(32, is_train=False, mean=small.visual.image_mean, std=small.visual.image_std)
    first = []
    for one in document.pictures:
        with Image.open(store.picture_path(store.read(one.key), "image")) as image, torch.no_grad():
            embedding = small.encode_image(transform(image.convert("RGB"))[None])
        rank = int((embedding @ classes)[0].argsort(descending=True).tolist().index(one.class_index)) + 1
        first.append(rank == 1)
        assert [(value.name, value.value) for value in one.values] == [("zero_shot_top1", float(rank == 1))]
    (row,) = found.rows  # of three classes, five are no choice
    wilson = binomtest(sum(first), 6).proportion_ci(method="wilson")
    assert (row.value, row.n) == (sum(first) / 6, 6)
    assert (row.low, row.high) == pytest.approx((wilson.low, wilson.high), abs=1e-6)
    assert (row.title, row.judge) == ("zero-shot, top 1, by small-clip", "")


def test_names_are_read_once_and_again_by_other_weights(project, small):
    file, found, _ = project
    assert evaluated(file)[0].finished == 0
    before = (file.parent / "clip.pt").read_bytes()
    torch.save({name: each * 1.5 for name, each in small.state_dict().items()}, file.parent / "clip.pt")
    assert evaluated(file)[0].done_by_kind == {"look": 7, "score": 1}
    (file.parent / "clip.pt").write_bytes(before)
    assert evaluated(file)[1].rows == found.rows


def test_a_table_without_a_clip_leaves_nothing_out_that_another_asks_one(project):
    file = project[0].parent / "twice.toml"
    file.write_text(project[0].read_text() + EVALUATE)
    found = evaluated(file)[1]
    assert (found.rows, found.left_out) == (project[1].rows, project[1].left_out)


@pytest.mark.parametrize(
    ("clip", "library", "told"),
    [
        ("", True, "add clip = {"),
        ('clip = { architecture = "small-clip", weights = "none.pt" }', True, 'none.pt"; clip.weights names'),
        (CLIP, False, "zero_shot needs open_clip, which is not installed; pip install 'lens-atlas[scores]'"),
    ],
)
def test_what_is_lacking_is_told_in_tables_files_and_the_store(project, clip, library, told, tmp_path, monkeypatch):
    shutil.copytree(project[0].parent, tmp_path / "copy")
    file = tmp_path / "copy" / "atlas.toml"
    file.write_text(file.read_text().replace(CLIP, clip))
    monkeypatch.setattr(pairing, "has", lambda name: library or name != "open_clip")
    report, found, _ = evaluated(file)
    assert report.failed == [] and found.rows == () and report.done_by_kind == {"score": 1}
    (document,) = found.documents
    assert told in document.left_out[0] and document.figures == () and len(document.pictures) == 6
    assert found.left_out == (f"zero_shot of tiny, fourier: {document.left_out[0]}",)
    assert found.to_json()["left_out"] == list(found.left_out)
    (left_out,) = found.to_csv(tmp_path)
    assert left_out.name == "left-out.csv"
    assert [row["left out"] for row in csv.DictReader(left_out.read_text().splitlines())] == list(found.left_out)


def test_classes_without_names_are_left_out(tmp_path):
    render = RENDER.rpartition("\n[[render]]")[0].replace("[[render]]", '[[render]]\nmodel = "tiny"')
    file = write_project(tmp_path, render, judges="", evaluate=EVALUATE + CLIP)
    file.write_text(file.read_text().replace('class_names = "own.txt"\n', ""))
    rendered(file)
    assert "class_names" in evaluated(file)[1].left_out[0]


@pytest.mark.parametrize(
    ("architecture", "told"),
    [("ViT-B-33", "ViT-B-32"), ("roberta-ViT-B-32", "would be fetched"), ("ViT-B-16-SigLIP", "would be fetched")],
)
def test_an_architecture_that_is_none_or_would_fetch_something_is_refused(project, architecture, told):
    file = project[0].parent / "other.toml"
    file.write_text(project[0].read_text().replace("small-clip", architecture))
    with pytest.raises(ConfigError, match=told):
        opened(file)


def test_weights_of_something_else_fail_with_a_reason(project, tmp_path, monkeypatch, caplog):
    load, loads = open_clip.load_checkpoint, []
    monkeypatch.setattr(open_clip, "load_checkpoint", lambda *given: loads.append(given) or load(*given))
    shutil.copytree(project[0].parent, tmp_path / "copy")
    file = tmp_path / "copy" / "atlas.toml"
    torch.save({"weight": torch.zeros(3)}, file.parent / "clip.pt")
    report, found, _ = evaluated(file)
    assert found.rows == () and len(report.failed) == 8
    assert any('holds no weights of the CLIP "small-clip"' in line for line in found.failed)
    assert len(loads) == 1 and "randomly" not in caplog.text
