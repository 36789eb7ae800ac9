"""The comparison of pictures: what it reports of, who judges, how sure it is, and that nothing is made twice."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_photos import CLASSES, picture, write_photos

import atlas
from atlas.methods import methods

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
INDICES = (71, 286, 355)
"""Held-out classes that stand for those of the small network."""


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture(scope="module")
def colours():
    """A small network with three classes."""
    return atlas.load("tiny_networks:colours", size=32, classes=CLASSES)


@pytest.fixture
def judge(colours):
    """It, as a judge of the held-out classes."""
    places = dict(zip(INDICES, range(3), strict=True))
    return import_module("judging.judges").Judge("tiny", "toys", colours, places)


@pytest.fixture
def settings():
    """Two settings of a method, and one that needs photos."""
    setting = import_module("judging.settings").Setting
    small = {"steps": 3, "image_size": 32, "crops": 1, "resolution": 32}
    return [
        setting("maco", "maco", small, network="tiny"),
        setting("longer", "maco", small | {"steps": 5}, network="tiny", goal=0.1, budget=1e6),
    ]


@pytest.fixture
def gallery(tmp_path, colours, judge):
    return import_module("judging.gallery").Gallery(tmp_path, networks={"tiny": (colours, judge.places)})


AIMS = [(71, 1), (286, 1), (355, 1), (71, 0)]


def test_tuning_and_reporting_share_no_class_with_its_seed():
    targets = import_module("judging.targets")
    assert not set(targets.TUNING) & set(targets.HELD_OUT)
    assert not set(targets.tuning()) & set(targets.reporting())
    assert len(set(targets.reporting())) == len(targets.reporting()) == 15 * 3 + 7
    assert {targets.index_of(name) for name in ("bell pepper", "electric_guitar", "951")} <= set(targets.TUNING)


@pytest.mark.parametrize("aim", [(71, 0), (69, 1), (1, 0)], ids=["held-out class", "reporting seed", "other class"])
def test_what_is_reported_of_is_refused_for_tuning(aim):
    targets = import_module("judging.targets")
    assert targets.checked(targets.tuning()) == targets.tuning()
    with pytest.raises(targets.ReportedError, match=r"not for tuning; take trilobite.*with seed 0"):
        targets.checked([*targets.tuning(), aim])


def test_a_row_that_was_cut_off_is_lost_and_no_other(tmp_path):
    ledger = import_module("judging.ledger").Ledger(tmp_path / "some" / "ledger.jsonl")
    assert ledger.rows() == {}
    ledger.add("a", value=1)
    with ledger.path.open("a") as file:
        file.write('{"id": "b", "val')
    ledger.add("c", value=3)
    ledger.add("a", value=4)
    assert ledger.rows() == {"a": {"value": 4}, "c": {"value": 3}}


def test_one_process_alone_holds_a_claim(tmp_path):
    claimed = import_module("judging.ledger").claimed
    ask = (
        f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r})\nfrom pathlib import Path\n"
        f"from judging.ledger import claimed\n"
        f"with claimed(Path({str(tmp_path / 'it')!r})) as mine: print(mine)"
    )
    said = []
    with claimed(tmp_path / "it") as mine:
        said.append(subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout)
    said.append(subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout)
    assert mine
    assert said == ["False\n", "True\n"]


def test_the_judge_sees_the_class_of_a_photo_and_its_features_have_length_1(judge):
    module = import_module("judging.judges")
    assert judge.model.card.layer(module.penultimate(judge.model)).units != 3
    probabilities, features = judge.look([np.asarray(picture(colour, 0)) for colour in range(3)])
    verdicts = judge.verdicts(probabilities, INDICES)
    assert [verdict.p for verdict in verdicts] == pytest.approx([float(probabilities[it, it]) for it in range(3)])
    assert [verdict.first for verdict in verdicts] == [int(probabilities[it].argmax()) == it for it in range(3)]
    assert features.norm(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)


def test_photos_that_methods_get_never_judge_and_a_photo_among_photos_has_ratio_1(tmp_path, judge):
    plausibility = import_module("judging.plausibility")
    names = ("scorpion", "cougar", "llama")
    folder = write_photos(tmp_path / "photos", 12)
    for colour, name in zip(CLASSES, names, strict=True):
        (folder / colour).rename(folder / name)
    named = replace(judge, model=atlas.load("tiny_networks:colours", size=32, classes=names))
    plausibility.CLASSES, declared = dict(enumerate(names)), plausibility.CLASSES
    try:
        parts = plausibility.split(folder, tmp_path / "cache", named)
    finally:
        plausibility.CLASSES = declared
    given = parts.write_references(tmp_path / "references")
    files = sorted(path.relative_to(given) for path in given.rglob("*.png"))
    assert 0 < len(files) == sum(map(len, parts.references.values())) < 36
    judging = {photo.digest for photos in parts.judging.values() for photo in photos}
    references = {photo.digest for photos in parts.references.values() for photo in photos}
    assert not judging & references
    assert len(judging | references) == 36
    assert str(parts).startswith(f"{len(references)} reference photos (sha256")
    scale = plausibility.scale_of(parts, named)
    for index, features in scale.features.items():
        others = [
            plausibility.Scale({index: torch.cat([features[:it], features[it + 1 :]])}, scale.apart, 0).ratio(
                index, one
            )
            for it, one in enumerate(features)
        ]
        assert np.mean(others) == pytest.approx(1, abs=1e-4)
        assert scale.ratio(index, features[0]) == pytest.approx(0, abs=1e-4)


def test_what_was_rendered_is_not_rendered_again_and_a_changed_setting_is(gallery, settings):
    told = []
    gallery.render(settings, AIMS, told.append)
    assert told == [
        "maco, seed 1: 3 pictures", "maco, seed 0: 1 pictures",
        "longer, seed 1: 3 pictures", "longer, seed 0: 1 pictures",
    ]  # fmt: skip
    shots = gallery.shots(settings, AIMS)
    assert [shot.aim for shot in shots] == AIMS * 2
    assert len({shot.key for shot in shots}) == len(set(gallery.store.keys())) == 8
    assert all(shot.cpu is not None and shot.cpu >= 0 for shot in shots)
    gallery.render(settings, AIMS, told.append)
    assert len(told) == 4
    gallery.render([replace(settings[1], name="by another name")], AIMS, told.append)
    assert len(told) == 4
    gallery.render([replace(settings[0], parameters={**settings[0].parameters, "steps": 4})], AIMS[:1], told.append)
    assert len(told) == 5
    assert len(gallery.store.keys()) == 9


def test_pictures_that_a_killed_process_left_in_the_store_are_taken_up(gallery, settings):
    gallery.render(settings[:1], AIMS, lambda text: None)
    gallery.ledger.path.unlink()
    made = {key: gallery.store.read(key).provenance for key in gallery.store.keys()}
    gallery.render(settings[:1], AIMS, lambda text: None)
    assert {key: gallery.store.read(key).provenance for key in gallery.store.keys()} == made


def test_the_report_tells_shares_costs_and_goals_and_asks_no_judge_twice(gallery, settings, judge, monkeypatch):
    bench_of, report = import_module("judging.bench").Bench, import_module("judging.report")
    monkeypatch.setattr(report, "reporting", lambda: AIMS)
    monkeypatch.setitem(report.BASELINE, "tiny", "maco")
    gallery.render(settings, AIMS, lambda text: None)
    bench = bench_of(gallery.folder, [judge])
    rows = report.rows_of(gallery, bench, settings)
    shares = [row.first("tiny").value for row in rows]
    assert shares == sorted(shares, reverse=True)
    by_hand = {}
    for setting in settings:  # the small network judges its own pictures
        shots = gallery.shots([setting], AIMS)
        seen = [gallery.store.read(shot.key).top_classes[0].index == judge.places[shot.aim[0]] for shot in shots]
        by_hand[setting.name] = np.mean(seen)
    assert {row.setting.name: row.first("tiny").value for row in rows} == by_hand
    text = report.quality(gallery, bench, rows)
    assert [line.split(" | ")[1] for line in text.splitlines()[2:]] == ["4", "4"]
    assert "(goal: 0.10 in at most 1e+06 s of 2 cores: " in report.goals(bench, rows)
    assert report.by_class(bench, rows).count("(tuned on)") == 8
    assert "tiny (toys, 3 classes): first" in report.transfer(bench, rows)
    monkeypatch.setattr(type(judge), "look", None)
    assert report.quality(gallery, bench_of(gallery.folder, [judge]), rows) == text


def test_sheets_show_every_class_and_a_blind_one_hides_the_names(gallery, settings, judge, monkeypatch, tmp_path):
    bench_of, report = import_module("judging.bench").Bench, import_module("judging.report")
    sheets = import_module("judging.sheets")
    gallery.render(settings, AIMS, lambda text: None)
    rows = report.rows_of(gallery, bench_of(gallery.folder, [judge]), settings)
    written = [*sheets.compared(tmp_path, "compared", rows, "tiny"), sheets.seeds(tmp_path, "seeds", rows[0], "tiny")]
    for path, across in zip(written, (2, 4), strict=True):
        with Image.open(path) as sheet:
            assert sheet.width > across * sheets.CELL
            assert sheet.height > 15 * sheets.CELL
    orders = set()
    for shuffle in range(8):
        sheets.blind(tmp_path / "blind.webp", tmp_path / "key.json", rows, "tiny", 1, shuffle)
        key = json.loads((tmp_path / "key.json").read_text())["classes"]
        assert key["lemon"] == {}  # of which there are no pictures
        assert list(key["llama"]) == ["A", "B"]
        orders.add(tuple(each["setting"] for each in key["llama"].values()))
    assert orders == {("longer", "maco"), ("maco", "longer")}
    assert b"maco" not in (tmp_path / "blind.webp").read_bytes()


def test_tables_stand_between_marks_and_the_words_around_them_stay(tmp_path):
    pictures = import_module("pictures")
    page = tmp_path / "PAGE.md"
    pictures.between(page, "first")
    page.write_text("before\n" + page.read_text() + "after\n")
    pictures.between(page, "second")
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n")
    assert "second" in text and "first" not in text


def test_settings_are_named_once_and_found_by_name():
    settings = import_module("judging.settings")
    names = [setting.name for setting in settings.SETTINGS]
    assert len(set(names)) == len(names)
    assert len({setting.digest for setting in settings.SETTINGS}) == len(names)
    assert set(settings.BASELINE.values()) <= set(names)
    assert [one.name for one in settings.chosen(["maco"])] == ["maco"]
    with pytest.raises(KeyError, match="no setting macho; there are cbr"):
        settings.chosen(["macho"])


def test_a_preset_and_its_parameters_are_one_setting():
    setting = import_module("judging.settings").Setting
    short = setting("a", "maco", preset="draft")
    written = setting("b", "maco", methods.get("maco").presets["draft"].parameters)
    assert short.digest == written.digest
    assert short.digest != replace(short, parameters={"steps": 9}).digest
    assert short.digest != replace(short, photos=True).digest
    usual = methods.get("maco").parameters().steps
    assert setting("c", "maco").digest == setting("d", "maco", {"steps": usual}).digest
    assert setting("c", "maco").digest != setting("d", "maco", {"steps": usual + 1}).digest


def test_the_peer_draws_once_and_is_compared_by_class(gallery, settings, judge, tmp_path):
    peer, bench_of = import_module("judging.peer"), import_module("judging.bench").Bench
    aims = [(index, 1) for index in INDICES]
    drawn = []

    def draw(index, seed):
        drawn.append((index, seed))
        return np.asarray(picture(INDICES.index(index), seed, 32))

    theirs, walls = peer.peers(tmp_path, aims, draw, lambda text: None)
    assert peer.peers(tmp_path, aims, draw, lambda text: None)[1] == walls
    assert drawn == aims
    gallery.render(settings[:1], aims, lambda text: None)
    mine = [replace(shot, cpu=0.5) for shot in gallery.shots(settings[:1], aims)]
    bench = bench_of(gallery.folder, [judge])
    slow = [replace(shot, cpu=cpu) for shot, cpu in zip(theirs, (20.0, 25.0, 30.0), strict=True)]
    ratio = peer.times(bench.judged(mine), bench.judged(slow))
    assert (ratio.value, ratio.low >= 40, ratio.high <= 60) == (50, True, True)
    text = peer.compared(gallery, bench, settings[0], slow, walls)
    assert "times fewer processor seconds: " in text
    assert text.splitlines()[3].startswith("| Horama, its defaults | 3 | ")
