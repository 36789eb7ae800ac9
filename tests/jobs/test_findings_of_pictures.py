"""Analyses of changed photos and of pictures: what is found by hand, what is there only, and under every executor."""

import shutil
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from small_evaluation import as_input, evaluated, opened, rendered, write_project
from small_photos import CLASSES
from tiny_networks import colours, signed_colours

from atlas.analyses.embedding import trustworthiness
from atlas.analyses.texture import VARIANTS, called, variant
from atlas.core.finding import Finding
from atlas.evaluation.scores.base import PROBABILITIES
from atlas.face.evaluating import WAITING
from atlas.store import Store
from atlas.store.integrity import verify
from atlas.store.repair import discard_result
from atlas.tasks.analysis import read_arrays

SPLIT = "photos = { judging = 0.5, seed = 0 }\n"
RENDER = """
[[render]]
classes = "all"
method = "fourier"
parameters = { steps = 2, image_size = 32 }

[[render]]
layers = ["act2"]
units = "0-5"
sign = "both"
method = "fourier"
parameters = { steps = 2, image_size = 32 }
"""
ANALYSE = f"""
[[analyse]]
kind = "texture_bias"
models = ["tiny"]
{SPLIT}
[[analyse]]
kind = "class_relatedness"
models = ["tiny"]

[[analyse]]
kind = "embedding"
limit = 3
"""
ORDER = ("blue", "red", "green")
"""The other model's classes."""


def square(file, photo, side):
    with Image.open(file.parent / "photos" / photo.name) as image:
        return image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)


