"""The benchmark of methods measures what it says: errors and their intervals, the ball, time inside the network."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_photos import CLASSES, write_photos

from atlas.methods import methods

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def study(tmp_path):
    """A small network with three classes, photos of them, and an empty store."""
    names = tmp_path / "classes.txt"
    names.write_text("\n".join(CLASSES))
    model = {
        "name": "tiny", "source": "callable", "architecture": "tiny_networks:colours", "size": 32, "class_names": names,
    }  # fmt: skip
    made = import_module("comparing.study").Study
    return made(tmp_path, write_photos(tmp_path / "photos", 4), tmp_path / "pictures", (model,), threads=1)


def test_adversarial_examples_are_counted_and_their_ball_is_checked(study):
    text = import_module("comparing.photos").adversarial(study, (0, 2), 6, {"epsilon": 0.05})
    pairs = [
        (one.photo_classes[0].index, one.top_classes[0].index, one.job.target.unit) for one in study.store.records()
    ]
    others = [pair for pair in pairs if pair[0] != pair[2]]
    reached = sum(after == target for _, after, target in others)
    assert len(pairs) == 12 > len(others) > 0
    assert text.splitlines()[1].startswith(f"{reached} of {len(others)} pairs")
    assert f"{int(0.05 * 255)} of 255" in text and "within the ball" in text
    with Image.open(study.pictures / "adversarial.webp") as sheet:
        assert sheet.width > 300


def test_pre_images_are_tabled_by_layer_and_weight(study):
    text = import_module("comparing.photos").preimages(study, ("act2", "logits"), (1.0, 300.0), 3, {"steps": 4})
    assert text.splitlines()[0] == "| layer | C = 1 | C = 300 |"
    rows = {cells[0]: cells[1:] for cells in (line.strip("| ").split(" | ") for line in text.splitlines()[2:])}
    assert [*rows] == ["act2", "logits"]
    errors = {}
    for one in study.store.records():
        key = one.job.target.layer, one.job.parameters["weight"]
        errors.setdefault(key, []).append(one.measurement("error").value)
    for (layer, weight), values in errors.items():
        told = rows[layer][weight == 300].replace("(", "").replace(")", "").split()
        value, low, high = (float(part.rstrip("%")) / 100 for part in told if part != "to")
        assert len(values) == 3 and value == pytest.approx(np.mean(values), abs=6e-4)
        assert min(values) - 6e-4 <= low <= value <= high <= max(values) + 6e-4


def test_the_ablation_is_of_photos_that_no_setting_was_chosen_on(study):
    photos = import_module("comparing.photos")
    chosen, left_out = photos.held_out(study, 4)
    assert (len(chosen), len(left_out)) == (4, photos.TUNED_ON) and not {*chosen} & {*left_out}
    more, again = photos.held_out(study, 6)
    assert {*chosen} < {*more} and again == left_out
    with pytest.raises(Exception, match="7 photos besides the 6 that settings were chosen on: there are 12"):
        photos.held_out(study, 7)
    text = photos.ablation(study, "act2", 4, {"all": {"steps": 2}, "clamped": {"steps": 2, "bounds": "clamp"}})
    rows = [line.strip("| ").split(" | ") for line in text.splitlines()[2:4]]
    records = list(study.store.records())
    assert {one.job.target.photo for one in records} == {
        photo.digest for photo in study.photo_set().photos if photo.name in chosen
    }
    psnr = {one: [] for one in ("sigmoid", "clamp")}
    for one in records:
        psnr[one.job.parameters["bounds"]].append(one.measurement("psnr").value)
    for row, values in zip(rows, psnr.values(), strict=True):
        value, low, high = (float(part) for part in row[1].replace("(", "").replace(")", "").replace("to ", "").split())
        assert value == pytest.approx(np.mean(values), rel=0.01) and low <= value <= high
        assert min(values) * 0.99 <= low and high <= max(values) * 1.01
    assert rows[0][4].strip() == "" and float(rows[1][4].split()[0]) == pytest.approx(
        np.mean(psnr["clamp"]) - np.mean(psnr["sigmoid"]), rel=0.02, abs=0.01
    )
    assert text.endswith(f"Left out, as settings were chosen on them: {', '.join(left_out)}.")


def test_the_share_of_the_network_is_measured_for_every_method_that_it_allows(study, capsys):
    text = import_module("comparing.speed").speeds(study, "act2", 2, 4, 1)
    rows = {line.split(" | ")[0].strip("| "): line for line in text.splitlines()[2:] if line.startswith("|")}
    allowed = {name for name, method in methods if method.needs <= {"reference photos"}}
    assert rows.keys() == allowed
    for line in rows.values():
        assert 0 < float(line.split(" | ")[-1].strip(" |")) <= 1.0
