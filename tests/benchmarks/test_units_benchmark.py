"""Pictures of channels and concepts against photos: the threshold, what is above it, and that nothing is made twice."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from small_photos import CLASSES, write_photos

import atlas
from atlas.photos import PhotosSpec, open_photo_set

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
OPTIONS = {"method": "maco", "parameters": {"steps": 3, "image_size": 32, "crops": 1, "resolution": 32}}


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture(scope="module")
def colours():
    return atlas.load("tiny_networks:colours", size=32, classes=CLASSES)


def test_channels_are_drawn_from_every_layer_and_the_same_each_time(colours):
    sample = import_module("judging.channels").sample
    drawn = sample(colours, ("act", "act2"), 7)
    assert drawn == sample(colours, ("act", "act2"), 7) != sample(colours, ("act", "act2"), 7, seed=1)
    assert [layer for layer, _ in drawn] == ["act"] * 4 + ["act2"] * 3
    assert len(set(drawn)) == 7
    with pytest.raises(ValueError, match="no layer act9"):
        sample(colours, ("act9",), 1)


def test_the_threshold_is_the_quantile_of_means_over_whole_photos(colours, tmp_path):
    channels = import_module("judging.channels")
    folder = write_photos(tmp_path / "photos", 3, side=32)
    photo_set = open_photo_set(PhotosSpec(path=folder, cache=tmp_path / "cache", statistics=False))
    limits = channels.thresholds(colours, ("act2",), photo_set)["act2"]
    images = [np.asarray(photo_set.image(photo)) for photo in photo_set.photos]
    shown = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        activation = colours.network("float32", torch.device("cpu"))(shown, "act2")
    by_hand = np.quantile(activation.mean(dim=(2, 3)).double().numpy(), 0.999, axis=0)
    assert limits == pytest.approx(by_hand, rel=1e-4)


def test_a_channel_is_above_if_its_picture_exceeds_the_threshold(colours, tmp_path):
    channels = import_module("judging.channels")
    units, told = channels.sample(colours, ("act2",), 5), []
    made = channels.pictures(colours, units, OPTIONS, tmp_path, told.append)
    assert [(one.record.job.target.layer, one.record.job.target.unit) for one in made] == units
    known = [one.measurements["activation"] for one in made]
    limits = np.full(64, np.inf)
    for (_, unit), value in zip(units, known, strict=True):
        limits[unit] = value / 2 if unit == units[0][1] else value + 1
    found = channels.measured(units, made, {"act2": limits})
    assert [one.above for one in found] == [known[0] > 0, False, False, False, False]
    assert channels.Channel("act2", 0, None, 1.0).above is False
    assert channels.Channel("act2", 0, 3.0, 2.0).ratio == 1.5
    assert np.isnan(channels.Channel("act2", 0, 3.0, 0.0).ratio)
    again = channels.pictures(colours, units, OPTIONS, tmp_path, told.append)
    assert [one.record for one in again] == [one.record for one in made]  # from the store, with the seconds of then


def test_concepts_are_judged_by_their_own_patches(colours, tmp_path, monkeypatch, capsys):
    units = import_module("units")
    work = units.Work(tmp_path, write_photos(tmp_path / "photos", 8))
    work.__dict__["model"] = colours
    found = units.rendered_concepts(work, "green", 2, OPTIONS)
    assert [(one.name, one.number, one.method) for one in found] == [("green", 1, "maco"), ("green", 2, "maco")]
    for one in found:
        assert one.cosine is not None
        assert len(one.percentiles) == 101
        assert one.above == (one.cosine > one.percentiles[95])
    units.tell_rendered(found, 1)
    text = capsys.readouterr().out
    above = sum(one.above for one in found)
    assert f"{above} of 2 (goal all: " in text
    assert "concepts without a rendering: 1" in text