def picture(store, key):
    with Image.open(store.picture_path(store.read(key), "image")) as image:
        return image.convert("RGB")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project that was rendered and analysed: (its file, what came of it, its store)."""
    file = write_project(tmp_path_factory.mktemp("findings"), render=RENDER, evaluate=ANALYSE)
    rendered(file)
    report, found, _ = evaluated(file)
    assert report.failed == []
    return file, found.analyses, Store(file.parent / "build" / "store")


def one(found, kind):
    (document,) = [document for document in found.documents if document.kind == kind]
    return document


def judging_photos(file):
    plan = opened(file).plan
    return [photo for photo in plan.photo_set.photos if photo.digest in plan.split.judging]


def test_texture_bias_is_the_share_recognised_of_changed_photos(project):
    file, found, _ = project
    document, network = one(found, "texture_bias"), signed_colours().eval()
    outcomes = {name: {} for name in VARIANTS}
    for photo in judging_photos(file):
        pixels = torch.from_numpy(np.array(square(file, photo, 224))).permute(2, 0, 1).float() / 255
        for name, known in outcomes.items():
            changed = (variant(name, pixels, photo.digest, 0) * 255).round().byte().permute(1, 2, 0).numpy()
            with torch.no_grad():
                logits = network(as_input(Image.fromarray(changed))[None])[0]
            index = CLASSES.index(photo.group)
            known[photo] = index if int((logits >= logits[index]).sum()) == 1 else None
    figures = {(row.name, row.variant, row.class_index): row for row in document.figures}
    for name, known in outcomes.items():
        overall = figures["texture_bias", called(name), None]
        assert (overall.value, overall.n) == (np.mean([it is not None for it in known.values()]), 12)
        for index in range(3):
            own = [it is not None for photo, it in known.items() if CLASSES.index(photo.group) == index]
            assert (figures["texture_bias", called(name), index].value, len(own)) == (np.mean(own), 4)
        if name != "original":
            still = [it is not None for photo, it in known.items() if outcomes["original"][photo] is not None]
            row = figures["texture_bias_recognised", called(name), None]
            assert (row.value, row.n) == (np.mean(still), len(still))
    assert len(document.figures) == 8 + 7 + 24


def test_channels_are_given_the_class_that_they_raise_most_and_another_model_ranks_it(project):
    file, found, store = project
    document = one(found, "class_relatedness")
    assert [model.name for model in document.models] == ["tiny", "other"]
    network, seen = signed_colours().eval(), {}
    network.act2.register_forward_hook(lambda module, given, output: seen.__setitem__("at", output.mean(dim=(2, 3))))
    photos = judging_photos(file)
    with torch.no_grad():
        network(torch.stack([as_input(square(file, photo, 32)) for photo in photos]))
    over = seen["at"] - seen["at"].mean(dim=0)
    classes = torch.tensor([CLASSES.index(photo.group) for photo in photos])
    weights = network.head.weight.detach()
    points = torch.stack([(over[classes == index] * weights[index]).sum(dim=0) for index in range(3)])
    assert [row.channel for row in document.related] == [0, 1, 2, 3, 4, 5]
    for row in document.related:
        best = int(points[:, row.channel].argmax())
        if points[best, row.channel] <= 1e-7:
            assert (row.class_index, row.rank) == (None, None)
            continue
        assert row.class_index == best
        assert row.points == pytest.approx(float(points[best, row.channel]), rel=1e-3)
        with torch.no_grad():
            logits = colours().eval()(as_input(picture(store, row.picture))[None])[0]
        assert row.rank == int((logits >= logits[ORDER.index(CLASSES[best])]).sum())
        job = store.read(row.picture).job
        assert (job.target.layer, job.target.unit, job.target.sign) == ("act2", row.channel, 1)
    # Three classes are all among the first ten, which tells nothing.
    assert (document.figures, document.chance) == ((), 1)
    nothing = sum(row.class_index is None for row in document.related)
    assert 0 < nothing < 6 and f"{nothing} of 6 channels raise the logit of none" in document.left_out[0]
    assert "other has 3 classes, all of them among its first" in document.left_out[1]


def test_a_picture_that_is_nan_to_another_model_is_left_out_and_counted(project, monkeypatch):
    file, _, store = project
    [task] = [task for task in opened(file).plan.with_follow_ups(store).found if task.name == "class_relatedness"]
    bench = SimpleNamespace(store=store)
    whole = task.find(bench).fields
    spoilt = next(place for place, row in enumerate(whole["related"]) if row.rank is not None)

    def read(store, key):
        document, arrays = read_arrays(store, key)
        if key == task.pictures[spoilt][2]:
            arrays = arrays | {PROBABILITIES: np.full_like(arrays[PROBABILITIES], np.nan)}
        return document, arrays

    monkeypatch.setattr("atlas.tasks.findings.class_relatedness.read_arrays", read)
    told = task.find(bench).fields
    assert told["related"][spoilt].rank is None
    others = [place for place in range(6) if place != spoilt]
    assert [told["related"][place] for place in others] == [whole["related"][place] for place in others]
    assert told["left_out"][-1] == "1 picture: other gives NaN or infinite probabilities"
    assert not any("NaN" in line for line in whole["left_out"])


def test_the_map_has_each_picture_and_some_photos_of_its_class(project):
    file, found, store = project
    document = one(found, "embedding")
    assert [model.name for model in document.models] == ["tiny", "other"]
    pictures = [point for point in document.points if point.picture]
    photos = [point for point in document.points if point.photo is not None]
    assert [(point.class_index, point.method) for point in pictures] == [(index, "fourier") for index in range(3)]
    assert len(photos) == 9 == document.photo_sprite.count
    by_digest = {photo.digest: photo for photo in judging_photos(file)}
    shown = [by_digest[document.photos[document.crops[point.photo].photo].digest] for point in photos]
    assert [CLASSES.index(photo.group) for photo in shown] == [point.class_index for point in photos]
    network, seen = colours().eval(), {}
    network.act2.register_forward_hook(lambda module, given, output: seen.__setitem__("at", output.mean(dim=(2, 3))))
    images = [picture(store, point.picture) for point in pictures] + [square(file, photo, 32) for photo in shown]
    with torch.no_grad():
        network(torch.stack(list(map(as_input, images))))
    places = np.array([(point.x, point.y) for point in document.points])
    assert np.abs(places).max() == pytest.approx(1)
    (row,) = document.figures
    assert (row.other_layer, row.n) == ("act2", 12)
    assert row.value == pytest.approx(trustworthiness(seen["at"].double().numpy(), places), abs=1e-6)


def test_what_lies_in_the_store_is_whole_and_tables_have_the_map(project):
    _, found, store = project
    assert list(verify(store)) == []
    lines = found.csv_tables()["embedding-points"].splitlines()
    assert len(lines) == 13 and lines[1].startswith("tiny,other,0,fourier,")


def test_pictures_that_are_not_there_are_not_analysed(tmp_path):
    file = write_project(tmp_path, render=RENDER, evaluate=ANALYSE)
    _, found, _ = evaluated(file)
    assert {document.kind for document in found.analyses.documents} == {"texture_bias"}
    assert found.left_out == tuple(f"{kind}: {WAITING}" for kind in ("class_relatedness", "embedding"))


def test_without_pictures_or_anybody_to_look_it_is_said_what_it_would_take(tmp_path):
    render = RENDER.partition("\n[[render]]\nlayers")[0]
    file = write_project(tmp_path, render=render, evaluate=ANALYSE)
    (line,) = opened(file).plan.findings.left_out
    assert line == "class_relatedness of tiny: no channels are rendered; add layers to [[render]]"


def test_folders_that_are_of_no_class_of_a_model_are_left_out_and_counted(tmp_path):
    file = write_project(tmp_path, render=RENDER, evaluate='[[analyse]]\nkind = "texture_bias"\n')
    (tmp_path / "other.txt").write_text("blue\nred\nplum\n")
    plan = opened(file).plan
    tasks = [task for task in plan.findings.tasks(None) if task.kind == "measurement"]
    assert [(task.model, task.analysis.class_index) for task in tasks] == [
        *(("tiny", index) for index in range(3)),
        *(("other", index) for index in range(2)),
    ]
    (line,) = plan.findings.left_out
    assert line.startswith("1 folder of photos of none of other's classes") and "green" in line


def test_without_its_library_an_analysis_is_left_out(tmp_path, monkeypatch):
    for module in ("texture", "embedding"):
        monkeypatch.setattr(f"atlas.plan.findings.{module}.has", lambda library: False)
    file = write_project(tmp_path, render=RENDER, evaluate=ANALYSE)
    left_out = opened(file).plan.findings.left_out
    assert left_out == (
        "texture_bias: it needs skimage, which is not installed; pip install 'lens-atlas[analyses]'",
        "embedding: it needs openTSNE, which is not installed; pip install 'lens-atlas[analyses]'",
    )


def test_threads_beside_each_other_find_the_same_to_the_last_byte(project, tmp_path, monkeypatch):
    file, found, store = project
    shutil.copytree(file.parent, tmp_path / "copy")
    copy = Store(tmp_path / "copy" / "build" / "store")
    (texture,) = (one.analysis.upstream for one in found.documents if one.kind == "texture_bias")
    (related,) = (one.analysis.upstream for one in found.documents if one.kind == "class_relatedness")
    (embedded,) = (one.analysis.upstream for one in found.documents if one.kind == "embedding")
    for key in {*texture, *related, *embedded}:
        discard_result(copy, key)
    again = tmp_path / "copy" / "atlas.toml"
    again.write_text(file.read_text().replace("threads = 1", "threads = 3"))
    seen = set()
    monkeypatch.setattr(
        "atlas.tasks.findings.texture.variant",
        lambda *args: (seen.add(threading.current_thread().name), variant(*args))[1],
    )
    report, _, _ = evaluated(again)
    assert report.failed == [] and report.done_by_kind["measurement"] > len(texture) and len(seen) > 1
    for key in {*texture, *related, *embedded}:
        before, after = (read_arrays(one, key)[1] for one in (store, copy))
        assert before.keys() == after.keys() and before
        assert all(before[name].tobytes() == after[name].tobytes() for name in before)


def test_workers_of_a_cluster_find_the_same(project, tmp_path):
    file, found, _ = project
    shutil.copytree(file.parent, tmp_path / "copy")
    store = Store(tmp_path / "copy" / "build" / "store")
    for document in found.documents:
        for key in {document.key, *document.analysis.upstream}:
            discard_result(store, key)
    again = write_project(tmp_path / "copy", RENDER, evaluate=ANALYSE, executor='kind = "ray"\nworkers = 2')
    report, others, _ = evaluated(again)
    assert report.failed == [] and report.done_by_kind["finding"] == 3
    told = [replace(row, value=0, low=0, high=0) for row in others.analyses.rows]
    assert told == [replace(row, value=0, low=0, high=0) for row in found.rows]
    texture = [row.value for row in found.of("texture_bias")]
    assert [row.value for row in others.analyses.of("texture_bias")] == pytest.approx(texture)
    assert {type(store.any_document(document.key)) for document in found.documents} == {Finding}
