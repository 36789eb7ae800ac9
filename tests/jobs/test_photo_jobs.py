"""Jobs about photos: planned from a block's photos, rendered, measured against the photo, kept with all they need."""

import json
from hashlib import sha256

import numpy as np
import pytest
import torch
from PIL import Image
from small_photos import write_photos
from small_runs import configuration, made, planned_with, prepared

from atlas.core.canonical import digest_bytes
from atlas.core.record import Record
from atlas.errors import ConfigError
from atlas.methods.photos import square_of

ADVERSARIAL = {"method": "adversarial", "classes": (1, 2), "parameters": {"steps": 5, "epsilon": 0.02}}
INVERSION = {"method": "preimage", "layers": ("body", "logits"), "kind": "inversion", "parameters": {"steps": 3}}


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos", 3)


def run(config) -> list[Record]:
    """Render everything that a configuration asks for; return the records."""
    plan, store = prepared(config)
    report, _, _ = made(plan, store, config)
    assert (report.failed, report.dead) == ([], [])
    return list(store.records())


def asked(tmp_path, photos, **block):
    return configuration(tmp_path, photos={"path": photos, "cache": tmp_path / "cache"}, **block)


@pytest.mark.parametrize("kind", ["serial", "ray"])
def test_an_adversarial_example_is_rendered_for_each_photo_and_class(kind, tmp_path, photos):
    executor = {"kind": kind, "workers": 1} if kind == "ray" else {}
    config = asked(tmp_path, photos, chosen=("red/*", "blue/001.png"), executor=executor, **ADVERSARIAL)
    records = run(config)
    _, store = prepared(config)
    assert len(records) == 2 * 4
    files = {sha256(path.read_bytes()).hexdigest(): path for path in photos.rglob("*.png")}
    for record in records:
        target = record.job.target
        assert target.photo is not None and store.read_input(target.photo) == files[target.photo].read_bytes()
        assert store.photo_credit(target.photo).name == files[target.photo].relative_to(photos).as_posix()
        assert {asset.role for asset in record.assets} == {"image", "alpha", "photo", "perturbation"}
        values = {one.name: one.value for one in record.measurements}
        assert values["probability"] > values["probability_before"]
        assert len(record.photo_classes) == len(record.top_classes) == 5
        image, photo, shown = (np.asarray(Image.open(store.picture_path(record, role))).astype(int) for role in ROLES)
        assert np.array_equal(photo, as_levels(square_of(files[target.photo].read_bytes(), "", 32)))
        change = image - photo
        assert 0 < np.abs(change).max() <= 0.02 * 255
        assert values["perturbation"] == pytest.approx(np.abs(change).max() / 255, abs=1e-6)
        assert values["psnr"] == pytest.approx(-10 * np.log10(np.mean((change / 255) ** 2)), rel=1e-4)
        assert np.abs(shown - np.clip(127.5 + 10 * change, 0, 255)).max() <= 1


ROLES = ("image", "photo", "perturbation")


def as_levels(square):
    return (square.permute(1, 2, 0) * 255).round().int().numpy()


def test_a_pre_image_that_is_weighed_by_photos_has_them_in_its_key(tmp_path, photos):
    units = {"method": "preimage", "layers": ("body",), "units": (3, 5)}
    of_photos = units | {"parameters": {"steps": 2, "largest": "photos"}}
    before = [record.job for record in run(asked(tmp_path, photos, **of_photos))]
    assert len({job.target.references for job in before}) == 1 and None not in {job.target.references for job in before}
    _, store = prepared(asked(tmp_path, photos, **of_photos))
    digests = {sha256(path.read_bytes()).hexdigest() for path in photos.rglob("*.png")}
    assert {*json.loads(store.read_input(before[0].target.references))} == digests
    Image.effect_noise((40, 40), 50).convert("RGB").save(photos / "red" / "new.png")
    plan, _ = prepared(asked(tmp_path, photos, **of_photos))
    assert {task.key for task in plan.jobs}.isdisjoint({job.key for job in before})
    plan, _ = prepared(asked(tmp_path, photos, **units | {"parameters": {"steps": 2}}))
    assert {task.job.target.references for task in plan.jobs} == {None}
    with pytest.raises(ConfigError, match='"preimage" with these parameters needs reference photos; add a table'):
        prepared(configuration(tmp_path, **of_photos))


