"""The benchmark of methods measures what it says: energy by frequency, the ball, time inside the network."""

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


def test_high_frequencies_are_those_above_a_quarter_of_a_cycle():
    roughness = import_module("comparing.classes").roughness
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    assert roughness(noise) == pytest.approx(1 - np.pi / 16, abs=0.01)  # white: the share of the plane's area
    wave = np.broadcast_to((127 + 100 * np.sin(2 * np.pi * np.arange(224) * 8 / 224))[None, :, None], (224, 224, 3))
    assert roughness(wave.astype(np.uint8)) < 1e-4
    fine = np.broadcast_to((127 + 100 * (-1.0) ** np.arange(224))[None, :, None], (224, 224, 3))
    assert roughness(fine.astype(np.uint8)) > 0.9999


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
    text = import_module("comparing.photos").preimages(study, ("act2", "logits"), (1.0, 300.0), 1, {"steps": 4})
    assert text.splitlines()[0] == "| layer | C = 1 | C = 300 |"
    assert [line.split(" | ")[0] for line in text.splitlines()[2:]] == ["| act2", "| logits"]


def test_the_share_of_the_network_is_measured_for_every_method_that_it_allows(study, capsys):
    text = import_module("comparing.speed").speeds(study, "act2", 2, 4, 1)
    rows = {line.split(" | ")[0].strip("| "): line for line in text.splitlines()[2:] if line.startswith("|")}
    allowed = {name for name, method in methods if method.needs <= {"reference photos"}}
    assert rows.keys() == allowed
    for line in rows.values():
        assert 0 < float(line.split(" | ")[-1].strip(" |")) <= 1.0
