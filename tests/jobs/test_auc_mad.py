"""Selectivity from pictures of channels to tables: AUC and MAD by hand, against photos that no method was given."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.stats import mannwhitneyu
from small_evaluation import evaluated, opened, rendered, seen_by_hand, write_project
from small_photos import write_photos
from tiny_networks import signed_colours

from atlas.store import Store

RENDER = """
[[render]]
layers = ["act", "act2"]
units = [1, 3]
sign = "both"
method = "fourier"
seeds = [0, 1, 2]
parameters = { steps = 2, image_size = 32 }

[[render]]
layers = "act2"
units = [2]
method = "vital"
parameters = { steps = 1, image_size = 32 }
"""
EVALUATE = """
[[evaluate]]
scores = "auc_mad"
photos = { judging = 0.5, seed = 0 }
"""
UNITS = [(unit, sign) for unit in (1, 3) for sign in (1, -1)]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with 54 judging photos that was rendered and evaluated: (its file, what came of it, its store)."""
    folder = tmp_path_factory.mktemp("units")
    write_photos(folder / "photos", 36)
    file = write_project(folder, RENDER, judges="", evaluate=EVALUATE)
    file.write_text(file.read_text().replace("[[render]]", '[[render]]\nmodel = "tiny"'))
    rendered(file)
    report, found, _ = evaluated(file)
    assert report.failed == [] and report.done_by_kind == {"look": 24 + 1 + 2, "score": 2}
    return file, found, Store(file.parent / "build" / "store")


@pytest.fixture(scope="module")
def on_photos(project):
    """Layer to the network's means over positions on the judging photos, (54, units)."""
    file, found, store = project
    judging, seen = set(json.loads(store.read_input(found.documents[0].split.judging))), []
    for photo in opened(file).plan.photo_set.photos:
        if photo.digest in judging:
            with Image.open(file.parent / "photos" / photo.name) as image:
                square = image.convert("RGB").resize((32, 32), Image.Resampling.BICUBIC)
            seen.append(seen_by_hand(square, signed_colours)[1])
    return {layer: np.array([each[layer] for each in seen]) for layer in ("act", "act2")}


def on_pictures(store, layer, unit, sign):
    """Its means over positions on the three pictures of a unit."""
    for record in store.records():
        target = record.job.target
        if (record.job.method, target.layer, target.unit, target.sign) == ("fourier", layer, unit, sign):
            with Image.open(store.picture_path(record, "image")) as image:
                yield seen_by_hand(image, signed_colours)[1][layer][unit]


@pytest.mark.parametrize("layer", ["act", "act2"])
@pytest.mark.parametrize(("control", "count"), [("all", 54), ("strongest", 50)])
def test_auc_and_mad_are_those_of_the_networks_own_activations(project, on_photos, layer, control, count):
    _, found, store = project
    aucs, mads = {}, {}
    for unit, sign in UNITS:
        photos = np.sort(sign * on_photos[layer][:, unit])[::-1][:count]
        pictures = sign * np.array(list(on_pictures(store, layer, unit, sign)))
        assert len(pictures) == 3
        aucs.setdefault(unit, []).append(mannwhitneyu(pictures, photos).statistic / (3 * count))
        mads.setdefault(unit, []).append((pictures.mean() - photos.mean()) / photos.std())
    for name, values in (("auc", aucs), ("mad", mads)):
        (row,) = [
            row for row in found.rows if (row.measure, row.layer, row.method) == (f"{name}_{control}", layer, "fourier")
        ]
        assert row.value == pytest.approx(np.mean([np.mean(each) for each in values.values()]), rel=1e-3)
        assert (row.n, row.pictures, row.photos, row.judge, row.relation) == (2, 24, 54, "tiny", "own")
        assert row.low <= row.value <= row.high


def test_each_picture_has_the_numbers_of_its_unit(project):
    _, found, store = project
    (document,) = [one for one in found.documents if one.method == "fourier"]
    by_unit = {}
    for one in document.pictures:
        target = store.read(one.key).job.target
        by_unit.setdefault((target.layer, target.unit, target.sign), []).append(
            {value.name: value.value for value in one.values}
        )
    assert len(by_unit) == 8 and all(len(each) == 3 and each[0] == each[1] == each[2] for each in by_unit.values())
    assert all({*each[0]} == {"auc_strongest", "mad_strongest", "auc_all", "mad_all"} for each in by_unit.values())
    (row,) = [row for row in found.rows if (row.measure, row.layer, row.method) == ("mad_all", "act", "fourier")]
    mads = [each[0]["mad_all"] for (layer, _, _), each in by_unit.items() if layer == "act"]
    assert np.mean(mads) == pytest.approx(row.value)


def test_no_unit_was_given_a_photo_that_judges_it(project):
    _, found, store = project
    judging = set(json.loads(store.read_input(found.documents[0].split.judging)))
    (record,) = [each for each in store.records() if each.job.method == "vital"]
    references = set(json.loads(store.read_input(record.job.target.references)))
    assert len(references) == 54 and not references & judging


def test_fewer_photos_than_the_strongest_leave_that_control_out_and_say_so(tmp_path):
    render = RENDER.partition('\n[[render]]\nlayers = "act2"')[0].replace("[0, 1, 2]", "[0]")
    file = write_project(tmp_path, render, judges="", evaluate=EVALUATE)
    file.write_text(file.read_text().replace("[[render]]", '[[render]]\nmodel = "tiny"'))
    rendered(file)
    _, found, _ = evaluated(file)
    assert {row.measure for row in found.rows} == {"auc_all", "mad_all"}
    assert [line.partition(": ")[2] for line in found.left_out] == [
        f"{name}_strongest of 8 channels: there are 12 photos, fewer than 50" for name in ("auc", "mad")
    ]


def test_pictures_of_classes_alone_leave_it_out_with_what_it_would_take(tmp_path):
    plan = opened(write_project(tmp_path, evaluate=EVALUATE)).plan
    assert plan.evaluations.asked == ()
    (line,) = plan.evaluations.left_out
    assert line.startswith("auc_mad: no pictures of channels") and "[[render]] table with layers and units" in line
