"""Scores of inversions from pictures to tables: layer by layer, against their photos, with and without LPIPS."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from skimage.metrics import structural_similarity
from small_evaluation import evaluated, rendered, write_project

from atlas.config import load_config
from atlas.errors import ConfigError
from atlas.evaluation.lpips import distance
from atlas.store import Store
from atlas.tasks import comparing

RENDER = """
[[render]]
layers = ["act", "act2"]
photos = ["red/000.png", "green/001.png", "blue/002.png"]
method = "inversion"
seeds = [0, 1]
parameters = { steps = 3, image_size = 32 }
"""
EVALUATE = """
[[evaluate]]
scores = ["inversion"]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project that was rendered and evaluated without LPIPS: (its file, what came of it, its store)."""
    file = write_project(tmp_path_factory.mktemp("inversions"), RENDER, judges="", evaluate=EVALUATE)
    file.write_text(file.read_text().replace("[[render]]", '[[render]]\nmodel = "tiny"'))
    rendered(file)
    report, found, _ = evaluated(file)
    assert report.failed == [] and report.done_by_kind == {"look": 12, "score": 1}
    return file, found, Store(file.parent / "build" / "store")


def pairs(store, layer):
    """(photo, picture beside photo as (H, W, 3) in [0, 1]) of each inversion of a layer."""
    for record in store.records():
        if record.job.target.layer == layer:
            shown = []
            for role in ("image", "photo"):
                with Image.open(store.picture_path(record, role)) as image:
                    shown.append(np.asarray(image.convert("RGB"), np.float64) / 255)
            yield record.job.target.photo, shown


def row_of(found, measure, layer):
    (row,) = [row for row in found.rows if (row.measure, row.layer) == (measure, layer)]
    return row


@pytest.mark.parametrize("layer", ["act", "act2"])
def test_means_are_over_photos_at_each_layer(project, layer):
    _, found, store = project
    as_in_paper = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    likeness, decibels = {}, {}
    for photo, (picture, original) in pairs(store, layer):
        value = structural_similarity(picture, original, data_range=1.0, channel_axis=2, **as_in_paper)
        likeness.setdefault(photo, []).append(value)
        decibels.setdefault(photo, []).append(-10 * np.log10(((picture - original) ** 2).mean()))
    for measure, values in (("ssim", likeness), ("psnr", decibels)):
        row, means = row_of(found, measure, layer), [np.mean(each) for each in values.values()]
        assert row.value == pytest.approx(np.mean(means), rel=1e-5)
        assert min(means) - 1e-5 <= row.low <= row.value <= row.high <= max(means) + 1e-5
        assert (row.n, row.pictures, row.judge, row.photos) == (3, 12, "", 0)


def test_rows_are_in_the_order_of_numbers_and_of_layers(project):
    _, found, _ = project
    assert [(row.measure, row.layer) for row in found.rows] == [
        (measure, layer) for measure in ("psnr", "ssim", "fft2d", "error") for layer in ("act", "act2")
    ]
    assert {row.title for row in found.rows} == {"PSNR", "SSIM", "FFT2D", "error"}


def test_each_picture_has_its_own_likeness(project):
    _, found, store = project
    (document,) = found.documents
    assert document.of == "inversions" and {one.class_index for one in document.pictures} == {None}
    told = {one.key: {value.name: value.value for value in one.values} for one in document.pictures}
    assert len(told) == 12 and all(set(each) == {"ssim"} for each in told.values())
    by_layer = [told[record.key]["ssim"] for record in store.records() if record.job.target.layer == "act"]
    assert np.mean(by_layer) == pytest.approx(row_of(found, "ssim", "act").value, rel=1e-6)


def test_without_weights_lpips_is_left_out_with_what_it_would_take(project):
    _, found, _ = project
    assert "lpips = {" in found.documents[0].left_out[0]
    (line,) = found.left_out
    assert line.startswith("inversion of tiny, inversion: LPIPS is left out")


def test_with_weights_by_path_lpips_is_measured_and_named_by_the_folder_of_the_configuration(project, tmp_path):
    shutil.copytree(project[0].parent, tmp_path / "copy")
    file = tmp_path / "copy" / "atlas.toml"
    text = file.read_text() + 'lpips = { backbone = "squeeze", weights = "squeeze.pth" }\n' + EVALUATE
    file.write_text(text)
    _, found, _ = evaluated(file)
    assert f'no file "{file.parent / "squeeze.pth"}"' in found.left_out[0]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = torchvision.models.squeezenet1_1(weights=None).state_dict()
    torch.save(weights, file.parent / "squeeze.pth")
    report, found, _ = evaluated(file)
    assert report.failed == [] and report.done_by_kind == {"look": 12, "score": 1} and found.left_out == ()
    module, values = distance("squeeze", weights), {}
    for photo, shown in pairs(Store(file.parent / "build" / "store"), "act2"):
        picture, original = (torch.from_numpy(each).permute(2, 0, 1)[None].float() for each in shown)
        with torch.no_grad():
            values.setdefault(photo, []).append(float(module(picture, original, normalize=True)))
    expected = np.mean([np.mean(each) for each in values.values()])
    assert row_of(found, "lpips", "act2").value == pytest.approx(expected, rel=1e-4)
    torch.save({name: each + 0.01 for name, each in weights.items()}, file.parent / "squeeze.pth")
    assert evaluated(file)[0].done_by_kind == {"look": 12, "score": 1}


def test_weights_of_another_network_leave_lpips_out_alone_and_are_read_once(project, tmp_path, monkeypatch):
    read, reads = comparing.read_checkpoint, []
    monkeypatch.setattr(comparing, "read_checkpoint", lambda path: reads.append(path) or read(path))
    shutil.copytree(project[0].parent, tmp_path / "copy")
    file = tmp_path / "copy" / "atlas.toml"
    file.write_text(file.read_text() + 'lpips = { backbone = "squeeze", weights = "other.pth" }\n')
    torch.save({"features.0.weight": torch.zeros(3)}, file.parent / "other.pth")
    report, found, _ = evaluated(file)
    assert report.failed == [] and len(reads) == 1
    (line,) = found.left_out
    assert line.startswith("inversion of tiny, inversion: LPIPS is left out: SqueezeNet 1.1 needs")
    assert line.endswith("weights of ImageNet, or another backbone")
    told = [(row.measure, row.layer, row.value, row.low, row.high, row.n) for row in found.rows]
    assert told == [(row.measure, row.layer, row.value, row.low, row.high, row.n) for row in project[1].rows]


def test_another_backbone_is_refused(tmp_path):
    evaluate = EVALUATE + 'lpips = { backbone = "resnet", weights = "x" }\n'
    with pytest.raises(ConfigError, match=r"evaluate\[0\].lpips.backbone"):
        load_config(Path(write_project(tmp_path, RENDER, judges="", evaluate=evaluate)))