def test_inversions_are_of_layers_and_say_how_near_they_came(tmp_path, photos):
    config = asked(tmp_path, photos, chosen=("green/000.png",), **INVERSION)
    records = run(config)
    plan, store = prepared(config)
    assert sorted(record.job.target.layer for record in records) == ["body", "logits"]
    for record in records:
        target = record.job.target
        assert target.kind == "inversion"
        assert {asset.role for asset in record.assets} == {"image", "alpha", "photo"}
        values = {one.name: one.value for one in record.measurements}
        assert {"psnr", "fft2d", "perturbation"} <= values.keys()
        shown = [np.asarray(Image.open(store.picture_path(record, role))) for role in ROLES[:2]]
        images = torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2).float() / 255
        picture, photo = plan.models["tiny"].network("float32", torch.device("cpu"))(images, target.layer).double()
        assert values["error"] == pytest.approx(float((picture - photo).norm() / photo.norm()), rel=1e-3)


def test_a_changed_photo_is_another_job_and_a_renamed_one_is_not(tmp_path, photos):
    config = asked(tmp_path, photos, chosen=("red",), **ADVERSARIAL)
    before = {job.key for job in prepared(config)[0].jobs}
    (photos / "red/000.png").rename(photos / "red/other.png")
    assert {job.key for job in prepared(config)[0].jobs} == before
    Image.new("RGB", (40, 40), "red").save(photos / "red/other.png")
    after = {job.key for job in prepared(config)[0].jobs}
    assert len(after & before) == 4 and len(after - before) == 2


def test_a_sample_is_the_same_every_time_and_grows(tmp_path, photos):
    few, more = (
        {job.job.target.photo for job in prepared(asked(tmp_path, photos, chosen=sample, **ADVERSARIAL))[0].jobs}
        for sample in ({"sample": 2}, {"sample": 5})
    )
    assert len(few) == 2 and len(more) == 5 and few < more


def test_a_broken_photo_of_a_glob_is_left_out_with_a_notice(tmp_path, photos):
    (photos / "red/broken.png").write_bytes(b"no picture")
    plan = prepared(asked(tmp_path, photos, chosen=("red/*",), **ADVERSARIAL))[0]
    assert len({job.job.target.photo for job in plan.jobs}) == 3
    assert "red/broken.png" in plan.notices[0]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"chosen": ("red/broken.png",), **ADVERSARIAL}, ["red/broken.png", "not a photo"]),
        ({"chosen": ("red/00O.png",), **ADVERSARIAL}, ['"red/00O.png" matches no photo', 'did you mean "red/00']),
        ({"chosen": {"sample": 99}, **ADVERSARIAL}, ["a sample of 99", "has 10"]),
        ({"chosen": ("red",), "classes": (1,), "method": "maco"}, ["from noise, not from photos", "adversarial"]),
        ({**ADVERSARIAL}, ["name some: photos =", "maco"]),
        ({"chosen": ("red",), **INVERSION, "method": "maco"}, ["cannot render an inversion", "preimage"]),
        (
            {"chosen": ("red",), **INVERSION, "layers": ("body",), "parameters": {"channels": "3-16"}},
            ['parameters.channels = "3-16"', "has 16 channels, 0 to 15"],
        ),
        (
            {"chosen": ("red",), **INVERSION, "kind": None, "units": ((1, 2),), "sign": "both"},
            ["units: an inversion is of a whole layer", "sign: an inversion is of"],
        ),
        ({"chosen": ("red",), **INVERSION, "layers": ("bodi",)}, ['"bodi" matches no layer', '"body"']),
    ],
)
def test_what_cannot_be_done_is_said_when_planning(block, words, tmp_path, photos):
    (photos / "red/broken.png").write_bytes(b"no picture")
    with pytest.raises(ConfigError) as found:
        prepared(asked(tmp_path, photos, **block))
    assert [word for word in words if word not in str(found.value)] == []


def test_references_are_the_photos_of_the_class_in_the_key(tmp_path, photos):
    plan, _ = planned_with(tmp_path, photos, method="vital", classes=("red", "blue"), parameters={"steps": 2})
    by_class = {job.job.target.unit: job for job in plan.jobs}
    for unit, name in ((0, "red"), (2, "blue")):
        digests = sorted(sha256(path.read_bytes()).hexdigest() for path in (photos / name).glob("*.png"))
        assert [photo.digest for photo in by_class[unit].references] == digests
        listed = by_class[unit].job.target.references
        assert listed == digest_bytes(plan.inputs[listed])


def test_a_class_without_reference_photos_is_named(tmp_path, photos):
    for path in (photos / "green").iterdir():
        path.unlink()
    with pytest.raises(ConfigError, match="there are no photos of green.*add some, or leave"):
        planned_with(tmp_path, photos, method="vital", classes=("red", "green"))
    plan = planned_with(tmp_path, photos, method="vital", classes=("all",))[0]
    assert {job.job.target.unit for job in plan.jobs} == {0, 2}


def test_reference_photos_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match=r"needs reference photos; add a table \[photos\]"):
        prepared(configuration(tmp_path, method="vital", classes=(1,), parameters={"steps": 2}))
