"""The papers' tables: the configuration is one, what it names lies beside it, and goals are met by what meets them."""

import json
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from small_photos import write_photos

from atlas.config import load_config
from atlas.core.figures import mean

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def papers(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("papers")


def test_what_the_configuration_names_is_put_beside_it(papers, tmp_path):
    photos, weights = write_photos(tmp_path / "given", 2), tmp_path / "probe.safetensors"
    weights.write_bytes(b"weights")
    weights.with_suffix(".classes.json").write_text(json.dumps([{"index": 69}, {"index": 985}]))
    for _ in range(2):  # stopped and called again
        path = papers.prepared(tmp_path / "made", photos, weights)
        config = load_config(path)
    folder = tmp_path / "made"
    assert (folder / "vit.safetensors").read_bytes() == b"weights"
    assert sorted((folder / "photos").iterdir()) == sorted((folder / "photos" / one.name) for one in photos.iterdir())
    assert (folder / "classes.txt").read_text().splitlines()[0].split()[0] == "n01768244"
    assert {block.method for block in config.render} >= {*papers.ORDER, "vit_inversion", "preimage"}
    assert {block.kind for block in config.analyse} >= {"cka", "texture_bias", "class_relatedness", "references"}


def test_steps_are_met_missed_or_open_by_their_paired_interval(papers):
    noise = np.random.default_rng(0).normal(size=40)
    base = {(place, 0): float(value) for place, value in enumerate(noise)}
    above = {key: value + 1 + 0.01 * key[0] for key, value in base.items()}
    beside = {key: value + (0.5 if key[0] % 2 else -0.5) for key, value in base.items()}
    ranked = [("a", above), ("b", base), ("left out", {}), ("c", above), ("d", beside)]
    missing, *told = papers.steps("score", 1, ranked)
    assert missing == "score: there are no numbers of left out"
    assert [line.rsplit(": ", 1)[1] if "open" not in line else "open" for line in told] == ["met", "MISSED", "met"]
    assert [line.split(": ")[1] for line in told] == ["a over b", "b over c", "c over d"]
    assert str(mean({key: above[key] - base[key] for key in base})) in told[0] and " of 40" in told[0]
    lower = list(papers.steps("score", -1, ranked[:2]))
    assert lower[0].endswith("MISSED")
    assert "open: the interval holds 0" in next(iter(papers.steps("score", 1, [("b", base), ("d", beside)])))


@pytest.mark.parametrize(("distances", "says"), [((0.1, 0.3), "met"), ((0.3, 0.1), "MISSED")])
def test_the_nearest_spectrum_is_told_first(papers, distances, says):
    documents = [
        SimpleNamespace(
            score="spectrum",
            of="classes",
            method=method,
            parameters={"standardise_phase": standardised},
            figures=[SimpleNamespace(name="spectrum_distance", value=value, low=value, high=value)],
        )
        for method, standardised, value in (
            ("maco", True, 0.02),
            ("natural", None, 0.01),
            ("maco", False, distances[0]),
            ("cbr", None, distances[1]),
        )
    ]
    line = next(iter(papers.nearest(documents)))
    assert line.endswith(says) and f"{min(distances):.3f}" in line.split(";")[2]
    assert papers.STANDARDISED in line.split(";")[1], "what the papers do not have is told, and is no goal"
    assert list(papers.nearest([])) == []


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({}, "all"),
        ({"domain": "pixels"}, "pixels"),
        ({"attention": "off"}, "without attention"),
        ({"regularised": 0.0}, "without regularisers"),
        ({"attention_reading": "norm", "attention_weight": 1.0}, "the authors' pair"),
    ],
)
def test_parts_of_the_ablation_are_told_by_their_parameters(papers, changed, part):
    parameters = {"domain": "frequency", "attention": "on", "attention_reading": "output", "regularised": 1.0} | changed
    assert papers._part(SimpleNamespace(method="vit_inversion", parameters=parameters)) == part


def test_numbers_of_inversions_are_told_by_layer_and_weight(papers):
    def document(method, weight, layers, score="inversion"):
        pictures = [
            SimpleNamespace(key=f"{layer} {photo} {weight + photo}", seed=0) for layer in layers for photo in range(2)
        ]
        return SimpleNamespace(score=score, method=method, parameters={"weight": weight}, pictures=pictures)

    class Opened:
        def read(self, key):
            layer, photo, value = key.split()
            target = SimpleNamespace(layer=layer, photo=photo)
            told = {"error": SimpleNamespace(value=float(value))}
            return SimpleNamespace(job=SimpleNamespace(target=target), measurement=told.get)

    documents = [
        document("preimage", 1.0, ("a", "b")),
        document("preimage", 300.0, ("b",)),
        document("inversion", 1.0, ("a",)),
        document("preimage", 5.0, ("a",), score="spectrum"),
    ]
    assert papers._of_photos(documents, Opened(), "error", papers._weight) == {
        ("a", "C = 1"): {("0", 0): 1.0, ("1", 0): 2.0},
        ("b", "C = 1"): {("0", 0): 1.0, ("1", 0): 2.0},
        ("b", "C = 300"): {("0", 0): 300.0, ("1", 0): 301.0},
    }
    assert papers._of_photos(documents, Opened(), "psnr", papers._weight) == {}
